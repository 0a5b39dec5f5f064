"""What is done to any table: find and delete by values, index a column, tidy. Knows LanceDB, and no names of tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from bunko.store.quick_lancedb import BTree

# Below this many rows, looking at every one is as fast as an index, and exact.
INDEX_ROWS = 20_000
# In a table of that size, so many rows without an index, or small pieces, are left for a later sync.
PUT_OFF_ROWS = 1_000
_PUT_OFF_PIECES = 20
# Readers that hold an older version of a table open may go on for this long.
_KEEP_VERSIONS = timedelta(minutes=10)
_LOOKUP = 2_000  # values in one filter expression


def quoted(value: str) -> str:
    """Return a text as it stands in a filter expression."""
    return "'" + value.replace("'", "''") + "'"


def conditions(column: str, values: Sequence[str]) -> Iterator[str]:
    """Yield filter expressions for the rows with one of these values, as many values in each as are quick."""
    for n in range(0, len(values), _LOOKUP):
        yield f"{column} IN ({', '.join(map(quoted, values[n : n + _LOOKUP]))})"


def delete(table: Any, column: str, values: Sequence[str]) -> None:
    """Delete the rows with one of these values."""
    for condition in conditions(column, values):
        table.delete(condition)


def index_column(table: Any, name: str) -> None:
    """Make an index for looking values up, if there is none."""
    if not any(name in index.columns for index in table.list_indices()):
        table.create_index(name, config=BTree())


def optimize(table: Any) -> None:
    """Merge a table's pieces and bring its indexes up to date, unless it is large and little has changed."""
    rows = table.count_rows()
    pending = max((table.index_stats(index.name).num_unindexed_rows for index in table.list_indices()), default=0)
    if rows < INDEX_ROWS or pending >= PUT_OFF_ROWS or _pieces(table) >= _PUT_OFF_PIECES:
        table.optimize(cleanup_older_than=_KEEP_VERSIONS)
    if rows < INDEX_ROWS and _pieces(table) > 1:
        # Pieces of which one was not in the index yet are merged only now, and what was deleted counts for BM25 till
        # then: a folder's scores would depend on how it came to be.
        table.optimize(cleanup_older_than=_KEEP_VERSIONS)


def _pieces(table: Any) -> int:
    return int(table.stats()["fragment_stats"]["num_small_fragments"])
