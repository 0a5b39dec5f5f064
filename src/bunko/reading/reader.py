"""Read files one after the other in a child process, ahead of their use. In: file entries. Out: Documents.

    with Reader(settings) as reader:
        for file, item in reader.read(files):    # item: a Document, a FailedFile, or None at the file's end
            ...

A child that takes too long or too much memory for a file is killed; a new one continues with the next file.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

import psutil

from bunko.child_process import spawn, stop
from bunko.errors import ReadError
from bunko.reading.folder import FileEntry
from bunko.reading.storable import storable
from bunko.reading.worker import Frame, from_frame, request_line, settings_line
from bunko.settings import ReadingSettings
from bunko.types import Document, FailedFile

Item: TypeAlias = tuple[FileEntry, Document | FailedFile | None]

_AHEAD = 16  # documents read in advance
_AHEAD_CHARACTERS = 4_000_000  # of them together, unless it is one
_SHORT_S = 0.01
_LOOK_S = 0.1  # how often time and memory are checked
# Bytes, beside those of the text. The process has read a hostile file: what it sends is not trusted either.
_LARGEST_FRAME = 1 << 26
_BYTES_PER_CHARACTER = 6


class Reader:
    """The reading process and its limits. Use it in a `with`, or `close` it."""

    def __init__(self, settings: ReadingSettings, *, worker: str = "bunko.reading.worker") -> None:
        """`worker` is the module whose `main` is run."""
        self._worker = worker
        self._settings = settings
        self._child: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        """The folder that the child may read."""
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._stopped_for: ReadError | None = None
        self._waiting_since: float | None = None
        """When the child began its current page or document; None while nothing waits for it."""
        self._closed = False
        self._ahead = 0
        """Characters that wait to be taken."""
        self._lock = threading.Lock()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process. Remaining files stay unread."""
        self._closed = True
        self._kill()

    def read(self, files: Iterable[FileEntry]) -> Iterator[Item]:
        """Yield each file's documents as they are read, and None at its end. A file's fault is a FailedFile.

        Another thread iterates over `files`, and takes each just before it is read.
        """
        ready: queue.Queue[Item | None] = queue.Queue(_AHEAD)
        threading.Thread(target=self._read_all, args=(files, ready), daemon=True).start()
        while True:
            # With short timeouts, since Windows does not deliver Ctrl-C to a thread that waits for a lock.
            with contextlib.suppress(queue.Empty):
                if (item := ready.get(timeout=_LOOK_S)) is None:
                    return
                self._count(-_characters(item))
                yield item
                del item  # a large document need not stay while the next one is awaited

    # --- in the thread that reads ahead ------------------------------------------------------------------------

    def _read_all(self, files: Iterable[FileEntry], ready: queue.Queue[Item | None]) -> None:
        for file in files:
            try:
                for item in self._read(file):
                    self._put(ready, (file, item))
            except ReadError as error:
                failed = FailedFile(path=file.path, error=error.message, hint=error.hint)
                self._put(ready, (file, storable(failed)))
            self._put(ready, (file, None))
            if self._closed:
                return
        self._put(ready, None)

    def _put(self, ready: queue.Queue[Item | None], item: Item | None) -> None:
        size = _characters(item)
        while not self._closed and self._ahead and self._ahead + size > _AHEAD_CHARACTERS:
            time.sleep(_SHORT_S)
        self._count(size)
        while not self._closed:
            with contextlib.suppress(queue.Full):
                ready.put(item, timeout=_LOOK_S)
                break

    def _count(self, characters: int) -> None:
        with self._lock:
            self._ahead += characters

    def _read(self, file: FileEntry) -> Iterator[Document | FailedFile]:
        self._stopped_for = None
        child = self._start(_folder_of(file))
        assert child.stdin is not None
        with contextlib.suppress(OSError):  # it died: the missing reply shows that
            child.stdin.write(request_line(file.absolute, file.path))
            child.stdin.flush()
        while (frame := self._receive(child)) is not None:
            if "end" in frame:
                return
            if "error" in frame:
                raise ReadError(frame["error"], frame["hint"])
            if "page" not in frame:  # a sign of life: the timeout starts again
                yield from_frame(frame)
        self._kill()
        raise self._stopped_for or ReadError(
            "The program that reads this kind of file crashed on it.", "Open and save it again in its own program."
        )

    def _receive(self, child: subprocess.Popen[bytes]) -> Frame | None:
        self._waiting_since = time.monotonic()
        try:
            return _receive(child, most=_LARGEST_FRAME + _BYTES_PER_CHARACTER * self._settings.max_characters)
        finally:
            self._waiting_since = None

    # --- the process, and the thread that watches it -----------------------------------------------------------

    def _start(self, folder: Path) -> subprocess.Popen[bytes]:
        if self._child is not None and self._folder != folder:
            self._kill()
        if self._child is None and not self._closed:
            try:
                self._temporary = tempfile.TemporaryDirectory(prefix="bunko-reading-", ignore_cleanup_errors=True)
                self._child = spawn(self._worker)
            except OSError as error:
                raise ReadError(f"Files can't be read: no process can be started ({error.strerror}).") from error
            self._folder = folder
            weakref.finalize(self, stop, self._child, os.getpid())
            for target in (_drain, self._watch):
                threading.Thread(target=target, args=(self._child,), daemon=True).start()
            assert self._child.stdin is not None
            with contextlib.suppress(OSError):
                line = settings_line(self._settings, folder=folder, temporary=Path(self._temporary.name))
                self._child.stdin.write(line)
        if self._child is None:
            raise ReadError("Reading was stopped.")
        return self._child

    def _kill(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            stop(child, os.getpid())
        temporary, self._temporary = self._temporary, None
        if temporary is not None:
            temporary.cleanup()

    def _watch(self, child: subprocess.Popen[bytes]) -> None:
        while child.poll() is None:
            time.sleep(_LOOK_S)
            since = self._waiting_since
            if since is not None and (reason := self._excess(child, time.monotonic() - since)):
                self._stopped_for = reason
                child.kill()

    def _excess(self, child: subprocess.Popen[bytes], seconds: float) -> ReadError | None:
        limits = self._settings
        if limits.timeout_s and seconds > limits.timeout_s:
            return ReadError(
                f"Reading the file made no progress for {limits.timeout_s:g} seconds, and was stopped.",
                "Raise reading.timeout_s to wait longer, or split the file.",
            )
        if limits.memory_mb and _memory_mb(child) > limits.memory_mb:
            return ReadError(
                f"Reading the file took more than {limits.memory_mb} MB of memory, and was stopped.",
                "Raise reading.memory_mb if this machine has more, or split the file.",
            )
        return None


def _folder_of(file: FileEntry) -> Path:
    """Return the folder that a file was listed in: what its path is relative to."""
    return file.absolute.parents[file.path.count("/")]


def _characters(item: Item | None) -> int:
    document = item[1] if item else None
    return len(document.text) if isinstance(document, Document) else 0


def _receive(child: subprocess.Popen[bytes], *, most: int) -> Frame | None:
    """Return the next frame, of at most so many bytes; None if the child has ended."""
    assert child.stdout is not None
    try:
        length = int.from_bytes(child.stdout.read(4), "big")
        data = child.stdout.read(length) if 0 < length < most else b""
    except (OSError, ValueError):  # ValueError: the pipe was closed meanwhile
        return None
    if not data or len(data) < length:
        return None
    frame: Frame = json.loads(data)
    return frame


def _drain(child: subprocess.Popen[bytes]) -> None:
    """Discard what parsers print to stderr: a full pipe would block them."""
    assert child.stderr is not None
    with contextlib.suppress(OSError, ValueError):
        while child.stderr.read(1 << 16):
            pass


def _memory_mb(child: subprocess.Popen[bytes]) -> float:
    try:
        return float(psutil.Process(child.pid).memory_info().rss / 1e6)
    except psutil.Error:
        return 0.0
