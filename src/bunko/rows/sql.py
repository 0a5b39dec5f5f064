"""Write a Query as SQL. In: a Query, its Table. Out: SQL texts, and which columns the result has. Runs nothing."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from bunko.rows.engine import ROW, literal, quoted
from bunko.rows.query import Condition, Group, Query
from bunko.rows.table import Column, Table

_FUNCTIONS = {"sum": "sum", "mean": "avg", "median": "median", "max": "max", "min": "min"}
_LABELS = {"sum": "total", "mean": "mean", "median": "median", "max": "max", "min": "min", "distinct": "different"}
_PARTS = {
    "month": "strftime({0}, '%Y-%m')",
    "year": "strftime({0}, '%Y')",
    "quarter": "strftime({0}, '%Y') || '-Q' || quarter({0})",
    "weekday": "dayname({0})",
}
_MONTHS = "January February March April May June July August September October November December".split()
_JAPANESE = {"month": "月", "day": "日"}
_PARTS_WITHOUT_YEAR = {"month": "strftime({0}, '%m')", "quarter": "'Q' || quarter({0})"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """A query in SQL."""

    sql: str
    columns: tuple[int | None, ...]
    """For each column of the result, the table's column whose values it has; None for counts and parts of dates."""
    where: str
    """The condition of the rows that were looked for; empty for all."""
    chosen: str
    """SQL that gives the numbers of the rows that the result shows."""


def select_of(query: Query, table: Table) -> Select:
    """Return a query's SQL."""
    where = " AND ".join(_condition(item, table) for item in query.conditions)
    if query.top and query.entity is not None and (query.group or query.measure is None):
        return _largest_group(query, table, where)
    if query.top:
        return _largest_rows(query, table, where)
    if query.aggregate == "list":
        return _listed(query, table, where)
    expression, name, column = _aggregate(query, table)
    chosen = _chosen(query, table, where)
    if query.group is None:
        sql = _joined(f"SELECT {expression} AS {quoted(name)}", table, where)
        return Select(sql=sql, columns=(column,), where=where, chosen=chosen)
    by, by_name = _grouped(query.group, table)
    order = "1" if query.group.part else "2, 1" if query.ascending else "2 DESC, 1"
    sql = _joined(f"SELECT {_named(by, by_name)}, {expression} AS {quoted(name)}", table, where)
    sql += f" GROUP BY 1 ORDER BY {order}"
    first = None if query.group.part else query.group.column
    return Select(sql=sql, columns=(first, column), where=where, chosen=chosen)


def _aggregate(query: Query, table: Table) -> tuple[str, str, int | None]:
    """Return the expression of the result, its name, and the column whose style it has."""
    if query.measure is None:
        return "count(*)", "rows", None
    column = table.columns[query.measure]
    name = quoted(column.name)
    if query.aggregate == "distinct":
        return f"count(DISTINCT {name})", f"different {column.name}", None
    if query.aggregate == "difference":
        return f"max({name}) - min({name})", f"difference of {column.name}", _styled(query, column)
    label = f"{_LABELS[query.aggregate]} {column.name}"
    return f"{_FUNCTIONS[query.aggregate]}({name})", label, _styled(query, column)


def _styled(query: Query, column: Column) -> int | None:
    return None if query.aggregate == "difference" and column.kind == "date" else query.measure


def _largest_group(query: Query, table: Table, where: str) -> Select:
    """The groups with the largest total, mean, or number of rows; all of equal ones."""
    assert query.entity is not None
    by, by_name = _grouped(query.entity, table)
    if query.measure is None:
        expression, name, column = "count(*)", "rows", None
    else:
        measure = table.columns[query.measure].name
        expression, name, column = f"sum({quoted(measure)})", f"total {measure}", query.measure
    direction = "DESC" if query.aggregate == "max" else "ASC"
    some = f"{where} AND {by} IS NOT NULL" if where else f"{by} IS NOT NULL"
    sql = _joined(f"SELECT {_named(by, by_name)}, {expression} AS {quoted(name)}", table, some)
    sql += (
        f" GROUP BY 1 QUALIFY rank() OVER (ORDER BY {expression} {direction}) <= {query.top} ORDER BY 2 {direction}, 1"
    )
    first = None if query.entity.part else query.entity.column
    inner = f"SELECT {quoted(by_name)} FROM ({sql}) AS best"
    chosen = _joined(f"SELECT {quoted(ROW)}", table, f"{some} AND {by} IN ({inner})") + " ORDER BY 1"
    return Select(sql=sql, columns=(first, column), where=where, chosen=chosen)


