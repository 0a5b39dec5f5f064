"""The row of a library on an object store that says who writes, and what is published. In: a database. Out: a Row.

One row is changed by compare-and-set: `update … where token = T and number = N` changes it for one of many writers at
once, since a commit of Lance is a conditional PUT (tests/store/test_lease.py). `token` counts the holders of the lease,
`number` the publications. Knows nothing of what the tables hold.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import pyarrow as pa

from bunko.store.faults import is_conflict
from bunko.store.tables import quoted, table_names

CONTROL = "control"
"""The name of the table. No library on a local disk has it."""
_SCHEMA = pa.schema(
    [
        ("holder", pa.string()),
        ("token", pa.int64()),
        ("expires_ms", pa.int64()),
        ("number", pa.int64()),
        ("published", pa.large_string()),
    ]
)
_PAUSES_S = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
T = TypeVar("T")
_FIRST = {"holder": "", "token": 0, "expires_ms": 0, "number": 0, "published": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the row says."""

    holder: str
    """Who writes, such as "Process 12 on hill"; empty: nobody."""
    token: int
    """Counts the holders: a writer whose token is no longer this one has lost the lease."""
    expires_ms: int
    """When the lease ends unless it is renewed, in milliseconds since 1970."""
    number: int
    """Counts the publications; 0: nothing was published yet."""
    published: str
    """The published version as JSON; empty: none."""


def exists(database: Any) -> bool:
    """Return whether a library has the row."""
    return CONTROL in table_names(database)


def open_control(database: Any) -> Any:
    """Return the table, created if there is none. Of many who create it, one does."""
    if not exists(database):
        try:
            return database.create_table(CONTROL, data=pa.Table.from_pylist([_FIRST], schema=_SCHEMA))
        except (OSError, RuntimeError, ValueError) as error:
            # Another process was first, or at the same moment; it may not have written the first version yet.
            if not (isinstance(error, ValueError) or is_conflict(error)):
                raise
    return _retried(lambda: database.open_table(CONTROL), when=lambda error: isinstance(error, ValueError))


def read(table: Any) -> Row:
    """Return the row as it is now."""
    table.checkout_latest()
    (found,) = table.search().limit(2).to_list()
    return Row(**{name: found[name] for name in _SCHEMA.names})


def swap(table: Any, values: Mapping[str, object], **expected: int) -> bool:
    """Change the row if its numbers are still those expected; return whether it was changed.

    Only one of many who expect the same is told True, if each changes one of the numbers that it expects. A commit that
    met another one did not happen, so it is tried again.
    """
    condition = " AND ".join(f"{name} = {value}" for name, value in expected.items())
    assignments = {name: quoted(value) if isinstance(value, str) else str(value) for name, value in values.items()}

    def change() -> bool:
        table.checkout_latest()
        return bool(table.update(where=condition, values_sql=assignments).rows_updated)

    return _retried(change, when=is_conflict)


def _retried(attempt: Callable[[], T], *, when: Callable[[Exception], bool]) -> T:
    """Return what the attempt returns; try again, after longer and longer pauses, where it raises such an error."""
    pauses = iter(_PAUSES_S)
    while True:
        try:
            return attempt()
        except (OSError, RuntimeError, ValueError) as error:
            pause = next(pauses, None)
            if pause is None or not when(error):
                raise
        time.sleep(pause * random.uniform(0.5, 1.5))  # else two that met meet again
