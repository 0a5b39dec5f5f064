"""Decide whether an index is believed, and open it. In: its place, and who named it. Out: a Store.

An index that lies in the folder of documents is believed if this user's installation made it (store/seal.py). Else
`open_store` refuses it, and `open_for_sync` empties it, so that it is made again from the documents. An index that the
user named himself, as with --store, is believed. Knows nothing of documents.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Literal, TypeAlias

from bunko.errors import StoreDamaged, StoreUntrusted
from bunko.private_files import LinkFound, link_above
from bunko.signing import data_directory, user_key
from bunko.store.checking import Problem, check_store
from bunko.store.creation import CORE_TABLES
from bunko.store.faults import mapped
from bunko.store.place import Access
from bunko.store.remote import is_remote
from bunko.store.remote_mending import mend_remote
from bunko.store.seal import SEAL, Seal, Verdict
from bunko.store.store import Store
from bunko.store.writer_lock import writer_lock

Origin: TypeAlias = Literal["folder", "user"]
"""Who chose the place of an index: it lies in the folder of documents, or the user named it."""


def open_store(location: str, *, origin: Origin, access: Access = "write") -> Store:
    """Open an index; with "write", create it where there is none.

    Raises StoreUntrusted, StoreDamaged, StoreNotWritable, StoreTooNew; with "read", NotIndexed.
    """
    verdict = _judge(location, origin)
    if verdict.is_foreign:
        raise StoreUntrusted(f"The index in {location!r} {_foreign()}.", _CURE)
    if verdict.faults:
        raise StoreDamaged(
            f"The index in {location!r} is damaged: {'; '.join(_told(verdict))}.",
            "Run: bunko index FOLDER. It reads again what is damaged.",
        )
    return Store(location, access=access)


def open_for_sync(location: str, *, origin: Origin, wait_s: float) -> tuple[Store, tuple[str, ...]]:
    """Open an index for a sync, without what can't be believed. Returns notes on what has to be made again.

    Waits up to `wait_s` seconds for another writer. Raises StoreBusy, StoreNotWritable, StoreTooNew.
    """
    notes: tuple[str, ...] = ()
    if not _judge(location, origin).is_sound:
        folder = Path(location)
        with writer_lock(folder, wait_s=wait_s), mapped("mended", location):
            verdict = _judge(location, origin)  # another process may have mended it meanwhile
            if verdict.is_foreign:
                _empty(folder)
                notes = (f"The index in {location!r} {_foreign()}: it is made again from the documents.",)
            elif verdict.faults:
                _drop(folder, verdict.faults)
                notes = tuple(f"The index was damaged, and is mended: {fault}." for fault in _told(verdict))
            Seal(folder).close()
    store = Store(location, wait_s=wait_s)
    if user_key() is None and origin == "folder" and not is_remote(location):
        notes += (
            f"The index can't be signed, since {str(data_directory())!r} is not writable: the next command makes it "
            "again. Make that folder writable, or name the place of the index with --store PATH.",
        )
    return store, notes


def mend(location: str, *, origin: Origin, wait_s: float) -> tuple[str, ...]:
    """Drop the tables that can't be read; return what was wrong, or nothing if all is whole. A sync fills them again.

    Raises StoreBusy, StoreNotWritable.
    """
    if is_remote(location):
        return mend_remote(location, wait_s=wait_s)
    folder = Path(location)
    with writer_lock(folder, wait_s=wait_s), mapped("mended", location):
        problems = check_store(location, origin=origin)
        if problems:
            _drop(folder, {problem.table for problem in problems})
            Seal(folder).close()
    return tuple(f"The index was damaged, and is mended: {problem}." for problem in problems)


def check(location: str, *, origin: Origin) -> tuple[Problem, ...]:
    """Compare all contents of an index with their checksums and counts. Changes nothing.

    Raises StoreUntrusted, StoreNotWritable.
    """
    if _judge(location, origin).is_foreign:
        raise StoreUntrusted(f"The index in {location!r} {_foreign()}.", _CURE)
    return check_store(location, origin=origin)


def _judge(location: str, origin: Origin) -> Verdict:
    if origin == "user" or is_remote(location):
        return Verdict()
    folder = Path(location)
    with mapped("opened", location):
        if found := link_above(folder):
            raise LinkFound(found)
        return Seal(folder).judge()


def _empty(folder: Path) -> None:
    """Remove all that another installation left, but the lock that is held."""
    for path in folder.iterdir():
        if path.name.endswith(".lance"):
            _remove(path)
        elif path.name == SEAL or path.name.startswith("answers.sqlite"):
            path.unlink()


def _drop(folder: Path, tables: Collection[str]) -> None:
    """Remove damaged tables. Those of the documents belong together; vectors that are whole stay."""
    damaged = {table.removesuffix(".lance") for table in tables}
    if any(table in CORE_TABLES for table in damaged):
        damaged |= set(CORE_TABLES)
    for table in sorted(damaged):
        _remove(folder / f"{table}.lance")


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def _told(verdict: Verdict) -> list[str]:
    return [f"{table.removesuffix('.lance')}: {fault}" for table, fault in verdict.faults.items()]


def _foreign() -> str:
    return "was not made by your installation of Bunko (it came with the folder, or is from an older version)"


_CURE = "Make it again: bunko index FOLDER. If you trust it, name it: --store PATH."
