"""Check a query that a model wrote. In: SQL, a Table. Out: the query, and the one that gives its rows; or an error.

DuckDB's own parser reads the SQL. Every node that it gives must be of a kind that is listed here, every column one of
the table's, and every function harmless. The database is locked all the same (`engine.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bunko.rows.engine import ROW, Database, QueryFailed
from bunko.rows.table import Table

_CLASSES = frozenset(
    {"FUNCTION", "COLUMN_REF", "CONSTANT", "COMPARISON", "CONJUNCTION", "OPERATOR", "BETWEEN", "CAST", "TYPE"}
)
_FUNCTIONS = frozenset(
    "sum avg min max median count count_star abs round lower upper length contains starts_with prefix suffix strftime "
    "year month day quarter date_trunc date_part + - * / ~~ !~~ ~~* !~~* like_escape coalesce".split()
)
_ALLOWED_KEYS = frozenset({"SELECT_NODE", "BASE_TABLE", "ORDER_MODIFIER", "LIMIT_MODIFIER", "DISTINCT_MODIFIER"})
LONGEST = 600
"""Characters of a query."""


class QueryRefused(Exception):
    """A query that does more than read one table, or names what is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A query that may be run."""

    sql: str
    where: str
    """Its condition in SQL; empty for all rows."""
    columns: frozenset[str]
    """The columns that it names, in lower case."""
    filtered: tuple[str, ...]
    """The texts and numbers that it compares with."""


def check_query(sql: str, table: Table, database: Database) -> Checked:
    """Return a query that reads this table only. Raises QueryRefused."""
    if len(sql) > LONGEST or ";" in re.sub(r"'[^']*'", "", sql):
        raise QueryRefused("It is too long, or has several statements.")
    try:
        tree = database.tree(sql)
    except QueryFailed as error:
        raise QueryRefused(str(error)) from error
    statements = tree["statements"]
    if len(statements) != 1:
        raise QueryRefused("It has several statements.")
    node = statements[0]["node"]
    names = {column.name.casefold() for column in table.columns}
    _check_node(node, table)
    used: set[str] = set()
    for part in _expressions(node):
        used |= _check_expression(part, names)
    where = node.get("where_clause")
    return Checked(
        sql=sql,
        where=_condition(tree, database) if where else "",
        columns=frozenset(used),
        filtered=tuple(_constants(where)) if where else (),
    )


def _check_node(node: Mapping[str, Any], table: Table) -> None:
    if node.get("type") != "SELECT_NODE" or node.get("cte_map", {}).get("map") or node.get("sample"):
        raise QueryRefused("It is no plain SELECT.")
    source = node.get("from_table") or {}
    if source.get("type") != "BASE_TABLE" or source.get("sample") or source.get("at_clause"):
        raise QueryRefused("It does not read one table.")
    if source.get("table_name") != table.name or source.get("schema_name") or source.get("catalog_name"):
        raise QueryRefused(f"There is no table {source.get('table_name')!r}.")


def _expressions(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every expression, and everything that is none but has a type, at any depth."""
    if isinstance(value, dict):
        if "class" in value:
            yield value
        elif "type" in value and value["type"] not in _ALLOWED_KEYS and not _is_order(value):
            raise QueryRefused(f"It has a part that is not allowed: {value['type']}.")
        for inner in value.values():
            yield from _expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _expressions(inner)


def _is_order(value: Mapping[str, Any]) -> bool:
    return str(value["type"]) in ("ASCENDING", "DESCENDING", "ORDER_DEFAULT") or "kind" in value or "id" in value


def _check_expression(part: Mapping[str, Any], names: set[str]) -> set[str]:
    kind = part["class"]
    if kind not in _CLASSES:
        raise QueryRefused(f"It has a part that is not allowed: {kind}.")
    if kind == "COLUMN_REF":
        name = str(part["column_names"][-1]).casefold()
        if name not in names or len(part["column_names"]) > 2:
            raise QueryRefused(f"There is no column {name!r}.")
        return {name}
    if kind == "FUNCTION" and (part["function_name"] not in _FUNCTIONS or part.get("schema") or part.get("catalog")):
        raise QueryRefused(f"The function {part['function_name']} is not allowed.")
    return set()


def _condition(tree: Mapping[str, Any], database: Database) -> str:
    """Return the condition as DuckDB writes it."""
    copied = json.loads(json.dumps(tree))
    node = copied["statements"][0]["node"]
    node["modifiers"], node["group_expressions"], node["group_sets"] = [], [], []
    node["having"] = node["qualify"] = None
    column = {"class": "COLUMN_REF", "type": "COLUMN_REF", "alias": "", "query_location": 0, "column_names": [ROW]}
    node["select_list"] = [column]
    text = database.text(copied)
    return text.partition(" WHERE ")[2]


def _constants(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if part.get("class") == "CONSTANT":
            literal = part.get("literal") or part.get("value") or {}
            yield str(literal.get("text", literal.get("value", "")))
        for inner in part.values():
            yield from _constants(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _constants(inner)
