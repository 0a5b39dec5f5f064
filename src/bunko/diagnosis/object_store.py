"""Check an index on an object store: `bunko doctor --store URL`. In: a URL. Out: findings.

Writes a small table beside the index and drops it. Changes nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bunko.diagnosis.findings import Finding
from bunko.errors import BunkoError, NotIndexed, StoreNotWritable

if TYPE_CHECKING:
    from bunko.store import Store

# Milliseconds: a search reads several times.
_SLOW_READ, _SLOW_COMMIT = 500.0, 3000.0


def store_findings(location: str, *, rounds: int = 6) -> Iterator[Finding]:
    """Yield what is there, who writes, whether the store keeps writers apart in so many races, and how fast it is."""
    from bunko.store import Store
    from bunko.store.lease import holder
    from bunko.store.remote import connect

    try:
        store = Store(location, access="read")
        yield _contents(store, location)
        if writer := holder(connect(location), location):
            yield Finding(check="writer", state="ok", detail=f"{writer} is writing to it")
    except NotIndexed as error:
        yield Finding(check="index", state="warning", detail=error.message, cure=error.hint)
    except BunkoError as error:
        yield Finding(check="store", state="problem", detail=error.message, cure=error.hint)
        return
    yield from _race(location, rounds)


def _contents(store: Store, location: str) -> Finding:
    version, documents = store.published(), store.count_documents()
    if version is None:
        detail = f"{documents:,} documents in {location}; no version was published yet"
        return Finding(check="index", state="ok", detail=detail)
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(version.at))
    tables = ", ".join(f"{name} {number}" for name, number in sorted(version.tables.items()))
    detail = f"{documents:,} documents in {location}; version {version.number} of {when} ({tables})"
    return Finding(check="index", state="ok", detail=detail)


def _race(location: str, rounds: int) -> Iterator[Finding]:
    from bunko.store.probe import WRITERS, probe

    try:
        found = probe(location, rounds=rounds)
    except StoreNotWritable as error:
        detail = "may only be read: searches work, and syncs don't"
        yield Finding(check="store writers", state="warning", detail=detail, cure=error.hint)
        return
    except BunkoError as error:
        yield Finding(check="store writers", state="problem", detail=error.message, cure=error.hint)
        return
    if found.keeps_writers_apart:
        detail = f"one winner in each of {found.rounds} races of {WRITERS} writers, and none of {found.added} rows lost"
        yield Finding(check="store writers", state="ok", detail=detail)
    else:
        yield Finding(
            check="store writers",
            state="problem",
            detail=f"the store lets several writers win the same version: it ignores If-None-Match, or looks at it too "
            f"early ({found.added - found.found} of {found.added} rows were lost; winners a race: "
            f"{', '.join(map(str, found.winners))})",
            cure="Don't write to it from two processes. Use a store that passes, or a later version: docs/scaling.md",
        )
    slow = found.read_ms > _SLOW_READ or found.commit_ms > _SLOW_COMMIT
    yield Finding(
        check="store speed",
        state="warning" if slow else "ok",
        detail=f"{found.read_ms:.0f} ms for reading a row, {found.commit_ms:.0f} ms for a commit",
        cure="Search a copy instead: bunko serve --read-only --store URL --cache DIR" if slow else "",
    )
