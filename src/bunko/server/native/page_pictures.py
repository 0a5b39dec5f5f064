"""Draw pages of PDFs, each in a process of its own with limits. In: an order. Out: a picture, or a ReadError.

PDFs come from anywhere, and PDFium is a large native library. A page that crashes it, hangs it or uses too much memory
costs only its own picture (decision 007). Knows nothing of HTTP or libraries.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import OrderedDict
from subprocess import Popen

import psutil

from bunko.child_process import spawn, stop
from bunko.errors import ReadError
from bunko.reading.pdf.page_picture import PageOrder, PagePicture, order_line, picture_from
from bunko.settings import ReadingSettings

TIMEOUT_S = 20.0
MEMORY_MB = 1_000
_LOOK_S = 0.05
_AT_ONCE = 2
_KEPT = 16  # pictures, of a few hundred kilobytes each: readers often turn back a page
_LARGEST_REPLY = 64_000_000
_WORKER = "bunko.reading.pdf.page_picture"


class PictureDrawer:
    """Draw pages, two at once, and cache the last ones. Safe for several threads."""

    def __init__(self, *, timeout_s: float = TIMEOUT_S, memory_mb: int = MEMORY_MB, worker: str = _WORKER) -> None:
        """`worker` is the module whose `main` draws."""
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._worker = worker
        self._turns = threading.BoundedSemaphore(_AT_ONCE)
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[object, ...], PagePicture] = OrderedDict()

    def draw(self, order: PageOrder, settings: ReadingSettings) -> PagePicture:
        """Return a page's picture. Raises ReadError (or one of its kinds)."""
        try:
            facts = order.path.stat()
        except OSError as error:
            raise ReadError(
                f"The file can't be opened: {error.strerror or error}.", "Check that it is there."
            ) from error
        key = (order, facts.st_mtime_ns, facts.st_size)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        with self._turns:
            picture = self._draw(order, settings)
        with self._lock:
            self._kept[key] = picture
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return picture

    def _draw(self, order: PageOrder, settings: ReadingSettings) -> PagePicture:
        try:
            child = spawn(self._worker)
        except OSError as error:
            raise ReadError(f"The page can't be drawn: no process can be started ({error.strerror}).") from error
        stopped_for: list[ReadError] = []
        for target, arguments in ((_drain, (child,)), (self._watch, (child, stopped_for))):
            threading.Thread(target=target, args=arguments, daemon=True).start()
        try:
            reply = _ask(child, order_line(order, settings))
            return picture_from(reply)
        except ValueError as error:  # JSON's errors are of this kind, too
            if stopped_for:
                raise stopped_for[0] from error
            raise ReadError(
                "The program that draws PDFs crashed on this page.",
                "Open the PDF in a viewer, and print it to a new one.",
            ) from error
        finally:
            stop(child, os.getpid())
            for pipe in (child.stdout, child.stderr):
                if pipe is not None:
                    with contextlib.suppress(OSError, ValueError):
                        pipe.close()

    def _watch(self, child: Popen[bytes], stopped_for: list[ReadError]) -> None:
        begin = time.monotonic()
        while child.poll() is None:
            time.sleep(_LOOK_S)
            if time.monotonic() - begin > self._timeout_s:
                stopped_for.append(ReadError(f"Drawing the page took more than {self._timeout_s:g} seconds.", _INSTEAD))
            elif _memory_mb(child) > self._memory_mb:
                stopped_for.append(ReadError(f"Drawing the page took more than {self._memory_mb} MB.", _INSTEAD))
            if stopped_for:
                child.kill()
                return


_INSTEAD = "Read its text instead."


def _ask(child: Popen[bytes], line: bytes) -> bytes:
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(OSError):  # it died: the reply is missing
        child.stdin.write(line)
        child.stdin.flush()
    try:
        return child.stdout.read(_LARGEST_REPLY)
    except OSError:
        return b""


def _drain(child: Popen[bytes]) -> None:
    """Discard what the child prints to stderr: a full pipe would block it."""
    assert child.stderr is not None
    with contextlib.suppress(OSError, ValueError):
        while child.stderr.read(1 << 16):
            pass


def _memory_mb(child: Popen[bytes]) -> float:
    try:
        return float(psutil.Process(child.pid).memory_info().rss / 1e6)
    except psutil.Error:
        return 0.0
