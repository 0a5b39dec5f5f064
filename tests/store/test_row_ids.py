"""Rows of a large table are found by their ids: the same as by a condition, also after the table has changed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bunko.store.quick_lancedb import lancedb
from bunko.store.row_ids import _LOOK_UPS, RowIds, RowsByKey

_ROWS = 300


def _key(n: int) -> str:
    return hashlib.blake2b(str(n).encode(), digest_size=16).hexdigest()


def _rows(numbers: range) -> Any:
    return pa.table({"key": [_key(n) for n in numbers], "n": list(numbers)})


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("bunko.store.row_ids.INDEX_ROWS", _ROWS)
    made = lancedb.connect(str(tmp_path)).create_table("rows", _rows(range(_ROWS)))
    made.add(_rows(range(10)))  # ten keys twice
    return made


def _numbers(rows: Any) -> list[int]:
    found: list[int] = sorted(rows["n"].to_pylist())
    return found


def test_rows_are_the_same_by_either_way(table: Any) -> None:
    by_key, wanted = RowsByKey("/srv/lib"), [_key(n) for n in (3, 200, 7, 999)]
    for _ in range(_LOOK_UPS + 2):
        rows = by_key.look_up(table, wanted, ["key", "n"])
        assert _numbers(rows) == [3, 3, 7, 7, 200]
        assert rows.column_names == ["key", "n"]
    assert by_key._row_ids is not None
    assert _numbers(by_key.look_up(table, [_key(999)], ["key", "n"])) == []
    assert by_key.look_up(table, [], ["key", "n"]).num_rows == 0


def test_a_changed_table_is_read_anew(table: Any) -> None:
    by_key = RowsByKey("/srv/lib")
    for _ in range(_LOOK_UPS):
        by_key.look_up(table, [_key(5)], ["key", "n"])
    table.delete(f"key = '{_key(5)}'")
    table.add(_rows(range(700, 702)))
    table.optimize()
    for _ in range(_LOOK_UPS + 1):
        assert _numbers(by_key.look_up(table, [_key(5), _key(6), _key(701)], ["key", "n"])) == [6, 6, 701]


def test_ids_of_another_version_are_not_believed(table: Any) -> None:
    by_key = RowsByKey("/srv/lib")
    for _ in range(_LOOK_UPS):
        by_key.look_up(table, [_key(5)], ["key", "n"])
    columns = table.search().select(["key"]).with_row_id(True).limit(None).to_arrow()
    by_key._row_ids = RowIds(columns["key"], pa.chunked_array([np.roll(columns["_rowid"].to_numpy(), 1)]))
    assert _numbers(by_key.look_up(table, [_key(5), _key(200)], ["key", "n"])) == [5, 5, 200]


def test_keys_of_another_form_are_looked_up_by_a_condition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bunko.store.row_ids.INDEX_ROWS", 2)
    short = lancedb.connect(str(tmp_path)).create_table("rows", pa.table({"key": ["a", "b"], "n": [1, 2]}))
    by_key = RowsByKey("/srv/lib")
    for _ in range(_LOOK_UPS + 1):
        assert _numbers(by_key.look_up(short, ["b", _key(1)], ["key", "n"])) == [2]
    with pytest.raises(ValueError, match="32"):
        RowIds(pa.array(["a"]), pa.array([0]))


def test_an_object_store_is_not_read_in_full(table: Any) -> None:
    by_key = RowsByKey("s3://bucket/lib")
    for _ in range(_LOOK_UPS + 1):
        assert _numbers(by_key.look_up(table, [_key(5)], ["key", "n"])) == [5, 5]
    assert by_key._row_ids is None
