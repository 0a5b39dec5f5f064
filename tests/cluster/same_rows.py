"""Compare two indexes row by row. In: their places. Out: every difference, but for when a row was written."""

from __future__ import annotations

from collections import Counter
from typing import Any

from bunko.store.remote import connect
from bunko.store.tables import table_names

_WHEN = "indexed_at"
_TABLES = ("chunks", "documents", "files")


def rows_of(location: str) -> dict[str, Counter[Any]]:
    """Return the rows of each table, and how often each is there; vectors in thousandths."""
    database = connect(location)
    found: dict[str, Counter[Any]] = {}
    for name in table_names(database):
        if name not in _TABLES and not name.startswith("vectors_"):
            continue
        table = database.open_table(name).search().limit(None).to_arrow()
        table = table.drop_columns([_WHEN]) if _WHEN in table.column_names else table
        found[name] = Counter(tuple(map(_frozen, row.values())) for row in table.to_pylist())
    return found


def differences(one: str, other: str) -> list[str]:
    """Return what differs between two indexes; empty if their rows are the same."""
    first, second = rows_of(one), rows_of(other)
    found = [f"only one has the table {name}" for name in first.keys() ^ second.keys()]
    for name in sorted(first.keys() & second.keys()):
        for sign, rows in (("-", first[name] - second[name]), ("+", second[name] - first[name])):
            found += [f"{name} {sign} {str(row)[:120]}" for row in rows.elements()]
    return found


def doubled(location: str) -> list[str]:
    """Return the keys of vectors and the paths of files and documents that are there more than once."""
    keys = {"documents": 0, "files": 0}
    found = []
    for name, rows in rows_of(location).items():
        if name != "chunks":
            counted = Counter(row[keys.get(name, 0)] for row in rows.elements())
            found += [f"{name}: {key}" for key, times in counted.items() if times > 1]
    return found


def _frozen(value: Any) -> Any:
    return tuple(round(number, 3) for number in value) if isinstance(value, list) else value
