"""SQL by attack: no query reaches a file, the network or another table, and none runs for long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bunko.rows.checking import QueryRefused, check_query
from bunko.rows.engine import Database, QueryFailed, quoted
from bunko.rows.sheets import Row, Sheet
from bunko.rows.table import Table, table_of

pytest.importorskip("duckdb")
_CELLS = [("North", "2024-01-05", "120"), ("South", "2024-02-05", "80"), ("it's", "2024-03-01", "30")]


def make_table(name: str = "sales") -> Table:
    rows = tuple(Row(path="sales.csv", start=0, end=1, number=n, cells=cells) for n, cells in enumerate(_CELLS, 1))
    return table_of([Sheet(path="sales.csv", name=name, columns=("region", "day", "amount"), rows=rows)])


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with Database(make_table()) as database:
        yield database


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH '{file}'",
        "COPY sales TO '{file}'",
        "COPY sales FROM '{file}'",
        "EXPORT DATABASE '{file}'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_parquet('{file}')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_csv('https://example.org/a.csv')",
        "INSTALL httpfs",
        "LOAD httpfs",
        "INSTALL spatial FROM community",
        "SET memory_limit = '64GB'",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET enable_external_access",
        "PRAGMA temp_directory = '{file}'",
        "CREATE SECRET (TYPE s3, KEY_ID 'a', SECRET 'b')",
        "SELECT getenv('HOME')",
        "SELECT * FROM table_that_python_has",
    ],
)
def test_the_database_is_locked_even_without_the_check(database: Database, tmp_path: Path, sql: str) -> None:
    file = tmp_path / "out"
    table_that_python_has = [1]
    with pytest.raises(QueryFailed):
        database.run(sql.format(file=file))
    assert not file.exists() and table_that_python_has
    assert database.run("SELECT count(*) FROM sales")[1] == [(3,)]


REFUSED = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT 1; DROP TABLE sales",
    "SELECT sum(amount) FROM sales; SELECT 1",
    "DROP TABLE sales",
    "INSERT INTO sales VALUES ('a', DATE '2024-01-01', 1)",
    "COPY sales TO 'x'",
    "PRAGMA version",
    "EXPLAIN SELECT amount FROM sales",
    "SELECT (SELECT 1) FROM sales",
    "SELECT amount FROM sales WHERE region = (SELECT region FROM sales)",
    "SELECT amount FROM sales LIMIT (SELECT 1)",
    "SELECT amount FROM sales ORDER BY (SELECT 1)",
    "SELECT amount FROM sales, sales b, sales c",
    "SELECT a.amount FROM sales a JOIN sales b ON true",
    "WITH x AS (SELECT 1) SELECT * FROM sales",
    "SELECT amount FROM sales UNION SELECT 1",
    "SELECT count(*) FROM range(1000000000)",
    "SELECT amount FROM main.sales",
    "SELECT table_name FROM information_schema.tables",
    "SELECT * FROM duckdb_settings()",
    "SELECT current_setting('memory_limit') FROM sales",
    "SELECT getvariable('x') FROM sales",
    "SELECT nextval('x') FROM sales",
    "SELECT __row FROM sales",
    "SELECT weight FROM sales",
    "SELECT * FROM sales",
    "SELECT * REPLACE (getenv('HOME') AS region) FROM sales",
    "SELECT columns('a.*') FROM sales",
    "SELECT sum(amount) OVER () FROM sales",
    "SELECT repeat(region, 1000000000) FROM sales",
    "SELECT list(amount) FROM sales",
    "SELECT amount FROM sales TABLESAMPLE 10%",
    "SELECT amount FROM sales /* " + "x" * 700 + " */",
    "",
    "sum of the amounts",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_a_query_that_does_more_than_read_the_sheet_is_refused(database: Database, sql: str) -> None:
    with pytest.raises(QueryRefused):
        check_query(sql, make_table(), database)


@pytest.mark.parametrize(
    ("sql", "matched", "result"),
    [
        ('SELECT sum("amount") FROM "sales" WHERE "region" = \'North\'', 1, 120),
        ("SELECT count(*) FROM sales WHERE \"day\" >= DATE '2024-02-01'", 2, 2),
        ("SELECT max(amount) - min(amount) FROM sales -- all of them", 3, 90),
        ("SELECT count(*) FROM sales WHERE region LIKE 'S%' OR amount BETWEEN 100 AND 200", 2, 2),
        ("SELECT sum(amount) FROM sales WHERE region IN ('it''s', 'South')", 2, 110),
    ],
)
def test_a_query_over_the_sheet_is_run_with_its_rows(database: Database, sql: str, matched: int, result: int) -> None:
    checked = check_query(sql, make_table(), database)
    assert database.run(checked.sql)[1][0][0] == result
    assert database.count(checked.where) == matched


def test_a_query_that_takes_too_long_is_stopped() -> None:
    with Database(make_table(), timeout_s=0.5) as database:
        begin = time.monotonic()
        with pytest.raises(QueryFailed, match=r"0\.5 seconds"):
            database.run("SELECT count(*) FROM range(1000000) a, range(1000000) b, range(9) c WHERE a.range > b.range")
        assert time.monotonic() - begin < 30
        assert database.run("SELECT 1")[1] == [(1,)]


def test_a_query_that_takes_too_much_memory_is_stopped() -> None:
    with Database(make_table(), timeout_s=20) as database, pytest.raises(QueryFailed):
        database.run("SELECT list(range) FROM range(400000000)")


@pytest.mark.parametrize("name", ['a"b', "sales; DROP TABLE x", "表 (1)", "x' OR 1=1", "select"])
def test_names_of_sheets_are_names(name: str) -> None:
    with Database(make_table(name)) as database:
        assert database.run(f"SELECT count(*) FROM {quoted(name)}")[1] == [(3,)]
