"""Run one SELECT over rows in memory, with DuckDB. In: a Table, SQL. Out: the result's rows.

The database has no file, no network, no extension and no other table; its settings are locked. A query that takes too
long is interrupted. The only module that imports `duckdb`.
"""

from __future__ import annotations

import contextlib
import datetime
import importlib.util
import threading
from collections.abc import Iterator, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any, TypeAlias

from bunko.rows.table import Column, Table

Cell: TypeAlias = "str | int | float | Decimal | datetime.date | None"

ROW = "__row"
"""The column that numbers the rows of a table from 0, beside the sheet's own columns."""
MOST_RESULT_ROWS = 1_000
_TIMEOUT_S = 5.0
_MEMORY = "512MB"
_SETTINGS = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
    "allow_persistent_secrets": "false",
    "temp_directory": "",
    "threads": "2",
    "memory_limit": _MEMORY,
    "preserve_insertion_order": "true",
}


class QueryFailed(Exception):
    """A query that DuckDB refused, or that took too much time or memory. Callers turn it into a note."""


def is_installed() -> bool:
    """Return whether DuckDB is there, without loading it."""
    return importlib.util.find_spec("duckdb") is not None


class Database:
    """A database in memory that holds one table. Close it, or use it in a `with` block."""

    def __init__(self, table: Table, *, timeout_s: float = _TIMEOUT_S) -> None:
        """Load the table. `timeout_s` limits each query. Raises QueryFailed."""
        import duckdb

        self._errors: Any = duckdb.Error
        self._timeout_s = timeout_s
        self._name = table.name
        self._connection: Any = duckdb.connect(":memory:", config=_SETTINGS)
        with self._limited():
            self._connection.register("rows in memory", _arrow(table))
            self._connection.execute(f'CREATE TABLE {quoted(table.name)} AS SELECT * FROM "rows in memory"')
            self._connection.unregister("rows in memory")
            self._connection.execute("SET lock_configuration = true")

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the memory."""
        self._connection.close()

    def run(self, sql: str, *, most: int = MOST_RESULT_ROWS) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
        """Return the names of the result's columns, and at most `most` rows. Raises QueryFailed."""
        with self._limited():
            result = self._connection.execute(sql)
            return tuple(str(item[0]) for item in result.description), result.fetchmany(most)

    def tree(self, sql: str) -> Any:
        """Return what DuckDB's parser makes of a SELECT, as JSON has it. Raises QueryFailed for anything else."""
        import json

        with self._limited():
            (text,) = self._connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
        found = json.loads(text)
        if found.get("error"):
            raise QueryFailed(f"The query is no SELECT: {found.get('error_message', '')}"[:300])
        return found

    def numbers(self, sql: str, *, most: int) -> list[int]:
        """Return the whole numbers of a query's first column, at most `most`. Raises QueryFailed."""
        with self._limited():
            return [int(row[0]) for row in self._connection.execute(sql).fetchmany(most)]

    def count(self, where: str) -> int:
        """Return how many rows a condition holds for; empty: all rows. Raises QueryFailed."""
        condition = f" WHERE {where}" if where else ""
        return self.numbers(f"SELECT count(*) FROM {quoted(self._name)}{condition}", most=1)[0]

    @contextlib.contextmanager
    def _limited(self) -> Iterator[None]:
        timer = threading.Timer(self._timeout_s, self._connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        except self._errors as error:
            late = type(error).__name__ == "InterruptException"
            reason = f"it took more than {self._timeout_s:g} seconds" if late else str(error).split("\n")[0]
            raise QueryFailed(f"The query over the rows failed: {reason}"[:300]) from error
        finally:
            timer.cancel()


def quoted(name: str) -> str:
    """Return a name as SQL has it.

    >>> print(quoted('6" nails'))
    "6"" nails"
    """
    return '"' + name.replace('"', '""') + '"'


def literal(value: Cell) -> str:
    """Return a value as SQL has it.

    >>> literal("it's"), literal(Decimal("1.50")), literal(datetime.date(2024, 3, 5))
    ("'it''s'", '1.50', "DATE '2024-03-05'")
    """
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, datetime.date):
        return f"DATE '{value.isoformat()}'"
    return "NULL" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def _arrow(table: Table) -> Any:
    import pyarrow as pa

    columns: dict[str, Any] = {column.name: _array(column) for column in table.columns}
    return pa.table({**columns, ROW: pa.array(range(len(table.rows)), pa.int64())})


def _array(column: Column) -> Any:
    import pyarrow as pa

    if column.kind == "number":
        return pa.array(column.values, pa.decimal128(38, column.style.decimals))
    return pa.array(column.values, pa.date32() if column.kind == "date" else pa.string())


def plain(value: Cell) -> str:
    """Return a value of a result as text that programs can read: digits with a point, dates as in ISO 8601.

    >>> plain(Decimal("1E+3")), plain(2.5), plain(datetime.date(2024, 3, 5)), plain(None), plain(1 / 3)
    ('1000', '2.5', '2024-03-05', '', '0.333333333333333')
    """
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float):
        return f"{value:.15g}" if "e" not in f"{value:.15g}" else f"{Decimal(repr(value)):f}"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat()
    return "" if value is None else value.isoformat() if isinstance(value, datetime.date) else str(value)


def shortened(rows: Sequence[Sequence[Cell]]) -> tuple[tuple[str, ...], ...]:
    """Return a result as texts."""
    return tuple(tuple(plain(value) for value in row) for row in rows)
