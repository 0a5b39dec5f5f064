"""A library on an object store: synced, searched, and the same rows as on a disk, whoever writes at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bunko.errors import NotIndexed, SettingsError, StoreDamaged
from bunko.indexing.sync import sync
from bunko.library import Library
from bunko.server.hosting.libraries import HostedLibrary
from bunko.server.http.running import serving_file
from bunko.server.native.conversations import Conversations
from bunko.settings import Settings
from bunko.store import Store
from bunko.store.remote import connect
from bunko.testing import FakeEmbedder, FakeGenerator
from tests.server.support import FakeEngines
from tests.support import CATS, KYOTO, SHIPS, THOROUGH, TOKYO, command, environment, write_files


def rows_of(location: str) -> dict[str, Counter[tuple[Any, ...]]]:
    """What readers see, without the times: rows of files, documents, chunks, and keys of vectors."""
    store = Store(location, access="read")
    tables = {
        "files": (store._files, ["path", "digest", "size", "failed"]),
        "documents": (store._documents, ["path", "file", "digest", "chunks", "language", "error", "text"]),
        "chunks": (store._chunks, ["key", "path", "file", "start", "end", "heading", "text", "search"]),
    }
    for name in store._place.names():
        if name.startswith("vectors"):
            tables[name] = (store._place.open(name), ["key"])
    return {
        name: Counter(tuple(row.values()) for row in store._arrow(table, columns).to_pylist())
        for name, (table, columns) in tables.items()
    }


def _synced(root: Path, location: str, **how: Any) -> Any:
    return sync(root, Store(location), FakeEmbedder(), settings=Settings(), **how)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    texts = {f"notes/{n}.md": f"# Note {n}\n\n{CATS} It is note {n}.\n\n{SHIPS}" for n in range(8)}
    return write_files(tmp_path / "documents", {**texts, "都.txt": KYOTO + TOKYO, "bad.pdf": b"%PDF-1.7 broken"})


def test_a_sync_leaves_the_rows_that_it_leaves_on_a_disk(place: str, folder: Path, tmp_path: Path) -> None:
    local = str(tmp_path / "store")
    for change in ("made", "changed", "nothing"):
        if change == "changed":
            (folder / "notes" / "3.md").write_text("# Another\n\nA badger lives here.")
            (folder / "notes" / "4.md").unlink()
            write_files(folder, {"new.md": SHIPS})
        there, here = _synced(folder, place), _synced(folder, local)
        assert (there.added, there.updated, there.removed, there.documents, there.chunks) == (
            (here.added, here.updated, here.removed, here.documents, here.chunks)
        )
        assert rows_of(place) == rows_of(local), change
    assert [hit.chunk.path for hit in Store(place, access="read").search_lexical("badger", limit=3)] == ["notes/3.md"]
    (japanese,) = Store(place, access="read").search_lexical("金閣寺", limit=3)
    assert japanese.chunk.path == "都.txt"


def test_a_sync_that_changes_nothing_takes_no_lease(place: str, folder: Path) -> None:
    _synced(folder, place)
    table = connect(place).open_table("control")
    before = table.version
    report = _synced(folder, place)
    table.checkout_latest()
    assert (report.added, report.documents) == (0, 9)
    assert table.version == before


_SYNC = """
import sys
from pathlib import Path
from bunko.errors import StoreBusy
from bunko.indexing.sync import sync
from bunko.settings import Settings
from bunko.store import Store
from bunko.testing import FakeEmbedder
wait_s = float(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
try:
    store = Store(sys.argv[2])
    report = sync(Path(sys.argv[1]), store, FakeEmbedder(), settings=Settings(), wait_s=wait_s)
    print("added", report.added, "of", report.documents)
except StoreBusy as error:
    print("busy:", error.message)
"""


def _processes(folder: Path, place: str, count: int, wait_s: float) -> list[str]:
    """Start syncs at the same moment, each in a process of its own; return what each says."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _SYNC, str(folder), place, str(wait_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    return [process.communicate(timeout=240)[0].strip() for process in started]


def test_two_syncs_at_once_leave_the_rows_of_one(place: str, folder: Path, tmp_path: Path) -> None:
    said = _processes(folder, place, 2, wait_s=120.0)
    assert sorted(said) == ["added 0 of 9", "added 9 of 9"]
    _synced(folder, str(tmp_path / "store"))
    assert rows_of(place) == rows_of(str(tmp_path / "store"))
    (folder / "notes" / "3.md").write_text("# Another\n\nA badger lives here.")
    said = _processes(folder, place, 2, wait_s=0.0)
    assert "added 0 of 9" in said
    assert all(line == "added 0 of 9" or "is writing to the index in" in line for line in said), said
    _synced(folder, str(tmp_path / "store"))
    assert rows_of(place) == rows_of(str(tmp_path / "store"))


def test_opening_for_reading_creates_nothing(place: str) -> None:
    with pytest.raises(NotIndexed, match="There is no index in 's3://"):
        Store(place, access="read")
    assert connect(place).list_tables().tables == []


def test_a_reader_sees_the_published_version_while_a_writer_works(place: str, folder: Path) -> None:
    _synced(folder, place)
    reader, writer = Store(place, access="read"), Store(place)
    before = reader.published()
    with writer.writing(), writer.changing():
        writer.remove_files(["notes/3.md"])
        assert writer.count_documents() == 8
        time.sleep(2.1)
        reader.refresh()
        assert (reader.count_documents(), Store(place, access="read").count_documents()) == (9, 9)
    time.sleep(2.1)
    reader.refresh()
    assert reader.count_documents() == 8
    assert before is not None
    after = reader.published()
    assert after is not None
    assert after.number == before.number + 1


def test_a_writer_that_fails_leaves_the_published_version(place: str, folder: Path, tmp_path: Path) -> None:
    _synced(folder, place)
    writer = Store(place)
    with pytest.raises(ZeroDivisionError), writer.writing(), writer.changing():
        writer.remove_files(["notes/3.md"])
        raise ZeroDivisionError
    assert writer.count_documents() == Store(place, access="read").count_documents() == 9
    write_files(folder, {"new.md": SHIPS})
    assert _synced(folder, place).added == 1
    _synced(folder, str(tmp_path / "store"))
    assert rows_of(place) == rows_of(str(tmp_path / "store"))


# Commits of a later sync in their order: after each, some of the tables don't fit together.
_MOMENTS = ("files:1", "documents:1", "chunks:2", "documents:2", "files:3", "state:2", "vectors:1")
_TRIED = _MOMENTS if THOROUGH else ("chunks:2",)


def _index_killed(folder: Path, place: str, cache: Path, moment: str) -> int:
    """Run `bunko index` in a process that is killed after a commit to one table; return its exit status."""
    more = {"TEST_KILL_AFTER": moment, "TEST_LEASE_S": "4", "BUNKO_CACHE_DIR": str(cache)}
    told = subprocess.run(
        command("index", folder, "--store", place), env=environment(more), capture_output=True, check=False
    )
    return told.returncode


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_an_index_command_killed_between_two_tables_shows_nothing_and_the_next_sync_repairs(
    place: str, folder: Path, tmp_path: Path
) -> None:
    local = str(tmp_path / "store")
    assert _index_killed(folder, place, tmp_path / "cache", "chunks:1") == -signal.SIGKILL  # of the first sync
    assert Store(place, access="read").count_chunks() == 0
    for n, moment in enumerate(_TRIED):
        _synced(folder, place, wait_s=60.0)
        _synced(folder, local)
        before = rows_of(place)
        assert before == rows_of(local), moment
        write_files(folder, {"notes/3.md": f"# Another\n\nA badger lives in hole {n}.", f"new-{n}.md": SHIPS + str(n)})
        (folder / "notes" / f"{(0, 1, 2, 4, 5, 6, 7)[n]}.md").unlink()
        assert _index_killed(folder, place, tmp_path / "cache", moment) == -signal.SIGKILL, moment
        assert rows_of(place) == before, moment
    _synced(folder, place, wait_s=60.0)
    _synced(folder, local)
    assert rows_of(place) == rows_of(local)


def test_an_index_that_has_lost_a_table_is_made_again(place: str, folder: Path, tmp_path: Path) -> None:
    settings = Settings(store=place, cache_dir=str(tmp_path / "cache"))
    library = Library(folder, settings=settings, embedder=FakeEmbedder())
    library.sync()
    connect(place).drop_table("documents")
    with pytest.raises(StoreDamaged, match="could not be"):
        Store(place, access="read").records()
    report = Library(folder, settings=settings, embedder=FakeEmbedder()).sync()
    assert any("was damaged, and is mended" in note for note in report.notes), report.notes
    sync(folder, Store(str(tmp_path / "store")), FakeEmbedder(), settings=Settings())
    assert rows_of(place) == rows_of(str(tmp_path / "store"))


def test_the_files_of_this_machine_are_in_a_folder_of_the_cache(place: str, folder: Path, tmp_path: Path) -> None:
    settings = Settings(store=place, cache_dir=str(tmp_path / "cache"))
    with Library(folder, settings=settings, embedder=FakeEmbedder(), generator=FakeGenerator()) as library:
        was_indexed = library.is_indexed
        assert not was_indexed
        with pytest.raises(NotIndexed, match="has no index yet"):
            library.search("cats")
        library.sync()
        assert library.is_indexed
        first = library._index.state()
        assert first
        assert library.search("harbour")[0].chunk.text
    hosted = HostedLibrary("lib", folder, settings=settings, engines=FakeEngines(settings))
    kept = Conversations(hosted.own_files)
    kept.keep("a" * 20, title="Cats", turns=[])
    assert [row.title for row in Conversations(hosted.own_files).all()] == ["Cats"]
    assert list((tmp_path / "cache" / "libraries").glob("lib-*/.bunko/conversations/*.json"))
    assert serving_file(hosted) == folder / ".bunko" / "serving.json"
    assert connect(place).list_tables().tables.count("control") == 1


def test_offline_means_no_store_on_another_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    settings = Settings(store="s3://library/reports", offline=True)
    Library(tmp_path, settings=settings)
    assert endpoint.startswith("http://127.0.0.1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://s3.example.org")
    with pytest.raises(SettingsError, match="the settings say offline"):
        Library(tmp_path, settings=settings)
