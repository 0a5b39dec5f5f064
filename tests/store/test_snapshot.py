"""A copy of a published version on this machine's disk, and a server that answers from it while a writer works."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from bunko.errors import DiskFull, NotIndexed, StoreNotWritable
from bunko.indexing.sync import sync
from bunko.server.hosting.host import Host
from bunko.server.hosting.replicas import Replica, replica_of
from bunko.settings import Settings
from bunko.store import Store
from bunko.store.remote import connect
from bunko.store.snapshot import Snapshot
from bunko.testing import FakeEmbedder
from tests.served import serving
from tests.server.support import FakeEngines
from tests.support import CATS, KYOTO, SHIPS, write_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path / "documents", {"cats.md": CATS, "ships.md": SHIPS, "都.txt": KYOTO})


def _sync(folder: Path, place: str) -> None:
    sync(folder, Store(place), FakeEmbedder(), settings=Settings())


def test_a_copy_is_a_library_and_is_brought_up_to_date_by_new_files_alone(
    place: str, folder: Path, tmp_path: Path
) -> None:
    copy = Snapshot(place, tmp_path / "copy")
    with pytest.raises(NotIndexed, match="There is no index in 's3://"):
        copy.update()
    _sync(folder, place)
    assert copy.update()
    assert not copy.update()
    reader = Store(str(copy.folder), access="read")
    assert [hit.chunk.path for hit in reader.search_lexical("harbour", limit=3)] == ["ships.md"]
    with pytest.raises(StoreNotWritable, match="is a copy of one on an object store"), reader.writing():
        pass
    files = {path: path.stat().st_mtime_ns for path in copy.folder.rglob("*.lance") if path.is_file()}
    write_files(folder, {"new.md": "A badger lives in the mill."})
    _sync(folder, place)
    assert reader.search_lexical("badger", limit=3) == []
    assert copy.update()
    reader.refresh()
    assert [hit.chunk.path for hit in reader.search_lexical("badger", limit=3)] == ["new.md"]
    assert all(path.stat().st_mtime_ns == at for path, at in files.items())
    assert reader.published() == Store(place, access="read").published()


def test_files_of_no_version_go_with_the_version_after(place: str, folder: Path, tmp_path: Path) -> None:
    copy = Snapshot(place, tmp_path / "copy")
    seen = []
    for n in range(3):
        write_files(folder, {"new.md": f"A badger lives in mill {n}."})
        _sync(folder, place)
        copy.update()
        seen.append(set(copy.folder.rglob("*.manifest")))
    assert not seen[0] <= seen[2]
    Store(str(copy.folder), access="read").search_lexical("badger", limit=3)


def test_a_copy_of_files_without_a_published_version_can_be_served(place: str, folder: Path, tmp_path: Path) -> None:
    _sync(folder, place)
    connect(place).drop_table("control")
    copy = Snapshot(place, tmp_path / "copy")
    assert copy.update()
    assert Store(str(copy.folder), access="read").count_documents() == 3


def test_a_copy_that_does_not_fit_is_refused_before_it_is_fetched(
    place: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sync(folder, place)
    monkeypatch.setattr("bunko.store.snapshot._SPARE", 1 << 60)
    copy = Snapshot(place, tmp_path / "copy")
    with pytest.raises(DiskFull, match="1 GB stays free"):
        copy.update()
    assert copy.here is None


def _get(address: str, path: str) -> Any:
    with urllib.request.urlopen(address + path, timeout=30) as reply:
        return json.loads(reply.read())


@pytest.mark.parametrize("cache", ["copy", "none"])
def test_a_replica_serves_the_published_version_and_goes_to_a_later_one(
    place: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: str
) -> None:
    _sync(folder, place)
    monkeypatch.setattr("bunko.server.hosting.replicas.LOOK_S", 0.3)
    engines = FakeEngines(Settings())
    settings = Settings(store=place, cache_dir=str(tmp_path / "cache"), embedder="e5-small")
    replica = replica_of(place, settings=settings, engines=engines, cache="none" if cache == "none" else "")
    assert isinstance(replica, Replica)
    host = Host(settings=settings, engines=engines, replicas=[replica])
    with serving(host) as address:
        first = _get(address, "/health")["version"]
        assert first > 0
        assert _get(address, "/ready")["versions"] == {"lib": first}
        assert [one["path"] for one in _search(address, "harbour")][:1] == ["ships.md"]
        write_files(folder, {"new.md": "A badger lives in the mill."})
        _sync(folder, place)
        deadline = time.monotonic() + 20
        while _get(address, "/health")["version"] == first:
            assert time.monotonic() < deadline, replica.error
            time.sleep(0.2)
        assert [one["path"] for one in _search(address, "badger")][:1] == ["new.md"]
        request = urllib.request.Request(f"{address}/api/libraries/lib/sync", method="POST")
        with urllib.request.urlopen(request, timeout=30) as reply:
            assert b"StoreNotWritable" in reply.read()
    assert (tmp_path / "cache" / "libraries").is_dir()


def _search(address: str, words: str) -> list[Any]:
    body = json.dumps({"query": words}).encode()
    request = urllib.request.Request(
        f"{address}/api/libraries/lib/search", data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        return list(json.loads(reply.read())["hits"])
