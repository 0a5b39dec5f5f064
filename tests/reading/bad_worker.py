"""The reading process with a parser that misbehaves as the file's name says, as real ones do at times."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import bunko.reading.read
from bunko.reading import worker
from bunko.reading.containers.members import Items, PageRead

_good = bunko.reading.read.read_documents


def _read(path: Path, relative: str, **settings: Any) -> Items:
    if path.name.startswith("long"):
        for _ in range(3):
            time.sleep(2.5)
            yield PageRead()
    yield from _good(path, relative, **settings)
    if path.name.startswith("crash"):
        os.abort()
    if path.name.startswith("hang"):
        time.sleep(600)
    if path.name.startswith("greedy"):
        hoard = []
        while True:
            hoard.append(b"x" * 10_000_000)
            time.sleep(0.001)
    if path.name.startswith("noisy"):
        os.write(1, b"parser says hello\n" * 100_000)
    if path.name.startswith("odd"):
        raise KeyError("what a parser's own bug looks like")


def main() -> None:
    """Serve as the real one does."""
    bunko.reading.read.read_documents = _read
    worker.main()
