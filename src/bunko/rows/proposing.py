"""Have a model propose a query over rows, under a grammar. In: a question, a Table, a generator. Out: a checked query.

Only for a question that has no known form and names the sheet's columns or values. The grammar has no other words than
the table's; a proposal that leaves out a value or a number of the question is not run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bunko.generation.thinking import text_of
from bunko.injection.control_tokens import neutralise
from bunko.ports import GenerationOptions, Generator
from bunko.rows.checking import Checked, QueryRefused, check_query
from bunko.rows.engine import Database, quoted
from bunko.rows.linking import Link
from bunko.rows.table import Column, Table
from bunko.types import Message, Usage

_TOKENS = 160
_LISTED = 30
"""Different values of a column up to which the grammar lists them."""
_SHOWN = 5  # values of a column in the prompt
_INSTRUCTIONS = (
    "Write one DuckDB SELECT over the table below that computes the answer to the question. Use only its columns and "
    "values. Filter by every value and number of the question."
)
_KINDS = {"text": "VARCHAR", "number": "DECIMAL", "date": "DATE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a model proposed."""

    checked: Checked | None
    """None: it was refused, or did not fit the question."""
    usage: Usage
    reason: str = ""
    """Why it was refused."""


def propose(
    question: str, links: Sequence[Link], table: Table, database: Database, generator: Generator, *, seed: int = 0
) -> Proposal:
    """Ask the model for a query. Raises EngineError."""
    body = f"{schema_of(table)}\n\nQuestion: {neutralise(' '.join(question.split()))}\nSQL:"
    messages = [Message(role="system", content=_INSTRUCTIONS), Message(role="user", content=body)]
    options = GenerationOptions(max_tokens=_TOKENS, seed=seed, grammar=grammar_of(table))
    pieces = list(generator.stream(messages, options=options))
    usage = next((piece.usage for piece in reversed(pieces) if piece.usage), Usage())
    try:
        checked = check_query(text_of(pieces).strip(), table, database)
    except QueryRefused as error:
        return Proposal(checked=None, usage=usage, reason=str(error))
    if reason := _lacks(checked, links, table):
        return Proposal(checked=None, usage=usage, reason=reason)
    return Proposal(checked=checked, usage=usage)


def _lacks(checked: Checked, links: Sequence[Link], table: Table) -> str:
    """Return what of the question the query leaves out, or adds to it; empty if nothing."""
    if added := [text for text in checked.filtered if not _is_said(text, links)]:
        return f"The question does not say {added[0]!r}."
    filtered = {text.casefold() for text in checked.filtered}
    for item in links:
        if item.values and not item.columns and not filtered & {value.casefold() for _, value in item.values}:
            return f"It does not filter by {item.text!r}."
        if item.number is not None and not item.columns:
            written = {f"{item.number:f}", str(item.number.to_integral_value())}
            if not any(number in checked.sql for number in written):
                return f"It leaves out {item.text!r}."
        if item.date and item.date.year and str(item.date.year) not in checked.sql:
            return f"It leaves out {item.text!r}."
        if len(item.columns) == 1 and not item.roles:
            name = table.columns[item.columns[0]].name
            if name.casefold() not in checked.columns and not item.values:
                return f"It does not use {name!r}."
    return ""


def _is_said(constant: str, links: Sequence[Link]) -> bool:
    """Return whether the question has a text, a number or a date that the query compares with."""
    text = constant.strip("%").casefold()
    for item in links:
        if text == item.text.casefold() or any(text == value.casefold() for _, value in item.values):
            return True
        if item.number is not None and text in (f"{item.number:f}", f"{item.number.normalize():f}"):
            return True
        if item.date and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return True
        if constant.endswith("%") and not constant.startswith("%") and text and item.text.startswith(text):
            return True
    return False


def schema_of(table: Table) -> str:
    """Return a table as SQL, with some values of each column.

    >>> from bunko.rows.table import column_of
    >>> columns = (column_of("region", ["North", "South"]), column_of("amount", ["¥120", "¥80"]))
    >>> print(schema_of(Table(name="sales", names=(), paths=(), columns=columns, rows=())))
    CREATE TABLE "sales" (
      "region" VARCHAR,  -- North, South
      "amount" DECIMAL  -- 120, 80
    );
    """
    lines = []
    for n, column in enumerate(table.columns):
        comma = "," if n < len(table.columns) - 1 else ""
        values = list(dict.fromkeys(str(value) for value in column.values if value is not None))[:_SHOWN]
        shown = neutralise(" ".join(", ".join(value[:40] for value in values).split()))
        lines.append(f"  {quoted(column.name)} {_KINDS[column.kind]}{comma}  -- {shown}")
    return f"CREATE TABLE {quoted(table.name)} (\n" + "\n".join(lines) + "\n);"


def grammar_of(table: Table) -> str:
    """Return the GBNF of the queries that a model may write: one SELECT over this table's columns."""
    return "\n".join(_rules(table)) + "\n"


def _rules(table: Table) -> Iterator[str]:
    kinds = {kind: [column for column in table.columns if column.kind == kind] for kind in ("text", "number", "date")}
    yield (
        f'root ::= "SELECT " item (", " item)? {_terminal(" FROM " + quoted(table.name))} (" WHERE " tests)? '
        '(" GROUP BY " key)? (" ORDER BY " item (" DESC" | " ASC")?)? (" LIMIT " limit)?'
    )
    yield "limit ::= [1-9] [0-9]?"
    numbers = '| aggregate "(" amount ")" (" - " aggregate "(" amount ")")? ' if kinds["number"] else ""
    yield f'item ::= key | "count(*)" | "count(DISTINCT " column ")" {numbers}'
    dates = ' | "strftime(" date ", \'%Y-%m\')" | "year(" date ")"' if kinds["date"] else ""
    yield f"key ::= column{dates}"
    yield f"column ::= {_any(quoted(column.name) for column in table.columns)}"
    tests = [f"text{n}" for n in range(len(kinds["text"]))]
    if kinds["number"]:
        yield f"number ::= {_any(quoted(column.name) for column in kinds['number'])}"
        yield 'amount ::= number ((" * " | " + " | " - ") number)?'
        yield 'aggregate ::= "sum" | "avg" | "min" | "max" | "median"'
        yield 'compared ::= number (" > " | " >= " | " < " | " <= " | " = ") "-"? [0-9]+ ("." [0-9]+)?'
        tests.append("compared")
    if kinds["date"]:
        yield f"date ::= {_any(quoted(column.name) for column in kinds['date'])}"
        yield (
            'dated ::= date (" >= " | " < " | " > " | " <= ") "DATE \'" [0-9] [0-9] [0-9] [0-9] "-" [0-1] [0-9] "-" '
            '[0-3] [0-9] "\'"'
        )
        tests.append("dated")
    for n, column in enumerate(kinds["text"]):
        yield f"text{n} ::= {_terminal(quoted(column.name))} {_text_test(column)}"
    yield f'tests ::= test (" AND " test)*\ntest ::= {" | ".join(tests)}'


def _text_test(column: Column) -> str:
    distinct = list(dict.fromkeys(value for value in column.values if isinstance(value, str)))
    like = '" LIKE \'" [^\'\\n]{1,30} "%\'"'
    if len(distinct) > _LISTED:
        return f'(" = \'" [^\'\\n]{{1,60}} "\'" | {like})'
    values = _any("'" + value.replace("'", "''") + "'" for value in distinct)
    return f'((" = " | " <> ") ({values}) | {like})'


def _any(texts: Iterator[str]) -> str:
    return " | ".join(_terminal(text) for text in texts)


def _terminal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
