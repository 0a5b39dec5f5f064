"""What a task writes, and how it is committed: the rows of a sync, each vector once. Needs pylance, and no cluster."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("lance")
pytest.importorskip("ray")

from bunko.cluster import work as work_module
from bunko.cluster.fragments import append, append_vectors
from bunko.cluster.plan import MANIFEST, Plan, make_plan
from bunko.cluster.shares import Pace, cut_shares
from bunko.cluster.work import Done, Job, open_table, work
from bunko.errors import ClusterError
from bunko.settings import Settings
from bunko.sources import open_source
from bunko.store import Store
from bunko.testing import FakeEmbedder
from tests.cluster.same_rows import differences, doubled
from tests.support import CATS, KYOTO, SHIPS, make_library, write_files

FILES: dict[str, str | bytes] = {
    "cats.txt": CATS,
    "copy/cats.txt": CATS,  # its passage is the same one
    "京都.txt": KYOTO,
    "ships.md": f"# Kobe\n\n{SHIPS}",
    "empty.txt": "",
    "broken.pdf": b"%PDF-1.7 no more",
    "records.jsonl": '{"text": "One."}\n{"text": "Two."}\n',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = write_files(tmp_path / "library", FILES)
    for path in root.rglob("*.*"):
        os.utime(path, (time.time() - 3600, time.time() - 3600))
    return root


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEmbedder]:
    embedder = FakeEmbedder()
    monkeypatch.setattr(work_module, "load_embedder", lambda settings: embedder)
    work_module._embedder.cache_clear()
    yield embedder
    work_module._embedder.cache_clear()


def plan_of(folder: Path, store: Store) -> Plan:
    manifest = open_table(store.location, "files").to_table(columns=MANIFEST)
    return make_plan(open_source(str(folder)).listing().files, manifest, settings=Settings())


def job_of(folder: Path, store: Store, embedder: FakeEmbedder) -> Job:
    return Job(source=str(folder), location=store.location, settings=Settings(), vectors=embedder.spec.table)


def commit(store: Store, done: list[Done], vectors: str, known_at: int) -> None:
    store.remove_files([path for each in done for path in each.replaced])
    for name in ("chunks", "documents", "files"):
        append(store.location, name, [one for each in done for one in each.fragments[name]])
    append_vectors(
        store.location, vectors, [one for each in done for one in each.fragments[vectors]], known_at=known_at
    )
    store.refresh()
    store.settle_files([record for each in done for record in each.touched])


def run(folder: Path, store: Store, embedder: FakeEmbedder, *, share_files: int = 2) -> list[Done]:
    """Do what a driver does, in this process; all tasks start from the same version."""
    store.add_vectors(embedder.spec, [], np.zeros((0, embedder.spec.dimension), np.float32))
    known_at = int(open_table(store.location, embedder.spec.table).version)
    plan, job = plan_of(folder, store), job_of(folder, store, embedder)
    store.remove_files(plan.gone)
    done = [work(job, share.tasks, known_at) for share in cut_shares(plan, Pace(share_files=share_files))]
    commit(store, done, embedder.spec.table, known_at)
    return done


def reference(folder: Path, place: Path) -> str:
    make_library(folder, store=str(place)).sync()
    return str(place)


def test_the_rows_are_those_of_a_sync(folder: Path, tmp_path: Path, own: FakeEmbedder) -> None:
    store = Store(str(tmp_path / "index"))
    done = run(folder, store, own)
    assert sum(each.failed for each in done) >= 1
    assert differences(store.location, reference(folder, tmp_path / "reference")) == []
    assert doubled(store.location) == []
    assert plan_of(folder, store).files.num_rows == 0


def test_changed_new_and_deleted_files_replace_their_rows(folder: Path, tmp_path: Path, own: FakeEmbedder) -> None:
    store = Store(str(tmp_path / "index"))
    run(folder, store, own)
    write_files(folder, {"cats.txt": SHIPS, "new.txt": "Something new is here.", "records.jsonl": '{"text": "Two."}\n'})
    (folder / "ships.md").unlink()
    os.utime(folder / "京都.txt")  # a new time stamp alone
    (done,) = run(folder, store, own, share_files=99)
    assert [record.path for record in done.touched] == ["京都.txt"]
    assert sorted(done.replaced) == ["cats.txt", "records.jsonl"]
    store.tidy()
    assert differences(store.location, reference(folder, tmp_path / "reference")) == []
    assert doubled(store.location) == []


def test_a_passage_that_has_a_vector_is_not_embedded_again(folder: Path, tmp_path: Path, own: FakeEmbedder) -> None:
    store = Store(str(tmp_path / "index"))
    run(folder, store, own)
    write_files(folder, {"again.txt": CATS})
    (done,) = run(folder, store, own)
    assert (done.chunks, done.embedded) == (1, 0)


def test_what_another_embedder_has_left_is_embedded(folder: Path, tmp_path: Path, own: FakeEmbedder) -> None:
    place = reference(folder, tmp_path / "index")
    store = Store(place)
    other = FakeEmbedder(name="other")
    assert store.files_to_embed(own.spec) == []
    paths = store.files_to_embed(other.spec)
    assert sorted(paths) == ["cats.txt", "copy/cats.txt", "records.jsonl", "ships.md", "京都.txt"]
    listing = open_source(str(folder)).listing().files
    manifest = open_table(place, "files").to_table(columns=MANIFEST)
    plan = make_plan(listing, manifest, unembedded=paths, settings=Settings())
    tasks = plan.tasks(0, plan.files.num_rows)
    assert sorted(task.file.path for task in tasks) == sorted(paths)
    assert all(task.known and task.before is None for task in tasks)


def test_a_task_that_died_has_changed_nothing(folder: Path, tmp_path: Path, own: FakeEmbedder) -> None:
    store = Store(str(tmp_path / "index"))
    store.add_vectors(own.spec, [], np.zeros((0, own.spec.dimension), np.float32))
    plan = plan_of(folder, store)
    work(job_of(folder, store, own), plan.tasks(0, 3), 1)  # its result never arrives
    store.refresh()
    assert (store.count_chunks(), store.count_documents()) == (0, 0)
    run(folder, store, own)
    assert differences(store.location, reference(folder, tmp_path / "reference")) == []


def test_another_version_on_a_node_is_told(folder: Path, tmp_path: Path, own: FakeEmbedder) -> None:
    job = Job(source="x", location="y", settings=Settings(), vectors="v", version="0.0.1")
    with pytest.raises(ClusterError, match=r"the driver has 0\.0\.1"):
        work(job, [], 0)


def test_shares_are_cut_by_number_and_size(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "library", {f"{n}.txt": "x" * (1_500_000 if n == 3 else 10) for n in range(7)})
    plan = plan_of(folder, Store(str(tmp_path / "index")))
    shares = [[task.file.path for task in share.tasks] for share in cut_shares(plan, Pace(share_files=3, share_mb=1))]
    assert shares == [["0.txt", "1.txt", "2.txt"], ["3.txt"], ["4.txt", "5.txt", "6.txt"]]
