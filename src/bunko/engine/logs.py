"""Keep the log of the engine's process. In: its stderr. Out: a bounded file, and the lines that explain a failure.

The files are for bug reports; messages use the lines in memory, so a full or read-only disk does not matter.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO

_MAX_FILE = 256 * 2**10
_MAX_LINE = 4096
_KEPT_LINES = 200
_KEPT_FILES = 10

# The engine's lines look like "0.00.005.232 E gguf_init_from_reader: invalid magic characters".
_STAMP = re.compile(r"^\d+\.\d\d\.\d{3}\.\d{3} [A-Z] ")
_ERROR_LINE = re.compile(r"^[\d.]+ E |error|fail|out of memory|unable|invalid", re.IGNORECASE)
# What a process writes as it crashes; errors of single requests look like the lines above.
_LAST_WORDS = re.compile(r"assert|abort|terminat|what\(\)|fatal|out of memory", re.IGNORECASE)

_OFFLOADED = re.compile(r"offloaded (\d+)/(\d+) layers to GPU")


class EngineLog:
    """The log of one run of the engine."""

    def __init__(self, source: IO[bytes], *, directory: Path) -> None:
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._placements: deque[str] = deque(maxlen=1)
        self._thread = threading.Thread(target=self._drain, args=(source, directory), daemon=True)
        self._thread.start()

    def lines(self) -> list[str]:
        """Return the last lines; if the process has ended, nothing is missing."""
        self._thread.join(timeout=0.5)
        return [*self._placements, *self._lines]

    def _drain(self, source: IO[bytes], directory: Path) -> None:
        written = 0
        with source, _open_file(directory) as file:
            while line := source.readline(_MAX_LINE):
                text = line.decode(errors="replace").rstrip()
                (self._placements if _OFFLOADED.search(text) else self._lines).append(text)
                written += len(line)
                if written <= _MAX_FILE:
                    with contextlib.suppress(OSError):
                        file.write(line)
                        file.flush()


def first_complaint(lines: Sequence[str]) -> str:
    """Return the first error in a log, without its time stamp: later errors follow from it.

    >>> first_complaint(["loading", "0.00.005.232 E gguf_init: invalid magic characters: 'hell'"])
    "gguf_init: invalid magic characters: 'hell'"
    """
    return next((_STAMP.sub("", line).strip() for line in lines if _ERROR_LINE.search(line)), "")


def offloaded_layers(lines: Sequence[str]) -> str:
    """Return how many layers are on GPUs, according to the log; empty if it does not say.

    >>> offloaded_layers(["0.00.612.001 I load_tensors: offloaded 25/29 layers to GPU"])
    '25 of 29 layers'
    """
    found = next((match for line in lines if (match := _OFFLOADED.search(line))), None)
    return f"{found[1]} of {found[2]} layers" if found else ""


def last_words(lines: Sequence[str]) -> str:
    """Return why a running process crashed, according to its log; empty if the log does not say.

    >>> last_words(["srv error: request too long", "ggml.c:12: GGML_ASSERT(a == b) failed"])
    'ggml.c:12: GGML_ASSERT(a == b) failed'
    """
    return next((_STAMP.sub("", line).strip() for line in lines[-40:] if _LAST_WORDS.search(line)), "")


def _open_file(directory: Path) -> IO[bytes]:
    """Open a new log file, and remove the oldest ones; discard the log if that fails."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for old in sorted(directory.glob("engine-*.log"))[: -_KEPT_FILES + 1]:
            with contextlib.suppress(OSError):
                old.unlink()
        stamp = time.strftime("%Y%m%d-%H%M%S")
        return (directory / f"engine-{stamp}-{os.getpid()}.log").open("ab")
    except OSError:
        return Path(os.devnull).open("ab")
