"""Several folders in one question: each source names its library; large and small indexes have one scale."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bunko.config import load_settings
from bunko.errors import ScopeError, SettingsError, UsageError
from bunko.several import SeveralLibraries
from bunko.several.sets import folders_of
from bunko.testing import FakeEmbedder
from bunko.types import Message
from tests.conftest import Cli
from tests.support import CATS, KYOTO, SHIPS, make_library, write_files

HILL = "The hill of Sorrel is 2,417 metres high."


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    many = {f"{n}.txt": f"The hill of Berg{n} is {n} hundred metres high. A town is near." for n in range(30)}
    large = write_files(tmp_path / "large", {**many, "cats.txt": CATS, "same.txt": SHIPS})
    return large, write_files(tmp_path / "small", {"hill.txt": HILL, "same.txt": KYOTO})


@pytest.fixture
def libraries(folders: tuple[Path, Path]) -> Iterator[SeveralLibraries]:
    large, small = folders
    other = FakeEmbedder(name="other", dimension=32)
    with SeveralLibraries({"large": make_library(large), "small": make_library(small, embedder=other)}) as opened:
        opened.sync()
        yield opened


def test_the_answer_is_found_in_the_small_library_and_its_source_names_it(libraries: SeveralLibraries) -> None:
    answer = libraries.ask("How high is the hill of Sorrel?")
    assert "2,417" in answer.text
    first = answer.evidence[0]
    assert (first.library, first.path, first.quote) == ("small", "hill.txt", HILL)
    assert (answer.citations[0].library, answer.citations[0].path) == ("small", "hill.txt")
    assert answer.hits[0].chunk.library == "small"
    assert answer.documents_searched == 34


def test_documents_of_the_same_path_are_two(libraries: SeveralLibraries) -> None:
    found = {
        (hit.chunk.library, hit.chunk.path) for query in ("harbour Kobe", "京都") for hit in libraries.search(query)
    }
    assert {("large", "same.txt"), ("small", "same.txt")} <= found
    large, small = libraries.document("large/same.txt"), libraries.document("small/same.txt")
    assert large is not None and small is not None
    assert (large.text, small.text) == (SHIPS, KYOTO)
    assert libraries.document("nowhere/same.txt") is None
    assert len(libraries.records()) == 34


def test_each_library_is_searched_by_its_own_embedder(libraries: SeveralLibraries) -> None:
    found = libraries.search("Sorrel hill height", settings={"retrieval.mode": "dense"})
    assert ("small", "hill.txt") in {(hit.chunk.library, hit.chunk.path) for hit in found}
    assert all(hit.dense is not None for hit in found)


def test_filters_name_documents_with_and_without_their_library(libraries: SeveralLibraries) -> None:
    assert {hit.chunk.library for hit in libraries.search("hill", only="small/**")} == {"small"}
    assert {hit.chunk.library for hit in libraries.search("harbour 京都", only="same.txt")} == {"large", "small"}
    answer = libraries.ask("How many documents are there? file:same.txt")
    assert "2 documents" in answer.text
    assert answer.scope is not None and answer.scope.of == 34
    with pytest.raises(ScopeError, match="'same"):
        libraries.search("hill", only="sane.txt")


def test_a_request_about_the_last_answer_finds_its_sources_again(libraries: SeveralLibraries) -> None:
    first = libraries.ask("How high is the hill of Sorrel?")
    history = (
        Message(role="user", content=first.question),
        Message(role="assistant", content=first.text, evidence=first.evidence),
    )
    again = libraries.ask("Shorter, please.", history=history)
    assert again.revision == ("shorter",)
    assert [(item.library, item.path) for item in again.evidence][:1] == [("small", "hill.txt")]


def test_the_command_asks_several_folders(folders: tuple[Path, Path], cli: Cli) -> None:
    large, small = map(str, folders)
    done = cli("ask", "--in", large, "--in", small, "How high is the hill of Sorrel?", "--json")
    assert done.code == 0, done
    assert done.json["evidence"][0]["library"] == "small"
    shown = cli("search", "--in", large, "--in", small, "harbour of Kobe")
    assert "large: same.txt" in shown.out
    cli("ask", "--in", large, "--in", f"{large}/.", "Who?").assert_clear(2, "named twice")
    cli("ask", "--in", large, small, "Who?").assert_clear(2)
    cli("search", large).assert_clear(2, "a folder and a query")


def test_a_set_of_folders_has_a_name(
    folders: tuple[Path, Path], cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f"[sets]\nwork = {[str(folder) for folder in folders]}\n", encoding="utf-8")
    monkeypatch.setenv("BUNKO_CONFIG", str(config))
    done = cli("ask", "--in", "work", "How high is the hill of Sorrel?", "--json")
    assert done.code == 0, done
    assert done.json["documents"]["searched"] == 34
    (folders[0] / ".bunko").mkdir(exist_ok=True)
    own = folders[0] / ".bunko" / "config.toml"
    own.write_text('sets = ["x=/"]', encoding="utf-8")
    with pytest.raises(SettingsError, match="may not set"):
        load_settings(library_config=own)


def test_a_set_without_folders_is_an_error() -> None:
    with pytest.raises(SettingsError, match="no set"):
        folders_of(["a"], ["a"])


def test_no_folder_is_an_error() -> None:
    from bunko.several import open_several

    with pytest.raises(UsageError):
        open_several([])
