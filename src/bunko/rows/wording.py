"""Word an answer over rows. In: a Query with its result. Out: texts in English or Japanese. Runs nothing."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from bunko.installation import this_installation
from bunko.rows.engine import Cell
from bunko.rows.query import AskBack, Query
from bunko.rows.sql import Select, shown_condition
from bunko.rows.table import Column, Table

LISTED = 50
"""The most rows of a result that an answer shows; the JSON has more."""
_ENGLISH = {
    "sum": "Total {0}", "mean": "Mean {0}", "median": "Median {0}", "max": "Largest {0}", "min": "Smallest {0}",
    "count": "Number of rows", "distinct": "Different values of {0}",
    "difference": "Difference between the largest and the smallest {0}", "latest": "Latest {0}",
    "earliest": "Earliest {0}", "most": "Most rows", "fewest": "Fewest rows",
}  # fmt: skip
_JAPANESE = {
    "sum": "{0}の合計", "mean": "{0}の平均", "median": "{0}の中央値", "max": "{0}の最大", "min": "{0}の最小",
    "count": "行数", "distinct": "{0}の種類の数", "difference": "{0}の最大と最小の差", "latest": "{0}の最も遅い日",
    "earliest": "{0}の最も早い日", "most": "最も多い行数", "fewest": "最も少ない行数",
}  # fmt: skip
_PARTS_JAPANESE = {"month": "月", "year": "年", "quarter": "四半期", "weekday": "曜日"}
_MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was looked at."""

    rows: int
    matched: int


def answer_text(
    query: Query,
    table: Table,
    select: Select,
    rows: Sequence[Sequence[Cell]],
    *,
    looked: Looked,
    language: str,
) -> str:
    """Return the answer: what was computed, then how many rows it came from."""
    japanese = language == "ja"
    if not looked.matched or not rows:
        return _nothing(query, table, looked, japanese)
    shown = [
        [format_cell(value, table, n, language=language) for value, n in zip(row, select.columns, strict=True)]
        for row in rows[:LISTED]
    ]
    head = _head(query, table, japanese)
    if one := _one_value(query, table, select, shown, japanese):
        text = one
    elif query.aggregate == "list" or (query.top and query.entity is None):
        lines = [_listed(row, select, table) for row in shown]
        text = "\n".join([*([head] if head else []), *(f"- {line}" for line in lines)])
    elif query.top and len(shown) == 1:
        text = f"{shown[0][0]}（{head}: {shown[0][1]}）" if japanese else f"{shown[0][0]} ({head}: {shown[0][1]})"
    elif query.group or query.top:
        text = "\n".join([f"{head}:", *(f"- {row[0]}: {row[1]}" for row in shown)])
    else:
        text = f"{head}: {shown[0][0]}"
    more = len(rows) - len(shown)
    if more > 0:
        text += f"\n… ほか{more:,}行" if japanese else f"\n… and {more:,} more"
    return f"{text}\n{_source(table, looked, japanese)}"


def _one_value(query: Query, table: Table, select: Select, shown: Sequence[Sequence[str]], japanese: bool) -> str:
    """Return one value of one row that was named, with the name of its column; empty for other results."""
    is_one = query.aggregate == "list" and not query.top and len(shown) == 1 and len(shown[0]) == 1
    if not (is_one and query.conditions and select.columns[0] is not None):
        return ""
    conditions = ("、" if japanese else ", ").join(
        shown_condition(item, table, japanese=japanese) for item in query.conditions
    )
    name = table.columns[select.columns[0]].name
    return f"{name}（{conditions}）: {shown[0][0]}" if japanese else f"{name} ({conditions}): {shown[0][0]}"


def proposed_text(
    table: Table, names: Sequence[str], rows: Sequence[Sequence[Cell]], *, looked: Looked, language: str
) -> str:
    """Return the answer of a query that a model wrote: its result as it is."""
    shown = [[format_cell(value, table, None, language=language) for value in row] for row in rows[:LISTED]]
    if len(shown) == 1 and len(names) == 1:
        lines = [shown[0][0]]
    else:
        lines = [f"- {', '.join(f'{name}: {cell}' for name, cell in zip(names, row, strict=True))}" for row in shown]
    more = len(rows) - len(shown)
    if more > 0:
        lines.append(f"… ほか{more:,}行" if language == "ja" else f"… and {more:,} more")
    return "\n".join([*lines, _source(table, looked, language == "ja")])


