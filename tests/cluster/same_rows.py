"""Compare two indexes row by row. In: their places. Out: every difference, but for when a row was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from bunko.store import Store
from bunko.store.remote import connect
from bunko.store.tables import table_names

_WHEN = "indexed_at"
_TABLES = ("chunks", "documents", "files")


def rows_of(location: str, *, but: Sequence[str] = ()) -> dict[str, Counter[Any]]:
    """Return the rows of each table without some columns, and how often each is there; vectors in thousandths.

    Of an object store, those of the published version.
    """
    store = Store(location, access="read")
    database = connect(location)
    found: dict[str, Counter[Any]] = {}
    published = store.published()
    for name in table_names(database):
        if name not in _TABLES and not name.startswith("vectors_"):
            continue
        opened = database.open_table(name)
        if published:
            opened.checkout(published.tables[name])
        table = opened.search().limit(None).to_arrow()
        table = table.drop_columns([column for column in (_WHEN, *but) if column in table.column_names])
        found[name] = Counter(tuple(map(_frozen, row.values())) for row in table.to_pylist())
    return found


def differences(one: str, other: str, *, but: Sequence[str] = ()) -> list[str]:
    """Return what differs between two indexes, but for some columns; empty if their rows are the same."""
    first, second = rows_of(one, but=but), rows_of(other, but=but)
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


if __name__ == "__main__":  # in a process that reaches the object store
    import json
    import sys

    one, other, *without = sys.argv[1:]
    sys.stdout.write(json.dumps({"differences": differences(one, other, but=without), "doubled": doubled(one)}))
