"""`bunko status`: how far an index is, and that it changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.testing import FakeEmbedder
from tests.conftest import Cli
from tests.support import CATS, SHIPS, make_library, write_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path / "library", {"cats.txt": CATS, "ships.md": SHIPS})


def test_a_folder_without_an_index_gets_none(folder: Path, cli: Cli) -> None:
    outcome = cli("status", str(folder))
    assert outcome.code == 0
    assert "none yet; 2 files to read" in outcome.out
    assert f"bunko index {folder}" in outcome.out
    assert sorted(path.name for path in folder.iterdir()) == ["cats.txt", "ships.md"]


def test_a_complete_index_says_what_it_holds(folder: Path, cli: Cli) -> None:
    cli("index", str(folder))
    outcome = cli("status", str(folder))
    assert "documents   2\n" in outcome.out
    assert "all with a vector" in outcome.out
    assert "changes     none since" in outcome.out
    assert "Bring it up to date" not in outcome.out
    facts = cli("status", str(folder), "--json").json
    assert (facts["complete"], facts["documents"], facts["served_at"]) == (True, 2, None)
    assert facts["size"] > 1000


def test_what_changed_and_what_failed_is_counted(folder: Path, cli: Cli) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 no more")
    cli("index", str(folder))
    (folder / "new.txt").write_text("A new file.")
    (folder / "cats.txt").write_text(f"{CATS} And more.")
    (folder / "ships.md").unlink()
    facts = cli("status", str(folder), "--json").json
    assert (facts["changed"], facts["gone"], facts["complete"]) == (2, 1, False)
    assert [item["path"] for item in facts["failed"]] == ["broken.pdf"]
    shown = cli("status", str(folder)).out
    assert "2 files new or changed and 1 file no longer there" in shown
    assert "1 file could not be read" in shown


def test_vectors_that_are_missing_are_counted(folder: Path, cli: Cli) -> None:
    cli("index", str(folder))
    facts = cli("status", str(folder), "--json", embedder=Other()).json
    assert facts["unembedded"] == facts["chunks"]
    assert "found by their words meanwhile" in cli("status", str(folder), embedder=Other()).out


class Other(FakeEmbedder):
    """An embedder that has made no vector yet."""

    def __init__(self) -> None:
        super().__init__(name="another")


def test_a_process_that_writes_is_named(folder: Path, cli: Cli) -> None:
    cli("index", str(folder))
    with make_library(folder) as library, library.store.writing():
        assert "is writing to the index" in cli("status", str(folder)).out
    assert "is writing" not in cli("status", str(folder)).out


def test_a_missing_folder_is_named(tmp_path: Path, cli: Cli) -> None:
    cli("status", str(tmp_path / "missing")).assert_clear(1, "missing")