def note_on_model(model: str, *, language: str) -> str:
    """Return what the reader should know of a query that a model wrote."""
    if language == "ja":
        return f"SQLは{model}が書きました。列名と値は照合済みですが、質問の意図どおりか確認してください。"
    return f"{model} wrote the SQL. Its columns and values were checked; check that it asks what you meant."


def _head(query: Query, table: Table, japanese: bool) -> str:
    """Return what was computed, for which rows."""
    where = "、" if japanese else ", "
    conditions = where.join(shown_condition(item, table, japanese=japanese) for item in query.conditions)
    group = query.group or (query.entity if query.top else None)
    name = "" if query.aggregate == "list" else _computed(query, table, japanese)
    if query.group and group:
        by = (_PARTS_JAPANESE if japanese else {}).get(group.part, group.part) or table.columns[group.column].name
        name = f"{by}ごとの{name}" if japanese else f"{name} by {by}"
    if not conditions:
        return name
    if not name:
        return f"{conditions}:" if not japanese else f"{conditions}の行:"
    return f"{name}（{conditions}）" if japanese else f"{name} ({conditions})"


def _computed(query: Query, table: Table, japanese: bool) -> str:
    words = _JAPANESE if japanese else _ENGLISH
    if query.measure is None:
        counted = {"max": "most", "min": "fewest"}.get(query.aggregate, "count") if query.top else "count"
        return words[counted]
    column = table.columns[query.measure]
    kind: str = query.aggregate
    if column.kind == "date":
        kind = {"max": "latest", "min": "earliest"}.get(kind, kind)
    name = words[kind].format(column.name)
    if query.top and query.group:
        total = words["sum"].format(column.name)
        return (
            f"{total}が最も{'大きい' if kind == 'max' else '小さい'}もの"
            if japanese
            else f"{words[kind].format(total.lower())}"
        )
    return name


def _listed(row: Sequence[str], select: Select, table: Table) -> str:
    if len(row) == 1:
        return row[0]
    names = [table.columns[n].name if n is not None else "" for n in select.columns]
    return ", ".join(f"{name}: {cell}" for name, cell in zip(names, row, strict=True) if cell)


def _nothing(query: Query, table: Table, looked: Looked, japanese: bool) -> str:
    joint = "、" if japanese else ", "
    conditions = joint.join(shown_condition(item, table, japanese=japanese) for item in query.conditions)
    if japanese:
        return f"{_files(table, japanese)}の{looked.rows:,}行に、該当する行はありません（{conditions}）。"
    return f"None of the {looked.rows:,} rows of {_files(table, japanese)} matches: {conditions}."


def _source(table: Table, looked: Looked, japanese: bool) -> str:
    files = _files(table, japanese)
    if looked.matched == looked.rows:
        return f"{files}の全{looked.rows:,}行から。" if japanese else f"From all {looked.rows:,} rows of {files}."
    if japanese:
        return f"{files}の{looked.rows:,}行のうち{looked.matched:,}行から。"
    return f"From {looked.matched:,} of the {looked.rows:,} rows of {files}."


def _files(table: Table, japanese: bool) -> str:
    shown = ("、" if japanese else ", ").join(table.paths[:3])
    more = len(table.paths) - 3
    return shown + ((f"ほか{more}件" if japanese else f" and {more} more") if more > 0 else "")


# --- values -----------------------------------------------------------------------------------------------------------


def format_cell(value: Cell, table: Table, n: int | None, *, language: str) -> str:
    """Return a value of a result as the sheet writes such values.

    >>> from bunko.rows.table import column_of, Table
    >>> table = Table(name="t", names=(), paths=(), columns=(column_of("cost", ["$1,200.50"]),), rows=())
    >>> format_cell(Decimal("98765.4321"), table, 0, language="en"), format_cell(3, table, None, language="en")
    ('$98,765.43', '3')
    """
    column = table.columns[n] if n is not None else None
    if isinstance(value, datetime.date):
        return _date(value, column, language)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return "" if value is None else str(value)
    return _number(Decimal(f"{value:.15g}") if isinstance(value, float) else Decimal(value), column)