def _largest_rows(query: Query, table: Table, where: str) -> Select:
    """The rows with the largest or smallest measure; all of equal ones."""
    assert query.measure is not None
    measure = quoted(table.columns[query.measure].name)
    direction = "DESC" if query.aggregate == "max" else "ASC"
    some = f"{where} AND {measure} IS NOT NULL" if where else f"{measure} IS NOT NULL"
    rank = f"QUALIFY rank() OVER (ORDER BY {measure} {direction}) <= {query.top}"
    if query.entity is None:
        columns: tuple[int | None, ...] = tuple(range(len(table.columns)))
        shown = ", ".join(quoted(column.name) for column in table.columns)
    elif query.entity.part:
        by, by_name = _grouped(query.entity, table)
        columns, shown = (None, query.measure), f"{by} AS {quoted(by_name)}, {measure}"
    else:
        columns = (query.entity.column, query.measure)
        shown = f"{quoted(table.columns[query.entity.column].name)}, {measure}"
    inner = _joined("SELECT *", table, some) + f" {rank}"
    distinct = "DISTINCT " if query.entity is not None else ""
    sql = f"SELECT {distinct}{shown} FROM ({inner}) AS best ORDER BY {measure} {direction}"
    chosen = f"SELECT {quoted(ROW)} FROM ({inner}) AS best ORDER BY {measure} {direction}, 1"
    return Select(sql=sql, columns=columns, where=where, chosen=chosen)


def _listed(query: Query, table: Table, where: str) -> Select:
    columns = query.shown or tuple(range(len(table.columns)))
    shown = ", ".join(quoted(table.columns[n].name) for n in columns)
    distinct = "DISTINCT " if query.is_distinct or (query.shown and not query.conditions) else ""
    sql = _joined(f"SELECT {distinct}{shown}", table, where) + (
        " ORDER BY 1" if distinct else f" ORDER BY {quoted(ROW)}"
    )
    return Select(sql=sql, columns=tuple(columns), where=where, chosen=_rows(table, where))


def _chosen(query: Query, table: Table, where: str) -> str:
    """Return SQL for the rows that a number comes from: those that have the largest value, or all."""
    if query.aggregate in ("max", "min") and query.group is None and query.measure is not None:
        measure = quoted(table.columns[query.measure].name)
        direction = "DESC" if query.aggregate == "max" else "ASC"
        some = f"{where} AND {measure} IS NOT NULL" if where else f"{measure} IS NOT NULL"
        rank = f" QUALIFY rank() OVER (ORDER BY {measure} {direction}) = 1 ORDER BY 1"
        return _joined(f"SELECT {quoted(ROW)}", table, some) + rank
    return _rows(table, where)


def _rows(table: Table, where: str) -> str:
    return _joined(f"SELECT {quoted(ROW)}", table, where) + " ORDER BY 1"


def _joined(select: str, table: Table, where: str) -> str:
    return f"{select} FROM {quoted(table.name)}" + (f" WHERE {where}" if where else "")


def _named(expression: str, name: str) -> str:
    return expression if expression == quoted(name) else f"{expression} AS {quoted(name)}"


def _grouped(group: Group, table: Table) -> tuple[str, str]:
    column = table.columns[group.column]
    name = quoted(column.name)
    if not group.part:
        return name, column.name
    parts = _PARTS if column.has_years else _PARTS | _PARTS_WITHOUT_YEAR
    return parts[group.part].format(name), group.part


def _condition(condition: Condition, table: Table) -> str:
    name = quoted(table.columns[condition.column].name)
    if condition.operator in ("month", "day"):
        return f"{condition.operator}({name}) = {condition.values[0]}"
    values = [literal(value) for value in condition.values]
    if condition.operator == "=" and len(values) > 1:
        return f"{name} IN ({', '.join(values)})"
    if condition.operator == "!=":
        return f"({name} IS NULL OR {name} NOT IN ({', '.join(values)}))"
    return f"{name} {condition.operator} {values[0]}"


def shown_condition(condition: Condition, table: Table, *, japanese: bool) -> str:
    """Return a condition for people: "region = North", "Date = May", "金額 ≥ 2000"."""
    column = table.columns[condition.column]
    if condition.operator in ("month", "day"):
        n = condition.values[0]
        assert isinstance(n, int)
        english = _MONTHS[n - 1] if condition.operator == "month" else f"day {n}"
        return f"{column.name} = {f'{n}{_JAPANESE[condition.operator]}' if japanese else english}"
    sign = {"<=": "≤", ">=": "≥", "!=": "≠"}.get(condition.operator, condition.operator)
    values = [
        (value.isoformat() if column.has_years else f"{value:%m-%d}")
        if isinstance(value, datetime.date)
        else f"{value}"
        for value in condition.values
    ]
    return f"{column.name} {sign} {' / '.join(values)}"
