"""Indexing with a real Ray cluster gives the rows of one machine's sync, whatever dies. Run by hand: -m cluster.

Two nodes and an object store on hosts of their own (hosts.py); the real embedder; every index compared row by row.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.hosts import RAY, Hosts, can_make_hosts, make_hosts
from tests.support import REPOSITORY, write_files

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]
EMBEDDER = ("--embedder", "minilm", "--offline")
SUBJECTS = ("harbour", "mill", "orchard", "bridge", "archive", "market", "river", "lantern")
LARGE = 20_500
"""Passages: from 20,000 on, a table has indexes (bunko/store/tables.py)."""
QUESTIONS = 5
NOTICE = "## Notice\n\nThis notice is in every report, word for word: its passage is the same one everywhere."


def report(n: int) -> str:
    """Return a document of a few passages, one of which is in all of them."""
    subject = SUBJECTS[n % len(SUBJECTS)]
    lines = [
        f"The {subject} number {n} was measured in {1900 + n}, and weighed {7 * n + part} stones." for part in range(60)
    ]
    return (
        f"# The {subject} of report {n}\n\n" + " ".join(lines) + f"\n\n{NOTICE}\n\n京都の橋は{1600 + n}年に造られた。\n"
    )


def documents(count: int) -> dict[str, str | bytes]:
    return {f"part-{n % 3}/report-{n:03d}.md": report(n) for n in range(count)} | {"broken.pdf": b"%PDF-1.7 no more"}


def settled(folder: Path) -> Path:
    """Let all files be an hour old: their time stamps prove that they have not changed."""
    for path in folder.rglob("*"):
        os.utime(path, (time.time() - 3600, path.stat().st_mtime - 3600))
    return folder


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    pytest.importorskip("ray")
    pytest.importorskip("lance_ray")
    if not can_make_hosts():
        pytest.skip("network namespaces can't be made here")
    with make_hosts(tmp_path_factory.mktemp("hosts")) as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that no test changes."""
    return settled(write_files(tmp_path_factory.mktemp("own") / "library", documents(16)))


@pytest.fixture(scope="module")
def reference(hosts: Hosts, folder: Path) -> Path:
    """The index of that folder by a plain sync."""
    return make_reference(hosts, folder)


@pytest.fixture
def store() -> str:
    return f"s3://libs/{uuid.uuid4().hex[:8]}"


def arguments(source: Path | str, store: str, *more: str) -> list[str]:
    own = ["cluster", "index", str(source), "--store", store, "--ray", RAY, *EMBEDDER, "--json"]
    return [*own, "--share-files", "2", "--commit-s", "0", *more]


def index(hosts: Hosts, source: Path | str, store: str, *more: str, timeout_s: float = 300) -> Any:
    ended = hosts.run("h0", ["-m", "bunko", *arguments(source, store, *more)], timeout_s=timeout_s)
    assert ended.returncode == 0, ended
    return json.loads(ended.stdout.splitlines()[-1])


def begin(hosts: Hosts, source: Path | str, store: str, *, program: tuple[str, ...] = ("-m", "bunko")) -> Any:
    """Start a driver, and return it."""
    with (hosts.folder / "driver.log").open("ab") as log:
        return subprocess.Popen(
            hosts.command("h0", [sys.executable, *program, *arguments(source, store)]),
            stdout=log, stderr=log, env=hosts.environment,
        )  # fmt: skip


def status(hosts: Hosts, store: str) -> Any:
    ended = hosts.run("h0", ["-m", "bunko", "cluster", "status", store, "--json"])
    return json.loads(ended.stdout.splitlines()[-1]) if ended.returncode == 0 else {"documents": 0}


def wait_for(condition: Callable[[], bool], *, seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.3)


def make_reference(hosts: Hosts, folder: Path, *, timeout_s: float = 300) -> Path:
    """Return a new index of a folder by a plain sync."""
    place = folder.parent / f"reference-{uuid.uuid4().hex[:6]}"
    ended = hosts.run(
        "h0", ["-m", "bunko", "index", str(folder), "--store", str(place), *EMBEDDER], timeout_s=timeout_s
    )
    assert ended.returncode == 0, ended
    return place


def check_same(hosts: Hosts, store: str, reference: Path, *without: str) -> None:
    """Compare an index with that of a plain sync, row by row."""
    told = hosts.run("h0", ["-m", "tests.cluster.same_rows", store, str(reference), *without])
    assert told.returncode == 0, told
    assert json.loads(told.stdout) == {"differences": [], "doubled": []}


def kill(driver: Any) -> None:
    driver.send_signal(signal.SIGKILL)  # `ip netns exec` becomes the command itself
    driver.wait()


