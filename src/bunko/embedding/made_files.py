"""Keep what is made from a model's file in its folder. In: a name, its SHA-256, how to make it. Out: its bytes.

Knows nothing of models. A file that is damaged, or that cannot be kept, is made again; it is never trusted unread.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from bunko.errors import ModelError
from bunko.models.cache import locked


def made(path: Path, *, sha256: str, make: Callable[[], bytes]) -> bytes:
    """Return the file's bytes if they have this SHA-256 in hexadecimal; otherwise make them, and write the file.

    The file is written under another name and renamed, so that no other process ever reads a part of it. Where it
    can't be written (a cache that others own, a full disk), it is made at each start.
    """
    data = _read(path, sha256)
    if data is not None:
        return data
    data = make()
    if hashlib.sha256(data).hexdigest() == sha256:
        with contextlib.suppress(OSError, ModelError), locked(path.parent):
            _write(path, data)
    return data


def _read(path: Path, sha256: str) -> bytes | None:
    with contextlib.suppress(OSError):
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() == sha256:
            return data
    return None


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
