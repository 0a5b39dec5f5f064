"""Publish versions of a library on an object store. In: a database, a Lease. Out: Published.

A commit changes one table; a library has several. Readers see the tables at the versions that one row names
(store/control.py), so all of a publication or nothing of it. The row is swapped by compare-and-set, with the token of
the lease: a writer that has lost its lease publishes nothing. A writer that was killed leaves commits that no row
names: `recover` takes them back. Knows no columns.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bunko.errors import LeaseLost, StoreDamaged
from bunko.store import control
from bunko.store.faults import mapped
from bunko.store.lease import Lease
from bunko.store.tables import table_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A consistent set of versions of a library's tables."""

    number: int
    """Counts the publications of the library, from 1."""
    at: float
    """Seconds since 1970."""
    tables: Mapping[str, int]
    """The version of each table, by its name."""
    since: Mapping[str, float] = field(default_factory=dict)
    """A time before which each table's version was not committed, in seconds since 1970: a clean-up keeps it."""


def published(database: Any, location: str) -> Published | None:
    """Return the published version; None where none was published, as of a copied index. Raises StoreError."""
    with mapped("read", location):
        if not control.exists(database):
            return None
        row = control.read(database.open_table(control.CONTROL))
    return from_row(row, location)


def from_row(row: control.Row, location: str) -> Published | None:
    """Return what a row publishes. Raises StoreDamaged where it can't be parsed."""
    return parse(row.published, location) if row.published else None


def parse(text: str, location: str) -> Published:
    """Return a published version from its JSON. Raises StoreDamaged."""
    try:
        tree = json.loads(text)
        return Published(
            number=int(tree["number"]),
            at=float(tree["at"]),
            tables={str(name): int(version) for name, version in tree["tables"].items()},
            since={str(name): float(at) for name, at in tree["since"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreDamaged(
            f"The published version of the index in {location!r} can't be read: {text[:100]!r}.",
            "Delete the table control.lance there and run: bunko index FOLDER --store URL",
        ) from error


def as_json(version: Published) -> str:
    """Return a published version as JSON, which `parse` reads."""
    return json.dumps(asdict(version))


class Publisher:
    """Publishes what the holder of a lease has committed."""

    def __init__(self, database: Any, location: str, lease: Lease) -> None:
        """Read what is published now. Raises StoreError."""
        self._location = location
        self._lease = lease
        self._begin = time.time()
        self.latest = published(database, location)
        """What is published now; None: nothing yet."""

    def publish(self, tables: Mapping[str, int]) -> Published:
        """Make these versions, by the tables' names, the ones that readers see. Nothing changes where they are already.

        Raises LeaseLost where another writer has the lease, or has published.
        """
        before = self.latest
        if before is not None and dict(before.tables) == dict(tables):
            return before
        number = before.number if before else 0
        known = (before.tables, before.since) if before else ({}, {})
        since = {
            name: known[1].get(name, self._begin) if known[0].get(name) == version else self._begin
            for name, version in tables.items()
        }
        version = Published(number=number + 1, at=time.time(), tables=dict(tables), since=since)
        if not self._lease.swap({"published": as_json(version), "number": version.number}, number=number):
            raise LeaseLost(
                f"Another process has published version {number + 1} of the index in {self._location!r} meanwhile.",
                "Run the command again.",
            )
        self.latest = version
        return version


def recover(database: Any, location: str, lease: Lease) -> tuple[Publisher, tuple[str, ...]]:
    """Take back what a killed writer committed and did not publish. Returns a Publisher and the restored tables.

    Each is restored by a commit of its own, and the result is published. Tables that no publication names stay. Raises
    LeaseLost, StoreError; StoreDamaged where a published version is gone.
    """
    publisher = Publisher(database, location, lease)
    if publisher.latest is None:
        return publisher, ()
    undone = []
    versions = dict(publisher.latest.tables)
    there = table_names(database)
    for name, version in publisher.latest.tables.items():
        if name not in there:
            raise StoreDamaged(
                f"The index in {location!r} has lost its table {name!r}.",
                "Index it again in an empty place: bunko index FOLDER --store URL",
            )
        with mapped("restored", location):
            table = database.open_table(name)
            if (latest := int(table.version)) == version:
                continue
            lease.check()
            table.checkout(version)
            table.restore()
            versions[name] = int(table.version)
        undone.append(f"{name}: version {latest} back to {version}")
    if undone:
        publisher.publish(versions)
    return publisher, tuple(undone)
