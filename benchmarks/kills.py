"""Kill syncs at the moments that matter, and count what is lost.

    python benchmarks/kills.py [--kills 100] [--seed 1]

Four kinds of moments, as many of each, in first syncs and in later ones, which change, move and remove files:

    between    instead of the n-th change of a table: between two commits
    within     some milliseconds into the n-th change, optimising included
    signing    instead of the n-th step by which the index is signed
    any        at a random time

After each kill: does the index open and answer without a sync; how many of the vectors that were committed have to be
made again; does one sync make every table equal to those of an index that nobody disturbed. The embedder is a fake, and
files are read in the same process: figures are counts, not times. Each sync is a fork of a process that has everything
loaded, so it needs Linux, and is started in the repository, whose tests it borrows from.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from tests.indexing.test_killed import change, rows
from tests.program import kill_at, kill_at_seal
from tests.support import REPOSITORY, make_library, write_files

from bunko.errors import BunkoError, ReadError
from bunko.indexing.chunking import chunk
from bunko.reading.folder import FileEntry
from bunko.reading.read import read_documents
from bunko.reading.reader import Item
from bunko.settings import ChunkingSettings, ReadingSettings
from bunko.store.quick_lancedb import lancedb
from bunko.store.tables import arrow
from bunko.testing import FakeEmbedder
from bunko.types import Document, FailedFile

KINDS = ("between", "within", "signing", "any")


class ReadHere:
    """Reads files in this process, as the Reader's child does."""

    def __init__(self, settings: ReadingSettings) -> None:
        self._settings = settings

    def __enter__(self) -> ReadHere:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def read(self, files: Iterable[FileEntry]) -> Iterator[Item]:
        for file in files:
            try:
                for item in read_documents(file.absolute, file.path, settings=self._settings):
                    if isinstance(item, Document | FailedFile):
                        yield file, item
            except ReadError as error:
                yield file, FailedFile(path=file.path, error=error.message, hint=error.hint)
            yield file, None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    counts: Counter[str] = Counter()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        while counts["kills"] < arguments.kills:
            kind = KINDS[counts["kills"] % len(KINDS)]
            first = (counts["kills"] // len(KINDS)) % 2 == 0
            counts["runs"] += 1
            root = Path(folder, str(counts["runs"]))
            _prepare(root, chance, first=first)
            if _killed(root, kind, chance):
                counts["kills"] += 1
                counts[f"kills: {kind}, {'first' if first else 'later'} sync"] += 1
                counts.update(_forked(lambda root=root: _look(root)))  # type: ignore[misc]
                if counts["kills"] % 10 == 0:
                    _print(counts, time.monotonic() - begin)
            shutil.rmtree(root)
    _print(counts, time.monotonic() - begin)
    sys.exit(bool(counts["differs"] or counts["does not open"] or counts["rebuilt or mended"] or counts["faults"]))


def _print(counts: Counter[str], seconds: float) -> None:
    print(f"after {seconds:.0f} s", flush=True)
    for name, number in sorted(counts.items()):
        print(f"{name:<45} {number}", flush=True)


def _load() -> None:
    """Load all that a sync needs before the forks; LanceDB's threads start in each of them."""
    text = "The well was dug in 1911. 水は井戸から来る。"
    embedder = FakeEmbedder()
    chunk(Document(path="a.txt", text=text), count_tokens=embedder.count_tokens, settings=ChunkingSettings())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.txt")
        path.write_text(text, encoding="utf-8")
        list(read_documents(path, "a.txt", settings=ReadingSettings()))
    importlib.import_module("bunko.indexing.mending")
    importlib.import_module("bunko.answering.pipeline")


def _forked(work: Callable[[], dict[str, int]], *, kill_after_s: float | None = None) -> dict[str, int]:
    """Do a piece of work in a fork, and return its counts: {"killed": 1} if it was killed."""
    readable, writable = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # LanceDB warns of forks
        pid = os.fork()
    if pid == 0:
        code = 0
        try:
            lancedb.background_loop.LOOP.__init__()  # its thread is not forked
            os.write(writable, json.dumps(work()).encode())
        except BaseException:  # noqa: BLE001 - a fork must not go on as its parent
            traceback.print_exc()
            code = 1
        os._exit(code)
    os.close(writable)
    timer = threading.Timer(kill_after_s or 120, os.kill, (pid, signal.SIGKILL))
    timer.start()
    with os.fdopen(readable, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(pid, 0)
    timer.cancel()
    if os.WIFSIGNALED(status):
        return {"killed": 1}
    return dict(json.loads(said)) if status == 0 else {"faults": 1}


def _prepare(root: Path, chance: random.Random, *, first: bool) -> None:
    write_files(root, {"first.txt": "The first document."})
    change(root, chance)
    if not first:
        _forked(lambda: _sync(root))
        change(root, chance)


def _sync(root: Path) -> dict[str, int]:
    with mock.patch("bunko.indexing.sync.Reader", ReadHere), make_library(root) as library:
        library.sync()
    return {}


def _killed(root: Path, kind: str, chance: random.Random) -> bool:
    number, seconds = chance.randrange(1, 22), chance.uniform(0.0001, 0.008)

    def work() -> dict[str, int]:
        if kind == "signing":
            kill_at_seal(number * 2)
        elif kind != "any":
            os.environ["TEST_KILL_WITHIN"] = str(1000 * seconds if kind == "within" else 0)
            kill_at(number)
        return _sync(root)

    return "killed" in _forked(work, kill_after_s=seconds * 100 if kind == "any" else None)


def _look(root: Path) -> dict[str, int]:
    """Return what is lost, and what a sync mends."""
    counts: Counter[str] = Counter()
    before = _vectors(root)
    try:
        with make_library(root) as library:
            if library.is_indexed and library.store.count_documents():
                library.search("the first document")
    except BunkoError as error:
        counts["does not open"] += 1
        print(error, flush=True)
    embedded: list[str] = []

    class Counting(FakeEmbedder):
        def embed_passages(self, texts: Any) -> Any:
            embedded.extend(texts)
            return super().embed_passages(texts)

    with mock.patch("bunko.indexing.sync.Reader", ReadHere), make_library(root, embedder=Counting()) as library:
        report = library.sync()
    counts["rebuilt or mended"] += bool(report.notes)
    after = _vectors(root)
    counts["vectors that were committed"] += len(before)
    counts["vectors that were made again"] += len(before & after) - (len(after) - len(embedded))
    undisturbed = root.with_name("undisturbed")
    shutil.rmtree(undisturbed, ignore_errors=True)
    shutil.copytree(root, undisturbed, ignore=shutil.ignore_patterns(".bunko"))
    _sync(undisturbed)
    with make_library(root) as library:
        problems = library.check()
    mine, wanted = rows(root), rows(undisturbed)
    differing = [name for name in wanted if mine.get(name) != wanted[name]]
    counts["differs"] += bool(problems or differing)
    for name in differing:
        print(name, sorted(set(mine.get(name, [])) ^ set(wanted[name]))[:4], flush=True)
    for problem in problems:
        print(problem, flush=True)
    return dict(counts)


def _vectors(root: Path) -> set[str]:
    """Return the keys of the vectors on disk."""
    location = root / ".bunko" / "store"
    if not location.is_dir():
        return set()
    database = lancedb.connect(location)
    names = [name for name in database.list_tables().tables if name.startswith("vectors_")]
    return {key for name in names for key in arrow(database.open_table(name), ["key"])["key"].to_pylist()}


if __name__ == "__main__":
    os.chdir(REPOSITORY)
    _load()
    main()
