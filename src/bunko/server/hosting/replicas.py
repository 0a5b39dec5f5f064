"""A library that is served from an object store and never changed. In: its URL. Out: a HostedLibrary.

A copy of the published version is kept in a folder of this machine, and searched there; a thread looks for a later one.
Where the copy does not fit on the disk, or the user wants none, the store itself is searched. Knows nothing of
requests.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bunko.embedding.choice import embedder_of
from bunko.errors import BunkoError, DiskFull, StoreError, StoreNotWritable
from bunko.library import Library
from bunko.library_index import check_online
from bunko.paths import folder_for
from bunko.private_files import make_private
from bunko.server.hosting.libraries import HostedLibrary
from bunko.settings import AUTO_EMBEDDER, cache_directory
from bunko.types import SyncReport

if TYPE_CHECKING:
    from bunko.engines import Engines
    from bunko.settings import Settings
    from bunko.store.snapshot import Snapshot

LOOK_S = 5.0
"""Seconds between two looks for a new version. Fetching and opening it takes up to as long again."""
NO_CACHE = "none"


class Replica(HostedLibrary):
    """A library that is only read, from a copy of its published version or from the store."""

    is_replica = True

    def __init__(self, name: str, location: str, *, settings: Settings, engines: Engines, cache: str = "") -> None:
        """`cache` is the folder of the copy; empty: one in the cache directory; "none": no copy.

        Raises StoreNotWritable where the folder can't be made; SettingsError where the settings say offline.
        """
        check_online(location, settings)
        self._url = location
        self._cache = cache
        named = cache not in ("", NO_CACHE)
        here = folder_for(location, cache_directory(replace(settings, cache_dir=cache) if named else settings))
        try:
            make_private(here)
        except OSError as error:
            raise StoreNotWritable(
                f"The folder {str(here)!r} can't be made: {error}.", "Name another: --cache"
            ) from error
        self._copy = here / "copy"
        self._snapshot: Snapshot | None = None
        self._is_embedder_chosen = settings.embedder != AUTO_EMBEDDER
        place = location if cache == NO_CACHE else str(self._copy)
        super().__init__(name, here, settings=replace(settings, store=place), engines=engines)
        self.title = name

    @property
    def own_files(self) -> str:
        """The folder beside which this machine keeps its own files of the library."""
        return str(self.root / ".bunko" / "store")

    def follow(self) -> None:
        """Start the thread that looks for new versions. It ends with `close`."""
        threading.Thread(target=self._look, name=f"follow-{self.name}", daemon=True).start()

    def sync(self, **how: Any) -> SyncReport:
        """Raise StoreNotWritable."""
        raise _read_only(self.name)

    def complete(self) -> None:
        """Do nothing: whoever makes the index makes all vectors."""

    def _open(self) -> Library:
        return Library(self.root, settings=self.settings, engines=self._engines, access="read")

    def _look(self) -> None:
        while not self._stop.is_set():
            try:
                self._update()
            except BunkoError as error:
                self._failed(error)
            except Exception as error:  # noqa: BLE001 - a fault in one library must not end the others
                self._failed(StoreError(f"Looking for a new version failed: {type(error).__name__}: {error}"))
            self._stop.wait(LOOK_S)

    def _update(self) -> None:
        """Go to the published version."""
        self._fetch()
        with self.borrowed() as library:
            found = library.store.published()
            number = found.number if found else 0
            if self.report is not None and number == self.version:
                self.error = None
                return
            self._choose_embedder(library.store.embedders())
            documents, chunks = library.store.count_documents(), library.store.count_chunks()
        self.report = SyncReport(unchanged=documents, documents=documents, chunks=chunks)
        self._warm_up()
        self.version, self.error, self.state = number, None, "ready"

    def _fetch(self) -> None:
        """Bring the copy up to date. Where the first one does not fit on the disk, the store is used from now on."""
        if self.settings.store == self._url:
            return
        from bunko.store.snapshot import Snapshot

        if self._snapshot is None:
            self._snapshot = Snapshot(self._url, self._copy)
        try:
            self._snapshot.update()
        except DiskFull:
            if self._snapshot.here is not None:
                raise
            with self._lock:
                self.settings = replace(self.settings, store=self._url)
                self._idle.clear()

    def _warm_up(self) -> None:
        """Read the indexes of a store before the first question waits for them."""
        if self.settings.store == self._url:
            with contextlib.suppress(BunkoError), self.borrowed() as library:
                library.store.prewarm(library.embedder.spec)
        super()._warm_up()

    def _choose_embedder(self, identities: Sequence[str]) -> None:
        """Take the embedder that the index was made with, unless the user named one."""
        name = "" if self._is_embedder_chosen else embedder_of(identities)
        if name and name != self.settings.embedder:
            self.settings = replace(self.settings, embedder=name)
            with self._lock:
                self._idle.clear()

    def _failed(self, error: BunkoError) -> None:
        """Keep on serving the version that is here, if there is one."""
        self.error = error
        if self.report is None:
            self.state = "failed"


def _read_only(name: str) -> StoreNotWritable:
    return StoreNotWritable(f"The library {name!r} is read only here.", "Sync it where it is made: bunko index FOLDER")


def replica_of(location: str, *, settings: Settings, engines: Engines, cache: str) -> Replica:
    """Return the library at a URL, under the last part of it as its name."""
    name = location.rstrip("/").rpartition("/")[2] or "library"
    return Replica(name, location, settings=settings, engines=engines, cache=cache)