def _number(value: Decimal, column: Column | None) -> str:
    if column is None or column.kind != "number":
        return f"{value:,f}" if value == value.to_integral_value() else f"{_rounded(value, 2):,f}"
    style = column.style
    exact = _rounded(value, style.decimals)
    text = exact if exact == value else _rounded(value, max(style.decimals, 2))
    digits = f"{abs(text):,f}" if style.is_grouped or column.is_money else f"{abs(text):f}"
    if style.mark == ",":
        digits = digits.translate(str.maketrans(",.", ".,"))
    return f"{'-' if text < 0 else ''}{style.before}{digits}{style.after}"


def _rounded(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)


def _date(value: datetime.date, column: Column | None, language: str) -> str:
    day = value.date() if isinstance(value, datetime.datetime) else value
    if column is None:
        return day.isoformat()
    if not column.has_years:
        return f"{day.month}月{day.day}日" if language == "ja" else f"{day.day} {_MONTHS[day.month - 1]}"
    return {"year": f"{day.year}", "month": f"{day:%Y-%m}"}.get(column.precision, day.isoformat())


# --- notes and questions back -----------------------------------------------------------------------------------------


def notes_on(query: Query, table: Table, *, language: str) -> tuple[str, ...]:
    """Return what the reader should know of the rows and cells that were left out."""
    japanese = language == "ja"
    used = {item.column for item in query.conditions} | ({query.measure} if query.measure is not None else set())
    notes = []
    for n in sorted(used):
        column = table.columns[n]
        if column.others:
            what = ("日付" if japanese else "date") if column.kind == "date" else ("数値" if japanese else "number")
            notes.append(
                f"「{column.name}」の{column.others:,}個のセルは{what}ではないため除きました。"
                if japanese
                else f"Cells of {column.name} that hold no {what} were left out: {column.others:,}."
            )
        if column.is_guessed:
            notes.append(
                f"「{column.name}」の3/4/2024のような日付は、月・日の順に読みました。"
                if japanese
                else f"Dates of {column.name} such as 3/4/2024 were read with the month first."
            )
    if table.totals:
        notes.append(
            f"合計などの{table.totals:,}行は除きました。"
            if japanese
            else f"Rows that add up others were left out: {table.totals:,}."
        )
    if table.uneven:
        notes.append(
            f"見出しより列の多い{table.uneven:,}行は除きました。"
            if japanese
            else f"Rows with more cells than the header were left out: {table.uneven:,}."
        )
    return tuple(notes)


def question_back(asked: AskBack, table: Table, *, language: str) -> str:
    """Return the question that the program asks back, with the columns to choose from."""
    japanese = language == "ja"
    columns = ("、" if japanese else ", ").join(f"「{name}」" if japanese else name for name in asked.columns)
    files = _files(table, japanese)
    if asked.reason == "currencies":
        return (
            f"{columns}には複数の通貨の値があるため、合わせて計算できません（{files}）。"
            if japanese
            else f"The values of {columns} in {files} are in several currencies, and can't be computed together."
        )
    if asked.reason == "unknown":
        return (
            f"{files}に「{asked.words}」という列はありません。どの列についての質問ですか: {columns}。"
            if japanese
            else f"{files} has no column “{asked.words}”. Its columns are: {columns}. Which one do you mean?"
        )
    if asked.reason == "several":
        return (
            f"「{asked.words}」は{files}の{columns}のどれを指しますか。"
            if japanese
            else f"Which column of {files} do you mean by “{asked.words}”: {columns}?"
        )
    return (
        f"{files}のどの列についての質問ですか: {columns}。"
        if japanese
        else f"Which column of {files} do you mean: {columns}?"
    )


def needs_duckdb(files: str, *, language: str) -> str:
    """Return what the program says where the rows can answer, but nothing computes over them."""
    if language == "ja":
        missing = f"DuckDB がありません。{this_installation().extra('tables')} を実行してください。"
        return f"{files} の行から正確に計算できますが、{missing}"
    install = this_installation().extra("tables")
    return f"The rows of {files} can answer this exactly, but DuckDB is not installed. Run: {install}"


def which_tables(paths: Sequence[str], *, language: str) -> str:
    """Return the question that the program asks back where several sheets could be meant."""
    if language == "ja":
        return f"どの表についての質問ですか: {'、'.join(paths)}。ファイル名を質問に入れてください。"
    return f"Which sheet do you mean: {', '.join(paths)}? Name the file in your question."
