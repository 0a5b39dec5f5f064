"""A forked reading process is one like any other: it reads, is closed off, and ends with who started it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bunko.child_process import stop
from bunko.reading import sandbox
from bunko.reading.folder import list_files
from bunko.reading.reader import Reader
from bunko.reading.worker import request_line, settings_line
from bunko.settings import ReadingSettings
from bunko.types import Document
from tests.reading_processes import CAN_FORK, WORKER, Forking
from tests.support import CATS, REPOSITORY, environment, write_files

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="needs fork and pidfd_open")


@pytest.fixture
def forking(monkeypatch: pytest.MonkeyPatch) -> Iterator[Forking]:
    forking = Forking()
    monkeypatch.setattr("bunko.reading.reader.spawn", forking.spawn)
    yield forking
    forking.close()


@pytest.mark.usefixtures("forking")
def test_it_reads_like_any_other(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"cats.txt": CATS})
    with Reader(ReadingSettings()) as reader:
        ((_, document), (_, end)) = reader.read(list_files(root))
    assert isinstance(document, Document)
    assert (document.text, end) == (CATS, None)


@pytest.mark.skipif(bool(sandbox.missing()), reason=sandbox.missing())
@pytest.mark.parametrize(("name", "frame"), [("library/cats.txt", "document"), ("elsewhere.txt", "error")])
def test_it_is_closed_off_like_any_other(forking: Forking, tmp_path: Path, name: str, frame: str) -> None:
    write_files(tmp_path, {"library/cats.txt": CATS, "temporary/x": "x", "elsewhere.txt": CATS})
    process = forking.spawn(WORKER)
    first = settings_line(ReadingSettings(), folder=tmp_path / "library", temporary=tmp_path / "temporary")
    process.stdin.write(first + request_line(tmp_path / name, "a.txt"))
    process.stdin.flush()
    found = json.loads(process.stdout.read(int.from_bytes(process.stdout.read(4), "big")))
    stop(process, os.getpid())
    assert next(iter(found)) == frame, found


def test_it_ends_when_it_is_stopped(forking: Forking) -> None:
    process = forking.spawn(WORKER)
    assert process.poll() is None
    stop(process, os.getpid())
    assert process.poll() is not None
    assert not psutil.pid_exists(process.pid) or psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE


def test_it_ends_with_the_process_that_started_it() -> None:
    code = (
        "from tests.reading_processes import WORKER, Forking; import sys\n"
        "process = Forking().spawn(WORKER); print(process.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment(),
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    psutil.wait_procs([child], timeout=20)
    assert not child.is_running()