def test_two_nodes_and_a_run_that_has_nothing_to_do(hosts: Hosts, folder: Path, store: str, reference: Path) -> None:
    done = index(hosts, folder, store)
    assert set(done["hosts"]) == {"h1", "h2"}
    assert (done["documents"], done["read"], [item["path"] for item in done["failed"]]) == (16, 17, ["broken.pdf"])
    check_same(hosts, store, reference)
    again = index(hosts, folder, store)
    assert (again["read"], again["commits"]) == (1, 1)  # what can't be read is tried again
    told = status(hosts, store)
    assert (told["documents"], told["writer"], told["run"]["is_over"], told["is_interrupted"]) == (16, "", True, False)


def test_the_driver_is_killed(hosts: Hosts, folder: Path, store: str, reference: Path) -> None:
    with begin(hosts, folder, store) as driver:
        wait_for(lambda: status(hosts, store)["documents"] >= 4)
        kill(driver)
    before = status(hosts, store)
    assert before["is_interrupted"] or before["writer"]
    assert 0 < before["documents"] < 16
    done = index(hosts, folder, store)
    report_figures(f"published before the kill: {before['documents']} documents; read after it: {done['read']} files")
    assert done["read"] < 17
    check_same(hosts, store, reference)


def report_figures(text: str) -> None:
    sys.stdout.write(f"\n{text}\n")


def test_the_driver_dies_after_each_of_the_four_commits(
    hosts: Hosts, folder: Path, store: str, reference: Path
) -> None:
    child = str(Path(__file__).with_name("driver_child.py"))
    for table in ("chunks", "vectors", "documents", "files"):
        with begin(hosts, folder, store, program=(child, f"after={table}")) as driver:
            assert driver.wait(600) == 9
        told = status(hosts, store)
        assert (told["documents"], told["chunks"]) == (0, 0), table  # nothing of it can be seen
    done = index(hosts, folder, store)
    assert done["read"] == 17
    check_same(hosts, store, reference)


def test_objects_change_and_go(hosts: Hosts, store: str, tmp_path: Path) -> None:
    folder = settled(write_files(tmp_path / "library", documents(10)))
    prefix = f"libs/source-{uuid.uuid4().hex[:6]}"
    mirror = ["-m", "tests.cluster.mirror", str(folder), prefix]
    assert hosts.run("h0", mirror).returncode == 0
    assert index(hosts, f"s3://{prefix}", store)["documents"] == 10
    write_files(folder, {"part-0/report-000.md": report(100), "new/日本.md": report(50)})
    for n in (1, 2, 5):
        (folder / f"part-{n % 3}" / f"report-{n:03d}.md").unlink()
    assert hosts.run("h0", mirror).returncode == 0
    done = index(hosts, f"s3://{prefix}", store)
    assert (done["removed"], done["documents"]) == (3, 8)
    check_same(hosts, store, make_reference(hosts, folder), "modified_ns")
    for path in folder.rglob("*.*"):
        path.unlink()
    assert hosts.run("h0", mirror).returncode == 0
    ended = hosts.run("h0", ["-m", "bunko", *arguments(f"s3://{prefix}", store)])
    assert ended.returncode == 1
    assert "None of the 9 indexed files is left" in ended.stderr
    assert status(hosts, store)["documents"] == 8


def test_an_empty_mount_is_refused(hosts: Hosts, store: str, tmp_path: Path) -> None:
    folder = settled(write_files(tmp_path / "library", documents(2)))
    index(hosts, folder, store)
    folder.rename(folder.with_name("elsewhere"))
    folder.mkdir()
    ended = hosts.run("h0", ["-m", "bunko", *arguments(folder, store)])
    assert ended.returncode == 1
    assert "None of the 3 indexed files is left" in ended.stderr
    assert "bunko cluster index SOURCE --allow-empty" in ended.stderr
    assert status(hosts, store)["documents"] == 2
    assert index(hosts, folder, store, "--allow-empty")["documents"] == 0


def lines_of(count: int) -> list[str]:
    """Return short texts, no two alike, of words of the documentation."""
    chance = random.Random(19)
    known = " ".join(path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "docs").glob("*.md")))
    words = sorted(set(re.findall("[a-z]{4,12}", known)))
    return [f"Line {n} says: {' '.join(chance.choices(words, k=12))}." for n in range(count)]


