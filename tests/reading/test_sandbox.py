"""A reading process that a file has taken over finds the documents, and nothing else."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bunko.errors import ReadError
from bunko.reading import landlock, sandbox
from bunko.reading.folder import list_files
from bunko.reading.pdf.page_picture import PageOrder
from bunko.reading.reader import Reader
from bunko.server.native.page_pictures import PictureDrawer
from bunko.settings import ReadingSettings
from bunko.types import Document
from tests.support import REPOSITORY, write_files

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
needs_landlock = pytest.mark.skipif(landlock.version() == 0, reason="this system has no Landlock")
OFF = ReadingSettings(sandbox="off")


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of documents, with a folder beside it that is none of the reader's business."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    write_files(tmp_path, {"private/key.txt": "the key of the house"})
    root = write_files(tmp_path / "library", {"garden.txt": "The apple trees."})
    (root / "way-out").symlink_to(tmp_path / "private")
    return root


def outcomes(library: Path, *actions: tuple[str, object], settings: ReadingSettings | None = None) -> list[str]:
    """Return what came of each action of a process that a file has taken over."""
    (library / "taken-over.json").write_text(json.dumps([(name, str(value)) for name, value in actions]))
    files = [file for file in list_files(library) if file.path == "taken-over.json"]
    with Reader(settings or ReadingSettings(), worker="tests.reading.prying_worker") as reader:
        (document,) = [item for _, item in reader.read(files) if item is not None]
    assert isinstance(document, Document), document
    found: list[str] = json.loads(document.text)
    return found


def outside(library: Path) -> list[tuple[str, object]]:
    private = library.parent / "private"
    return [
        ("read", private / "key.txt"),
        ("read", library / "way-out" / "key.txt"),
        ("read", "/etc/passwd"),
        ("list", private),
        ("list", Path.home()),
        ("write", private / "new.txt"),
        ("cut", private / "key.txt"),
        ("link", private / "link"),
        ("write", library / "new.txt"),
        ("cut", library / "garden.txt"),
        ("remove", library / "garden.txt"),
        ("run", sys.executable),
    ]


@needs_landlock
def test_nothing_outside_the_folder_is_read_and_nothing_is_written(library: Path) -> None:
    tried = outside(library)
    assert dict(zip(map(str, tried), outcomes(library, *tried), strict=True)) == dict.fromkeys(
        map(str, tried), "PermissionError"
    )
    assert (library / "garden.txt").read_text() == "The apple trees."
    assert (library.parent / "private" / "key.txt").read_text() == "the key of the house"


def test_with_the_sandbox_off_the_same_succeeds(library: Path) -> None:
    tried = outside(library)
    assert outcomes(library, *tried, settings=OFF) == ["done"] * len(tried)


def test_what_reading_needs_still_works(library: Path) -> None:
    actions = [("read", library / "garden.txt"), ("list", library), ("temporary", "text"), ("write", "/dev/null")]
    assert outcomes(library, *actions) == ["done"] * 4


@pytest.fixture
def listening() -> Iterator[list[tuple[str, object]]]:
    """Yield ways to reach somebody who listens: over TCP, UDP and a socket without a file."""
    name = f"bunko-test-{os.getpid()}"
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        udp.bind(("127.0.0.1", 0))
        abstract.bind(f"\0{name}")
        abstract.listen()
        yield [("connect", tcp.getsockname()[1]), ("send", udp.getsockname()[1]), ("abstract", name)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has seccomp")
def test_no_connection_can_be_opened(library: Path, listening: list[tuple[str, object]]) -> None:
    assert outcomes(library, *listening) == ["PermissionError"] * 3
    assert outcomes(library, *listening, settings=OFF) == ["done"] * 3


@pytest.mark.skipif(landlock.version() < 6, reason="this system's Landlock knows no signals")
def test_other_processes_are_sent_no_signal(library: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert outcomes(library, ("signal", other.pid)) == ["PermissionError"]
        assert outcomes(library, ("signal", other.pid), settings=OFF) == ["done"]


def test_the_system_bounds_the_process_with_and_without_the_sandbox(library: Path) -> None:
    limits = {"max_file_mb": 5, "archive_mb": 10, "memory_mb": 300}
    for settings in (ReadingSettings(**limits), ReadingSettings(**limits, sandbox="off")):  # type: ignore[arg-type]
        asked = [("large", 8), ("large", 12), ("dump", "")]
        assert outcomes(library, *asked, settings=settings) == ["done", "OSError", "done"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems don't count memory that is not used yet")
def test_memory_that_is_taken_at_once_is_refused(library: Path) -> None:
    assert outcomes(library, ("hoard", 20_000), settings=ReadingSettings(memory_mb=300)) == ["MemoryError"]


def test_temporary_files_are_gone_when_the_reader_is(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = set(tmp_path.iterdir())
    assert outcomes(library, ("temporary", "text")) == ["done"]
    assert set(tmp_path.iterdir()) == before


def test_a_system_without_landlock_is_named_and_reads_all_the_same(tmp_path: Path) -> None:
    program = (
        "import ctypes, sys\n"
        "from pathlib import Path\n"
        "from bunko.reading import landlock, sandbox\n"
        "from bunko.settings import ReadingSettings\n"
        "landlock._CREATE = 99_999\n"  # a call that no kernel has: what an older one answers
        "print(sandbox.missing())\n"
        "print(sandbox.enter([], temporary=None, settings=ReadingSettings()))\n"
        "print(Path(sys.argv[1]).read_text())\n"
    )
    (tmp_path / "a.txt").write_text("still read")
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "a.txt")], capture_output=True, text=True, check=True
    )
    assert "no Landlock" in done.stdout.splitlines()[0]
    assert "no Landlock" in done.stdout.splitlines()[1]
    assert done.stdout.splitlines()[2] == "still read"


@needs_landlock
def test_the_process_that_draws_pages_may_read_one_file(library: Path) -> None:
    write_files(library, {"page.pdf": "1234567", "beside.txt": "the other documents"})
    drawer = PictureDrawer(worker="tests.reading.prying_drawer")
    found = []
    for settings in (ReadingSettings(), OFF):
        with pytest.raises(ReadError) as caught:
            drawer.draw(PageOrder(path=library / "page.pdf", page=1), settings)
        found.append(caught.value.message)
    assert found == [f"read 7 bytes, and beside it: {what}" for what in ("PermissionError", "the other documents")]


@needs_landlock
def test_a_system_with_landlock_has_nothing_missing() -> None:
    assert sandbox.missing() == ""
