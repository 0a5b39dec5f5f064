"""Files are read in a process of their own: what goes wrong there costs one file, and nothing is left behind."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bunko.reading.folder import list_files
from bunko.reading.reader import Reader
from bunko.settings import ReadingSettings
from bunko.types import Document, FailedFile
from tests.support import REPOSITORY, environment, write_files

LIMITS = ReadingSettings(timeout_s=6, memory_mb=400)


@pytest.fixture
def bad_worker(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    return "tests.reading.bad_worker"


def read(root: Path, worker: str = "bunko.reading.worker") -> dict[str, Document | FailedFile]:
    """Return the last that was heard of each file."""
    with Reader(LIMITS, worker=worker) as reader:
        return {file.path: item for file, item in reader.read(list_files(root)) if item is not None}


def test_documents_arrive_as_they_were_read(tmp_path: Path) -> None:
    root = write_files(
        tmp_path,
        {"a.md": "# Mills\n\nAshwood.", "京都.txt": "京都は\n雨。".encode("cp932"), "x.bin": bytes(range(256))},
    )
    items = read(root)
    document = items["a.md"]
    assert isinstance(document, Document)
    assert [span.label for span in document.headings] == ["Mills"]
    assert getattr(items["京都.txt"], "text", "") == "京都は\n雨。"
    assert isinstance(items["x.bin"], FailedFile)


@pytest.mark.parametrize(
    ("name", "said"), [("crash", "crashed"), ("hang", "6 seconds"), ("greedy", "400 MB"), ("odd", "KeyError")]
)
def test_a_bad_file_costs_itself_alone(tmp_path: Path, bad_worker: str, name: str, said: str) -> None:
    root = write_files(tmp_path, {"a.txt": "First.", f"{name}.txt": "Bad.", "z.txt": "Last."})
    items = read(root, bad_worker)
    assert getattr(items["a.txt"], "text", "") == "First."
    assert getattr(items["z.txt"], "text", "") == "Last."
    failed = items[f"{name}.txt"]
    assert isinstance(failed, FailedFile)
    assert said in failed.error
    assert failed.hint


def test_the_limit_of_time_is_for_each_page_of_a_long_document(tmp_path: Path, bad_worker: str) -> None:
    items = read(write_files(tmp_path, {"long.txt": "Three pages of 2.5 seconds each."}), bad_worker)
    assert getattr(items["long.txt"], "text", "") == "Three pages of 2.5 seconds each."


def test_what_a_parser_prints_disturbs_nothing(tmp_path: Path, bad_worker: str) -> None:
    root = write_files(tmp_path, {"noisy.txt": "Loud.", "z.txt": "Last."})
    assert [getattr(item, "text", "") for item in read(root, bad_worker).values()] == ["Loud.", "Last."]


def test_time_in_which_nobody_takes_what_was_read_does_not_count(tmp_path: Path) -> None:
    root = write_files(tmp_path, {f"{n:02}.txt": f"Number {n}." for n in range(60)})
    with Reader(LIMITS) as reader:
        items = reader.read(list_files(root))
        first = next(items)
        time.sleep(7)
        rest = [item for _, item in items if item is not None]
    assert isinstance(first[1], Document)
    assert [item for item in rest if isinstance(item, FailedFile)] == []


def test_closing_midway_ends_the_process(tmp_path: Path, bad_worker: str) -> None:
    root = write_files(tmp_path, {"a.txt": "First.", "hang.txt": "Bad."})
    before = set(psutil.Process().children())
    with Reader(ReadingSettings(), worker=bad_worker) as reader:
        next(reader.read(list_files(root)))
        children = set(psutil.Process().children()) - before
        assert children
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_the_process_dies_with_a_parent_that_is_killed_while_a_file_hangs(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"hang.txt": "Bad."})
    program = (
        "from pathlib import Path\n"
        "from bunko.reading.folder import list_files\n"
        "from bunko.reading.reader import Reader\n"
        "from bunko.settings import ReadingSettings\n"
        "import psutil, sys\n"
        "reader = Reader(ReadingSettings(), worker='tests.reading.bad_worker')\n"
        "items = reader.read(list_files(Path(sys.argv[1])))\n"
        "next(items)\n"
        "print(psutil.Process().children()[0].pid, flush=True)\n"
        "next(items)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(root)],
        env=environment({"PYTHONPATH": str(REPOSITORY)}),
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()
    child.wait(10)  # raises if it lives on