@pytest.mark.timeout(3_600)
def test_the_nodes_build_the_indexes_of_a_large_library(hosts: Hosts, store: str, tmp_path: Path) -> None:
    lines, at_once = lines_of(LARGE), 500
    files = {
        f"lines-{n:05d}.jsonl": "\n".join(
            json.dumps({"id": n + m, "text": text}) for m, text in enumerate(lines[n : n + at_once])
        )
        for n in range(0, LARGE, at_once)
    }
    folder = settled(write_files(tmp_path / "library", files))
    done = index(hosts, folder, store, "--commit-s", "60", timeout_s=3_000)
    report_figures(f"{done['chunks']} passages in {done['seconds']} s, {done['commits']} commits, {done['hosts']}")
    assert done["chunks"] == LARGE
    told = indexes_of(hosts, store)
    report_figures(json.dumps(told))
    vectors, chunks = told["vectors"]["indexes"], told["chunks"]["indexes"]
    assert {name: kind for name, (kind, _) in vectors.items()} == {"key_idx": "BTree", "vector_idx": "IvfRq"}
    assert {"search_idx", "key_idx", "path_idx"} <= set(chunks)
    assert all(lacking == 0 for _, lacking in (*vectors.values(), *chunks.values()))
    reference = make_reference(hosts, folder, timeout_s=3_000)
    report_figures(json.dumps(indexes_of(hosts, str(reference))))
    check_same(hosts, store, reference)
    copy = tmp_path / "copy"
    fetch = (
        f"from pathlib import Path; from bunko.store.snapshot import Snapshot; Snapshot({store!r}, Path({str(copy)!r}))"
    )
    assert hosts.run("h0", ["-c", f"{fetch}.update()"]).returncode == 0
    chance, modes = random.Random(7), ("lexical", "dense", "hybrid")
    shared = {f"{mode}, {name}": 0 for mode in modes for name in ("store", "copy")}
    for _ in range(QUESTIONS):
        question = " ".join(lines[chance.randrange(LARGE)].split()[3:9])
        for mode in modes:
            wanted = hits(hosts, folder, reference, question, mode)
            for name, place in (("store", store), ("copy", copy)):
                found = hits(hosts, folder, place, question, mode)
                assert found[0] == wanted[0], (question, mode, name)
                shared[f"{mode}, {name}"] += len({path for path, _ in found} & {path for path, _ in wanted})
    report_figures(f"of {10 * QUESTIONS} hits, the same as one machine's: {shared}")
    # On the store itself, fewer candidates are compared whole, whoever built the index: docs/decisions/018.
    assert min(count for name, count in shared.items() if "copy" in name) >= 9 * QUESTIONS
    assert shared["lexical, store"] >= 9 * QUESTIONS


def indexes_of(hosts: Hosts, place: str) -> Any:
    told = hosts.run("h0", ["-m", "tests.cluster.indexes", place])
    assert told.returncode == 0, told
    return json.loads(told.stdout)


def hits(hosts: Hosts, folder: Path, place: str | Path, question: str, mode: str) -> list[tuple[str, float]]:
    """Return path and score of what `bunko search` finds in the index at a place."""
    own = ["search", str(folder), question, "--store", str(place), "--no-sync", "--no-server", "--mode", mode]
    ended = hosts.run("h0", ["-m", "bunko", *own, "--top-k", "10", "--embedder", "minilm", "--json"])
    assert ended.returncode == 0, ended
    return [(hit["path"], round(hit["score"], 3)) for hit in json.loads(ended.stdout)["hits"]]


def test_two_drivers_at_once(hosts: Hosts, folder: Path, store: str, reference: Path) -> None:
    with begin(hosts, folder, store) as one, begin(hosts, folder, store) as two:
        assert (one.wait(600), two.wait(600)) == (0, 0)
    check_same(hosts, store, reference)


def test_a_driver_that_was_paused_for_too_long_changes_nothing(
    hosts: Hosts, folder: Path, store: str, reference: Path
) -> None:
    child, log = str(Path(__file__).with_name("driver_child.py")), hosts.folder / "driver.log"
    with begin(hosts, folder, store, program=(child, "lease=8")) as stale:
        wait_for(lambda: status(hosts, store)["documents"] >= 2)
        stale.send_signal(signal.SIGSTOP)
        try:
            time.sleep(9)
            assert 0 < status(hosts, store)["documents"] < 16
            written = log.stat().st_size
            with begin(hosts, folder, store) as other:
                # It has the lease, and no core: Ray frees those of a driver that dies, not of one that is paused.
                wait_for(lambda: b"Other runs use all cores of the cluster" in log.read_bytes()[written:])
                stale.send_signal(signal.SIGCONT)
                assert other.wait(600) == 0
        finally:
            stale.send_signal(signal.SIGCONT)
        assert stale.wait(600) == 0  # it has waited for the other one, and found nothing to do
    assert b"Another process has taken over the index" in log.read_bytes()[written:]
    check_same(hosts, store, reference)


def test_a_node_is_killed(hosts: Hosts, folder: Path, store: str, reference: Path) -> None:
    with begin(hosts, folder, store) as driver:
        wait_for(lambda: status(hosts, store)["documents"] >= 2)
        assert hosts.kill("h2") > 0
        assert driver.wait(600) == 0
    told = status(hosts, store)
    report_figures(f"sent again after a node was killed: {told['run']['redone']} shares")
    assert told["run"]["redone"] >= 1
    check_same(hosts, store, reference)
    hosts.start_node("h2")
