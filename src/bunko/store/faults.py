"""Map errors of LanceDB and the file system to ours. In: exceptions. Out: StoreError and its kinds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pyarrow as pa

from bunko.errors import DiskFull, StoreBusy, StoreDamaged, StoreError, StoreNotWritable
from bunko.private_files import LinkFound
from bunko.store.remote_faults import remote_fault

# What LanceDB's messages say of files that are missing, truncated or changed. Other errors are faults of a query, of
# the program or of the machine: the index is intact.
_DAMAGE = (
    "lanceerror(io)", "not found", "no such file", "does not exist", "file size is too small", "invalid range",
    "invalid magic", "does not appear to be", "unknown lance storage version", "corrupt", "checksum", "truncated",
    "unexpected end", "out of bounds", "decode", "not a directory",
)  # fmt: skip
# Another writer was first. Nothing is damaged: the change is made again on what it left.
_CONFLICT = ("incompatible transaction", "commit conflict", "concurrent transaction", "too many concurrent writers")
_OF_THE_MACHINE = ("too many open files", "cannot allocate memory", "out of memory", "timed out", "connect")


@contextlib.contextmanager
def mapped(action: str, location: str) -> Iterator[None]:
    """Raise our errors instead of those of LanceDB and the file system.

    `action` completes "The index could not be …": "read", "written".
    """
    try:
        yield
    except (OSError, RuntimeError, ValueError, pa.ArrowException) as error:
        raise _as_store_error(error, action, location) from error


def is_conflict(error: Exception) -> bool:
    """Return whether another writer's commit came between: this one's did not happen."""
    return any(mark in str(error).lower() for mark in _CONFLICT)


def _as_store_error(error: Exception, action: str, location: str) -> StoreError:
    detail = " ".join(str(error).split())
    lowered = detail.lower()
    if "no space left" in lowered or "disk quota" in lowered or getattr(error, "errno", None) == 28:
        return DiskFull(
            f"The disk is full: the index in {location!r} could not be {action}.",
            "Free some space and run the command again; what was committed is intact.",
        )
    if isinstance(error, LinkFound):
        return StoreNotWritable(
            f"The index in {location!r} could not be {action}: {str(error.path)!r} is a link, or no plain file.",
            "Bunko follows no link among its own files. Remove it, or name the place of the index with --store PATH.",
        )
    if isinstance(error, FileExistsError | NotADirectoryError):
        return StoreNotWritable(
            f"The index in {location!r} could not be {action}: there is a file in its place.",
            "Put it elsewhere with --store PATH.",
        )
    if "://" in location and (fault := remote_fault(detail, action, location)):
        return fault
    if isinstance(error, PermissionError) or "permission denied" in lowered or "read-only file system" in lowered:
        return StoreNotWritable(
            f"The index in {location!r} could not be {action}: permission denied.",
            "Put it elsewhere with --store PATH.",
        )
    if is_conflict(error):
        return StoreBusy(
            f"Another process changed the index in {location!r} at the same time.",
            "Run the command again once it has finished, or ask what is there already with --no-sync.",
        )
    message = f"The index in {location!r} could not be {action}: {detail[:300]}"
    if not any(mark in lowered for mark in _DAMAGE) or any(mark in lowered for mark in _OF_THE_MACHINE):
        return StoreError(message, "Run the command again. If it happens again, please report it with this message.")
    return StoreDamaged(
        message,
        "Run: bunko index FOLDER. It reads again what is damaged.",
    )
