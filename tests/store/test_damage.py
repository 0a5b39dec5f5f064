"""Damage to an index is noticed, and a sync mends it from the documents."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bunko.errors import StoreDamaged
from bunko.testing import FakeEmbedder
from bunko.types import SyncReport
from tests.conftest import Cli
from tests.support import CATS, KYOTO, SHIPS, make_library, write_files

TABLES = ("files", "documents", "chunks", "state", "vectors_")


class Counting(FakeEmbedder):
    """Counts the texts that it embeds."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = 0

    def embed_passages(self, texts: Sequence[str]) -> Any:
        self.texts += len(texts)
        return super().embed_passages(texts)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = write_files(tmp_path / "docs", {"cats.txt": CATS, "ships.txt": SHIPS, "京都.txt": KYOTO})
    make_library(root).sync()
    return root


def folder_of(store: Path, table: str) -> Path:
    return next(path for path in store.iterdir() if path.name.startswith(table) and path.name.endswith(".lance"))


def delete(table: Path) -> None:
    shutil.rmtree(table)


def truncate(table: Path) -> None:
    data = newest(table)
    os.truncate(data, data.stat().st_size // 2)


def flip(table: Path) -> None:
    """Change one bit, and keep size and time stamps as far as a program can."""
    data = newest(table)
    times = data.stat()
    content = bytearray(data.read_bytes())
    content[len(content) // 3] ^= 4
    data.write_bytes(content)
    os.utime(data, ns=(times.st_atime_ns, times.st_mtime_ns))


def lose_manifests(table: Path) -> None:
    for path in (table / "_versions").iterdir():
        path.unlink()


def newest(table: Path) -> Path:
    return max((table / "data").iterdir(), key=lambda path: (path.stat().st_mtime_ns, path.name))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("harm", [delete, truncate, flip, lose_manifests])
def test_damage_is_noticed_and_mended(root: Path, table: str, harm: Any) -> None:
    store = root / ".bunko" / "store"
    harm(folder_of(store, table))
    with make_library(root) as library:
        assert any(problem.table.startswith(table) for problem in library.check())
        with pytest.raises(StoreDamaged, match="is damaged") as caught:
            library.search("cats")
        assert "delete" not in str(caught.value)
        embedder = Counting()
    with make_library(root, embedder=embedder) as library:
        report = library.sync()
        assert "mended" in report.notes[0]
        assert report.documents == 3
        assert library.search("Where does the cat sleep?")[0].chunk.path == "cats.txt"
        assert library.check() == ()
        assert embedder.texts == (3 if table == "vectors_" else 0)  # whole vectors are kept


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("harm", [delete, truncate, lose_manifests])
def test_an_index_at_a_named_place_is_mended_too(tmp_path: Path, table: str, harm: Any) -> None:
    root = write_files(tmp_path / "docs", {"cats.txt": CATS, "ships.txt": SHIPS})
    store = tmp_path / "named"
    make_library(root, store=str(store)).sync()
    harm(folder_of(store, table))
    write_files(root, {"new.txt": KYOTO})
    with make_library(root, store=str(store)) as library:
        library.sync()
        assert library.search("Where does the cat sleep?")[0].chunk.path == "cats.txt"
        assert {hit.chunk.path for hit in library.search("金閣寺")} >= {"new.txt"}
        assert not library.store.missing_vectors(library.embedder.spec).chunks
        assert library.check() == ()


def test_a_byte_that_the_disk_changed_is_found_by_a_check_only(root: Path) -> None:
    store = root / ".bunko" / "store"
    flip(folder_of(store, "documents"))
    library = make_library(root)
    # As if the file's time of change had stayed: the seal gets the new one.
    from bunko.store.seal import Seal, _files, _stamp

    seal = Seal(store)
    sealed = seal._read(signed=True)
    assert sealed is not None
    for name, state in _files(store):
        sealed.files[name][:-1] = _stamp(state)
    seal._write(sealed)
    assert seal.judge().is_sound
    assert [problem.table for problem in library.check()] == ["documents"]


def test_the_command_checks_and_mends(root: Path, cli: Cli) -> None:
    assert "is whole: 3 documents" in cli("index", str(root), "--check").out
    delete(folder_of(root / ".bunko" / "store", "chunks"))
    bad = cli("index", str(root), "--check", "--json")
    assert (bad.code, bad.json["problems"][0]["table"]) == (1, "chunks")
    assert "bunko index" in cli("index", str(root), "--check").out
    mended = cli("index", str(root), "--json")
    assert (mended.code, mended.json["documents"], len(mended.json["notes"])) == (0, 3, 1)
    assert cli("index", str(root), "--check", "--json").json == {"documents": 3, "chunks": 3, "problems": []}


def test_first_syncs_at_the_same_time_all_succeed(tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", {f"{n}.txt": f"{CATS} Number {n}." for n in range(20)})
    reports: list[SyncReport] = []
    start = threading.Barrier(4)

    def sync() -> None:
        with make_library(root) as library:
            start.wait()
            reports.append(library.sync(wait_s=120))

    threads = [threading.Thread(target=sync) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.added for report in reports) == [0, 0, 0, 20]
    assert all(report.documents == 20 and not report.notes for report in reports)
    assert make_library(root).check() == ()
