"""Let one process at a time write to an index. In: the index's folder. Out: a lock. Knows nothing of tables."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import filelock

from bunko.errors import StoreBusy, StoreError
from bunko.private_files import make_place, read_plain, write_plain
from bunko.store.faults import mapped

_WRITER = "writer"  # the name of the lock; another name is another lock


@contextlib.contextmanager
def writer_lock(folder: Path, *, wait_s: float, name: str = _WRITER) -> Iterator[None]:
    """Hold the lock of a name.

    Raises StoreBusy, with the other process's number, if it is not free after `wait_s` seconds.
    """
    location = str(folder)
    file, holder = folder / f"{name}.lock", folder / f"{name}.pid"
    lock = filelock.FileLock(file, timeout=wait_s)
    with mapped("locked", location):
        make_place(file)  # filelock empties the file that it opens
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise StoreBusy(
                f"{_holder(holder)} is writing to the index in {location!r}.",
                "Wait for it to finish, or ask what is there already with --no-sync.",
            ) from error
    try:
        with mapped("locked", location):
            write_plain(holder, str(os.getpid()).encode())
        yield
    finally:
        lock.release()


def writing_process(folder: Path, *, name: str = _WRITER) -> str:
    """Return which process is writing to an index, such as "Process 12"; empty if none is."""
    if not (folder / f"{name}.lock").exists():
        return ""
    try:
        with writer_lock(folder, wait_s=0.0, name=name):
            return ""
    except StoreBusy:
        return _holder(folder / f"{name}.pid")
    except StoreError:  # of somebody else: its processes can't be asked
        return ""


def _holder(file: Path) -> str:
    """Name the process that holds the lock by the number in a file beside it."""
    try:
        return f"Process {int(read_plain(file, most=20) or b'')}"
    except (OSError, ValueError):
        return "Another process"
