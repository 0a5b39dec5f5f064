"""Find the rows of a large table by their keys. In: a table with a column `key`. Out: rows.

A condition `key IN (…)` is parsed, planned and looked up anew in each search. A process that searches often keeps the
row ids of all keys instead: 16 bytes a row. They hold for one version of the table, and are read only once it was asked
several times; a process that asks once never does. What is found is compared with what was wanted. Knows nothing of
what the rows hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bunko.store.remote import is_remote
from bunko.store.tables import INDEX_ROWS, arrow, conditions

# Reading the row ids takes as long as so many look-ups.
_LOOK_UPS = 6
_KEY = 32  # hexadecimal digits
_HASHED = 16  # of them: 64 bits
# Odd, as for any hash of this kind; otherwise any number.
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


class RowIds:
    """The row ids of all keys in one version of a table."""

    def __init__(self, keys: Any, row_ids: Any) -> None:
        """`keys` and `row_ids` are columns of equal length. Raises ValueError if a key has another form."""
        hashes = _hashes(keys)
        order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[order]
        self._row_ids = row_ids.to_numpy()[order]

    def of(self, keys: Sequence[str]) -> list[int]:
        """Return the row ids of all rows with these keys; of a key with the same hash, too, which is very unlikely."""
        wanted = np.unique(_hashes(pa.chunked_array([pa.array(keys, pa.string())])))
        first = np.searchsorted(self._hashes, wanted, side="left")
        last = np.searchsorted(self._hashes, wanted, side="right")
        spans = [self._row_ids[start:end] for start, end in zip(first, last, strict=True)]
        found: list[int] = np.concatenate(spans).tolist() if spans else []
        return found


class RowsByKey:
    """Looks up rows of one table by key, by the quicker way."""

    def __init__(self, location: str) -> None:
        """`location` is that of the index: on an object store, the row ids would be read in full."""
        self._is_local = not is_remote(location)
        self._state: tuple[int, str] = (-1, "")
        self._asked = 0
        self._row_ids: RowIds | None = None

    def look_up(self, table: Any, keys: Sequence[str], columns: Sequence[str], *, beside: str = "") -> Any:
        """Return the rows with these keys as an Arrow table. `beside` is a condition that they must meet."""
        known = self._known(table) if keys and not beside else None
        if known is not None and (rows := _taken(table, known, keys, columns)) is not None:
            return rows
        found = [
            table.search().where(condition).select(list(columns)).limit(None).to_arrow()
            for condition in conditions("key", keys, beside=beside)
        ]
        return pa.concat_tables(found) if found else arrow(table, columns).slice(0, 0)

    def _known(self, table: Any) -> RowIds | None:
        """Return the row ids of the version that the table is at, once they are worth reading."""
        if not self._is_local:
            return None
        state = (int(table.version), str(table.name))
        if state != self._state:
            self._state, self._asked, self._row_ids = state, 0, None
        self._asked += 1
        if self._asked == _LOOK_UPS and table.count_rows() >= INDEX_ROWS:
            columns = table.search().select(["key"]).with_row_id(True).limit(None).to_arrow()
            try:
                self._row_ids = RowIds(columns["key"], columns["_rowid"])
            except ValueError:
                self._row_ids = None
        return self._row_ids


def _taken(table: Any, known: RowIds, keys: Sequence[str], columns: Sequence[str]) -> Any | None:
    """Return the rows by their ids; None where the table has changed meanwhile."""
    try:
        row_ids = known.of(keys)
    except ValueError:
        return None
    if not row_ids:
        return None
    rows = table.take_row_ids(row_ids).select(list(columns)).to_arrow()
    if "_rowid" in rows.column_names and "_rowid" not in columns:
        rows = rows.drop_columns(["_rowid"])
    is_wanted = pc.is_in(rows["key"], pa.array(keys, pa.string()))
    return rows if len(rows) == len(row_ids) and pc.all(is_wanted).as_py() else None


def _hashes(keys: Any) -> Any:
    """Return 64 bits of each key: shape (len(keys),). Raises ValueError if one is not of 32 characters."""
    keys = keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else keys
    if isinstance(keys, pa.ChunkedArray):  # of no chunks
        keys = pa.array([], keys.type)
    keys = keys.cast(pa.binary()).cast(pa.binary(_KEY))
    digits = np.frombuffer(keys.buffers()[1], dtype=np.uint8, count=_KEY * len(keys), offset=_KEY * keys.offset)
    halves = np.ascontiguousarray(digits.reshape(-1, _KEY)[:, :_HASHED]).view("<u8")
    return halves[:, 0] * _MULTIPLIER + halves[:, 1]
