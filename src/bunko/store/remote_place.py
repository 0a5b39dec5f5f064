"""Open, lease and publish the tables of an index on an object store. In: a URL. Out: tables, at published versions.

Outside `writing()`, a table is at the version that was published last (store/published.py); where none ever was, as in
a copied index, at the latest. Inside, it is at the latest one: the writer's own. Knows no columns.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from bunko.errors import StoreError
from bunko.store.control import CONTROL
from bunko.store.faults import mapped
from bunko.store.lease import Lease, acquire
from bunko.store.published import Published, Publisher, published, recover
from bunko.store.remote import connect
from bunko.store.tables import conditions, table_names

# Readers see what a long sync has written after so many seconds, and a killed one loses no more.
SHARE_S = 30.0
# A reader looks for a new version no more often than this.
LOOK_S = 2.0
# Versions younger than this stay: replicas read them, and a writer goes back to the published one.
_KEEP_VERSIONS = timedelta(days=2)
# Between the clocks of two machines, and more than a commit takes.
_MARGIN = timedelta(hours=1)


class RemotePlace:
    """A library on an object store."""

    def __init__(self, location: str) -> None:
        """Connect, and read what is published. Raises what LanceDB raises, StoreError."""
        self.database = connect(location)
        self._location = location
        self._open: dict[str, Any] = {}
        self._lease: Lease | None = None
        self._publisher: Publisher | None = None
        self._shared_at = 0.0
        self._published = published(self.database, location)
        self._looked_at = time.monotonic()

    def names(self) -> list[str]:
        """Return the names of the tables that are read."""
        if self._publisher is None and self._published is not None:
            return list(self._published.tables)
        return [name for name in table_names(self.database) if name != CONTROL]

    def open(self, name: str) -> Any:
        """Return a table."""
        if name not in self._open:
            table = self.database.open_table(name)
            self._pin(name, table)
            self._open[name] = table
        return self._open[name]

    def refresh(self) -> None:
        """See what was published since. A writer sees the latest versions."""
        if self._publisher is not None:
            for table in self._open.values():
                table.checkout_latest()
        elif time.monotonic() - self._looked_at >= LOOK_S:
            before, self._published = self._published, published(self.database, self._location)
            self._looked_at = time.monotonic()
            if self._published is None or before is None or self._published.number != before.number:
                self._pin_all()

    @contextlib.contextmanager
    def writing(self, *, wait_s: float) -> Iterator[None]:
        """Hold the lease; take back what a killed writer left, and publish at the end. Raises StoreBusy, StoreError.

        After an error nothing is published: the next writer takes back what was written since the last publication.
        """
        with acquire(self.database, self._location, wait_s=wait_s) as lease:
            self._publisher, _ = recover(self.database, self._location, lease)
            self._lease, self._shared_at = lease, time.monotonic()
            try:
                with mapped("read", self._location):
                    self.refresh()
                yield
                self._publish()
            finally:
                self._lease = self._publisher = None
                with contextlib.suppress(StoreError), mapped("read", self._location):
                    self._look()

    def check(self) -> None:
        """Raise LeaseLost where another process may write by now."""
        if self._lease is not None:
            self._lease.check()

    def share(self, *, at_once: bool = False) -> None:
        """Publish what was written so far; if not `at_once`, every half minute at most."""
        if self._publisher is not None and (at_once or time.monotonic() - self._shared_at >= SHARE_S):
            self._publish()

    def put(self, table: Any, rows: Any, *, on: Sequence[str], replacing: Sequence[str] = ()) -> None:
        """Add rows in one commit. Those with the same `on` go, and those whose first column of it is in `replacing`.

        Rows of one key never double, whoever writes them at the same time.
        """
        if not rows.num_rows:
            for condition in conditions(on[0], list(replacing)):
                table.delete(condition)
            return
        merge = table.merge_insert(list(on)).when_matched_update_all().when_not_matched_insert_all()
        if replacing:
            merge = merge.when_not_matched_by_source_delete(" OR ".join(conditions(on[0], list(replacing))))
        # With the primary key of the table, whose columns can't be null.
        merge.execute(rows.cast(table.schema))

    def kept(self, name: str) -> timedelta:
        """Return two days, or more, so that the published version of a table is never cleaned up."""
        latest = self._publisher.latest if self._publisher else None
        if latest is None or name not in latest.since:
            return _KEEP_VERSIONS
        return max(_KEEP_VERSIONS, timedelta(seconds=time.time() - latest.since[name]) + _MARGIN)

    def published(self) -> Published | None:
        """Return the version that is read; None where none was published yet."""
        return self._published

    def _publish(self) -> None:
        assert self._publisher is not None
        with mapped("read", self._location):
            names = self.names()
            versions = {name: self._latest(name) for name in names}
        self._publisher.publish(versions)
        self._shared_at = time.monotonic()

    def _latest(self, name: str) -> int:
        """Return the version of the writer's own last commit; of a table that it did not open, the latest."""
        return int(self.open(name).version)

    def _look(self) -> None:
        self._published = published(self.database, self._location)
        self._looked_at = time.monotonic()
        self._pin_all()

    def _pin_all(self) -> None:
        for name, table in self._open.items():
            self._pin(name, table)

    def _pin(self, name: str, table: Any) -> None:
        if self._publisher is not None or self._published is None:
            table.checkout_latest()
        elif name in self._published.tables:
            table.checkout(self._published.tables[name])
