"""The index of a library: where it is, whose it is, opened when first needed. In: a folder, settings. Out: Store.

Loads LanceDB only when the index is opened. Knows nothing of models and questions.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from bunko.errors import NotIndexed, SettingsError, StoreDamaged, StoreError, StoreNotWritable, StoreUntrusted
from bunko.network import is_loopback
from bunko.paths import home_of
from bunko.settings import Settings

if TYPE_CHECKING:
    from bunko.store import Access, Problem, Store

# One of these is there if there is an index, even a damaged one.
_SIGNS = ("documents.lance", "seal.json")


def index_location(root: Path, settings: Settings) -> str:
    """Return where a library's index is, or would be: a path, or the URL of an object store."""
    return settings.store or str(home_of(root) / "store")


def check_online(location: str, settings: Settings) -> None:
    """Raise SettingsError where the settings say offline, and the index is on an object store of another machine."""
    if not settings.offline or "://" not in location:
        return
    from bunko.store.objects import endpoint_of

    endpoint = endpoint_of(os.environ) if location.startswith("s3") else ""
    if not is_loopback(urlsplit(endpoint).hostname or ""):
        raise SettingsError(
            f"The index is at {location!r}, and the settings say offline.", "Omit --offline, or use a local index."
        )


class LibraryIndex:
    """The index of one library. It is kept open once it was opened."""

    def __init__(self, root: Path, settings: Settings, *, access: Access = "write") -> None:
        """Open nothing yet. With "read", it is never created or changed."""
        self._root = root
        self._access = access
        self.location = index_location(root, settings)
        # A folder's own config file may not choose the place.
        self._origin: Literal["folder", "user"] = "user" if settings.store else "folder"
        self._store: Store | None = None
        check_online(self.location, settings)

    @property
    def store(self) -> Store:
        """The index, created if there is none; on an object store, only a sync creates one.

        Raises StoreError; StoreUntrusted for one of somebody else; NotIndexed.
        """
        if self._store is None:
            from bunko.store import open_store

            access = "read" if self.is_remote else self._access
            self._store = open_store(self.location, origin=self._origin, access=access)
        return self._store

    @property
    def is_remote(self) -> bool:
        """Whether it is on an object store."""
        return "://" in self.location

    @property
    def exists(self) -> bool:
        """Whether there is an index. Raises StoreError where an object store can't be reached."""
        if not self.is_remote:
            return any(Path(self.location, name).exists() for name in _SIGNS)
        try:
            return self.store is not None
        except NotIndexed:
            return False
        except StoreDamaged:  # a sync mends it
            return True

    def state(self) -> str:
        """Return a text that changes with every publication of an index on an object store; empty if it is not open."""
        if self._store is None or not self.is_remote:
            return ""
        self._store.refresh()
        version = self._store.published()
        return f"{version.number} {version.at}" if version else ""

    def for_reading(self) -> Store:
        """Return the index, and don't create one. Raises NotIndexed, StoreError."""
        self._check_exists()
        return self.store

    def _check_exists(self) -> None:
        if not self.exists:
            at = f" --store {self.location}" if self.is_remote else ""
            raise NotIndexed(f"{str(self._root)!r} has no index yet.", f"Create it: bunko index {self._root}{at}")

    def open_for_sync(self, *, again: bool, wait_s: float) -> tuple[Store, tuple[str, ...]]:
        """Return the index for a sync, and notes on what was wrong with it; `again`: after a fault was met."""
        from bunko.store import mend, open_for_sync

        if self._access == "read":
            raise StoreNotWritable("This library is read only.", "Sync it where it is made: bunko index FOLDER")
        notes: tuple[str, ...] = ()
        if again:
            notes = mend(self.location, origin=self._origin, wait_s=wait_s)
        elif self._store is not None and self.exists:
            return self._store, ()
        self._store, more = open_for_sync(self.location, origin=self._origin, wait_s=wait_s)
        return self._store, notes + more

    def refresh(self) -> None:
        """See what others have committed since it was opened; an index that was replaced is reopened."""
        if not self.exists:
            self._store = None
        elif self._store is not None:
            self._store.refresh()

    def has_documents(self) -> bool:
        """Return whether there is an index that can be believed, with documents in it."""
        try:
            self.refresh()
            return self.exists and self.store.count_documents() > 0
        except StoreError:
            return False

    def count_documents(self) -> int:
        """Return the number of documents; 0 where there is no index, or a sync has to mend it first."""
        if not self.exists:
            self._store = None
        try:
            return self.for_reading().count_documents()
        except (NotIndexed, StoreDamaged, StoreUntrusted):
            return 0

    def check(self) -> tuple[Problem, ...]:
        """Compare all of the index with its checksums and counts; return what is wrong. Changes nothing.

        Raises NotIndexed, StoreUntrusted, StoreNotWritable.
        """
        from bunko.store import check

        self._check_exists()
        return check(self.location, origin=self._origin)
