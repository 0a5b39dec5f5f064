"""Where the tables of an index are, and how they are opened, locked and changed there. In: a location. Out: tables.

    LocalPlace    a folder on this machine: a lock file and a seal; a row is replaced by a deletion and an addition
    PinnedPlace   a folder that is a copy of a published version (store/snapshot.py): those versions, read only
    RemotePlace   an object store: a lease, published versions; a row is replaced by one commit (store/remote_place.py)

Knows no columns.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from bunko.errors import StoreNotWritable
from bunko.private_files import make_private, read_plain
from bunko.store.faults import mapped
from bunko.store.remote import connect, is_remote
from bunko.store.seal import SEAL, Seal
from bunko.store.tables import KEEP_VERSIONS, delete, table_names
from bunko.store.writer_lock import writer_lock

if TYPE_CHECKING:
    from bunko.store.published import Published
    from bunko.store.remote_place import RemotePlace

Place: TypeAlias = "LocalPlace | RemotePlace"
"""Opens the tables of one index. The methods raise what LanceDB raises, but for `writing`."""

Access: TypeAlias = Literal["write", "read"]
"""Whether a store may create and change tables, or only read those that are there."""

PUBLISHED_FILE = "published.json"
"""Is in a folder that is a copy of a published version, and names its versions."""
_MOST_BYTES = 10_000_000


def place_of(location: str) -> Place:
    """Return the place of an index. Its folder is created where there is none. Raises OSError."""
    if is_remote(location):
        from bunko.store.remote_place import RemotePlace

        return RemotePlace(location)
    # A sealed index is no copy, whoever put that file into its folder.
    if (Path(location) / PUBLISHED_FILE).exists() and not (Path(location) / SEAL).exists():
        return PinnedPlace(location)
    make_private(Path(location))
    return LocalPlace(location)


class LocalPlace:
    """A folder on this machine's disks."""

    def __init__(self, location: str) -> None:
        """Connect. Raises OSError."""
        self.database = connect(location)
        self._location = location
        self._open: dict[str, Any] = {}

    def names(self) -> list[str]:
        """Return the names of all tables."""
        return table_names(self.database)

    def open(self, name: str) -> Any:
        """Return a table."""
        if name not in self._open:
            self._open[name] = self.database.open_table(name)
        return self._open[name]

    def refresh(self) -> None:
        """See what other processes have committed."""
        for table in self._open.values():
            table.checkout_latest()

    def writing(self, *, wait_s: float) -> contextlib.AbstractContextManager[None]:
        """Hold the lock; seal the index at the end. Raises StoreBusy, with the other process's number."""
        return self._sealed(Path(self._location), wait_s)

    @contextlib.contextmanager
    def _sealed(self, folder: Path, wait_s: float) -> Iterator[None]:
        with writer_lock(folder, wait_s=wait_s):
            seal = Seal(folder)
            with mapped("signed", self._location):
                seal.begin()
            yield
            # Not after an error: what was written is believed all the same, as after a kill.
            with mapped("signed", self._location):
                seal.close()

    def check(self) -> None:
        """Do nothing: the lock is held by the operating system."""

    def share(self, *, at_once: bool = False) -> None:
        """Do nothing: readers see each commit."""

    def put(self, table: Any, rows: Any, *, on: Sequence[str], replacing: Sequence[str] = ()) -> None:
        """Add rows, after the deletion of those whose first column of `on` is in `replacing`."""
        delete(table, on[0], replacing)
        if rows.num_rows:
            table.add(rows)

    def kept(self, name: str) -> timedelta:
        """Return ten minutes: a reader may keep an older version open for this long."""
        return KEEP_VERSIONS

    def published(self) -> Published | None:
        """Return None: readers see the latest versions."""
        return None


class PinnedPlace(LocalPlace):
    """A folder that is a copy of a published version. Whoever copies a later one replaces the file that names it."""

    def __init__(self, location: str) -> None:
        """Connect. Raises OSError, StoreDamaged."""
        super().__init__(location)
        self._stamp = 0
        self._published = self._read()

    def names(self) -> list[str]:
        """Return the names of the published tables."""
        return list(self._published.tables)

    def open(self, name: str) -> Any:
        """Return a table at its published version."""
        if name not in self._open:
            table = self.database.open_table(name)
            table.checkout(self._published.tables[name])
            self._open[name] = table
        return self._open[name]

    def refresh(self) -> None:
        """Go to the version that the file names now."""
        if self._file.stat().st_mtime_ns != self._stamp:
            self._published = self._read()
            for name, table in self._open.items():
                table.checkout(self._published.tables[name])

    def writing(self, *, wait_s: float) -> contextlib.AbstractContextManager[None]:
        """Raise StoreNotWritable."""
        raise StoreNotWritable(
            f"The index in {self._location!r} is a copy of one on an object store.", "Sync that one: --store URL."
        )

    def published(self) -> Published | None:
        """Return the version that is read."""
        return self._published

    @property
    def _file(self) -> Path:
        return Path(self._location) / PUBLISHED_FILE

    def _read(self) -> Published:
        from bunko.store.published import parse

        self._stamp = self._file.stat().st_mtime_ns
        return parse((read_plain(self._file, most=_MOST_BYTES) or b"").decode(), self._location)
