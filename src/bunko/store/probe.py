"""Try whether an object store keeps writers apart, and how fast it is. In: a URL. Out: Probe.

A commit of Lance is a PUT of the next version's manifest that the store must refuse where there is one already
(`If-None-Match: *`). Some stores ignore the condition, and some look at it too early and let several writers win: then
commits are lost without an error. The race is run with Lance itself, on a table that is made beside the index for it,
and dropped afterwards.
"""

from __future__ import annotations

import secrets
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bunko.errors import StoreBusy
from bunko.store.faults import mapped
from bunko.store.remote import connect

WRITERS = 8
_READS = 7
PROBE_PREFIX = "doctor_"
"""Begins the names of tables for a race: one whose process was killed may be dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """How a store behaved."""

    rounds: int
    winners: tuple[int, ...]
    """Of each round, how many writers were told that they changed the row: 1 is right."""
    added: int
    """Rows whose addition was reported as done."""
    found: int
    """How many of them are there."""
    read_ms: float
    """Milliseconds of reading one row, from the latest version; the median."""
    commit_ms: float
    """Milliseconds of a commit without others; the median."""

    @property
    def keeps_writers_apart(self) -> bool:
        """Whether no commit was lost or won twice."""
        return set(self.winners) == {1} and self.added == self.found


def probe(location: str, *, rounds: int) -> Probe:
    """Race writers for a row, and count. Raises StoreError; StoreNotWritable where the credentials only read."""
    name = PROBE_PREFIX + secrets.token_hex(6)
    with mapped("written", location):
        database = connect(location)
        table = database.create_table(name, [{"kind": "row", "n": 0}])
    try:
        with mapped("written", location):
            commits = [_timed(lambda: table.add([{"kind": "alone", "n": 0}])) for _ in range(3)]
            reads = [_timed(lambda: (table.checkout_latest(), table.count_rows("n = 0"))) for _ in range(_READS)]
            winners, added = [], 0
            for n in range(rounds):
                won, done = _round(location, name, n)
                winners.append(won)
                added += done
                table.checkout_latest()
                table.update(where="kind = 'row'", values={"n": n + 1})
            found = int(table.count_rows("kind = 'race'"))
    finally:
        with mapped("written", location):
            database.drop_table(name, ignore_missing=True)
    return Probe(
        rounds=rounds,
        winners=tuple(winners),
        added=added,
        found=found,
        read_ms=statistics.median(reads),
        commit_ms=statistics.median(commits),
    )


def _round(location: str, name: str, n: int) -> tuple[int, int]:
    """Return how many writers were told that they changed the row, and how many that they added one."""
    tables = [connect(location).open_table(name) for _ in range(WRITERS)]

    def change(who: int) -> bool:
        return bool(tables[who].update(where=f"kind = 'row' AND n = {n}", values={"n": -1 - who}).rows_updated)

    def add(who: int) -> bool:
        tables[who].add([{"kind": "race", "n": who}])
        return True

    return _at_once(change, location), _at_once(add, location)


def _at_once(write: Callable[[int], bool], location: str) -> int:
    """Return how many of the writers, who begin at the same moment, are told that they have done it."""
    gate = threading.Barrier(WRITERS)

    def begin(who: int) -> bool:
        gate.wait()
        try:
            with mapped("written", location):
                return write(who)
        except StoreBusy:  # another one was first
            return False

    with ThreadPoolExecutor(WRITERS) as pool:
        return sum(pool.map(begin, range(WRITERS)))


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1000
