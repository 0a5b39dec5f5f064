"""Work on any LanceDB table: find and delete rows by value, index a column, tidy. Knows no particular table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from bunko.hardware.freed_memory import return_memory

# Below this many rows a full scan is as fast as an index, and exact.
INDEX_ROWS = 20_000
# A larger table is optimised once it has this many unindexed rows or small fragments.
PUT_OFF_ROWS = 1_000
_PUT_OFF_FRAGMENTS = 20
# A reader may keep an older version of a table open for this long.
KEEP_VERSIONS = timedelta(minutes=10)
PREWARMED_BYTES = 256 << 20
"""An index that is larger is read as it is needed."""
_LOOKUP = 2_000  # values in one filter expression


def quoted(value: str) -> str:
    """Return a text as a literal of a filter expression."""
    return "'" + value.replace("'", "''") + "'"


def conditions(column: str, values: Sequence[str], *, beside: str = "") -> Iterator[str]:
    """Yield filter expressions for the rows with one of these values, a limited number of values in each.

    `beside` is another condition that the rows must meet.
    """
    for n in range(0, len(values), _LOOKUP):
        condition = one_of(column, values[n : n + _LOOKUP])
        yield f"{condition} AND ({beside})" if beside else condition


def one_of(column: str, values: Sequence[str]) -> str:
    """Return a filter expression for the rows with one of these values."""
    return f"{column} IN ({', '.join(map(quoted, values))})"


def table_names(database: Any) -> list[str]:
    """Return the names of all tables."""
    return list(database.list_tables().tables)


def arrow(table: Any, columns: Sequence[str]) -> Any:
    """Return whole columns as an Arrow table."""
    return table.search().select(list(columns)).limit(None).to_arrow()


def delete(table: Any, column: str, values: Sequence[str]) -> None:
    """Delete the rows with one of these values."""
    for condition in conditions(column, values):
        table.delete(condition)


def index_column(table: Any, name: str) -> None:
    """Create a lookup index on a column if there is none."""
    if not any(name in index.columns for index in table.list_indices()):
        from bunko.store.quick_lancedb import BTree

        table.create_index(name, config=BTree())


def optimize(table: Any, kept: timedelta = KEEP_VERSIONS) -> None:
    """Merge a table's fragments and update its indexes, unless it is large and little has changed.

    Versions older than `kept` are removed.
    """
    rows = table.count_rows()
    if rows >= INDEX_ROWS:
        return_memory()  # merging takes 100 MB and more
    pending = max((table.index_stats(index.name).num_unindexed_rows for index in table.list_indices()), default=0)
    if rows < INDEX_ROWS or pending >= PUT_OFF_ROWS or _fragments(table) >= _PUT_OFF_FRAGMENTS:
        table.optimize(cleanup_older_than=kept)
    if rows < INDEX_ROWS and _fragments(table) > 1:
        # A fragment is merged only once it is indexed, and BM25 counts deleted rows until it is merged: without a
        # second call, scores would depend on the history of the folder.
        table.optimize(cleanup_older_than=kept)


def prewarm(table: Any) -> None:
    """Read a table's indexes into memory, but for those that would push out others."""
    for index in table.list_indices():
        if (index.size_bytes or 0) <= PREWARMED_BYTES:
            table.prewarm_index(index.name)


def _fragments(table: Any) -> int:
    return int(table.stats()["fragment_stats"]["num_small_fragments"])
