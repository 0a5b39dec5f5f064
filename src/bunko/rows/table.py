"""Type the columns of sheets by their values. In: Sheets with the same columns. Out: a Table.

Knows nothing of questions or SQL.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from bunko.rows.sheets import Row, Sheet, stem_of
from bunko.rows.values import Date, Number, fold, is_empty, mark_of, order_of, read_date, read_number

Kind: TypeAlias = Literal["text", "number", "date"]
Precision: TypeAlias = Literal["day", "month", "year"]
Value: TypeAlias = "str | Decimal | datetime.date | None"

NO_YEAR = 2000
"""The year of dates that are written without one. A leap year, for 29 February."""
_ENOUGH = 0.9
"""The part of a column's cells that must be numbers, or dates, for the column to be of that kind."""
_MOST_DIGITS = 38  # of DuckDB's decimals
_IS_YEAR = re.compile(r"year|年")
_IS_KEY = re.compile(
    r"(?:^|[\s_.#-])(?:id|ids|no|nr|code|key|zip|phone|tel|fax)\.?$|^#$|number$|番号$|コード$|品番$|郵便|電話|^no\.?$|(?<=[a-z])ID$"
)
_FLAGS = (
    ("yes", "no"), ("y", "n"), ("true", "false"), ("はい", "いいえ"), ("済", "未"), ("済み", "未"), ("済", "未済"),
    ("有", "無"), ("あり", "なし"), ("○", "×"), ("〇", "×"), ("可", "不可"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How the numbers of a column are written."""

    decimals: int = 0
    is_grouped: bool = False
    mark: Literal[".", ","] = "."
    before: str = ""
    """What stands before the digits, such as a currency sign."""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column with the values of all rows."""

    name: str
    kind: Kind
    values: tuple[Value, ...]
    units: tuple[str, ...] = ()
    """The units that stand in the cells of numbers, the commonest first; numbers in several can't be added."""
    others: int = 0
    """Cells that hold something else than a number, or a date, and count as empty."""
    precision: Precision = "day"
    has_years: bool = True
    """Whether the dates have years."""
    is_key: bool = False
    """Whether the values name something, as an order number does, so that nobody adds them."""
    is_guessed: bool = False
    """Whether 3/4/2024 could be both, and was read as in America."""
    flags: tuple[str, str] | None = None
    """The values that stand for yes and no."""
    style: Style = Style()

    @property
    def unit(self) -> str:
        """The unit of the numbers."""
        return self.units[0] if self.units else ""

    @property
    def is_money(self) -> bool:
        """Whether the numbers are amounts of a currency."""
        return self.unit in ("$", "€", "£", "¥")

    @property
    def years(self) -> frozenset[int]:
        """The years of the dates."""
        if self.kind != "date" or not self.has_years:
            return frozenset()
        return frozenset(value.year for value in self.values if isinstance(value, datetime.date))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under typed columns, of one sheet or of several with the same columns."""

    name: str
    names: tuple[str, ...]
    """By what a question may call it: the names of its files and sheets."""
    paths: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    totals: int = 0
    uneven: int = 0


def table_of(sheets: Sequence[Sheet]) -> Table:
    """Return a table of sheets that have the same columns.

    >>> rows = tuple(Row(path="a.csv", start=0, end=1, number=n, cells=(day, cost))
    ...     for n, (day, cost) in enumerate([("令和6年1月5日", "¥1,200"), ("2024/3/1", "¥80"), ("", "–")], 1))
    >>> table = table_of([Sheet(path="a.csv", name="a", columns=("日付", "金額"), rows=rows)])
    >>> [(column.kind, column.unit) for column in table.columns], table.columns[1].values
    ([('date', ''), ('number', '¥')], (Decimal('1200'), Decimal('80'), None))
    """
    rows = tuple(row for sheet in sheets for row in sheet.rows)
    columns = tuple(column_of(name, [row.cells[n] for row in rows]) for n, name in enumerate(sheets[0].columns))
    names = dict.fromkeys(name for sheet in sheets for name in (sheet.name, stem_of(sheet.path), sheet.path))
    return Table(
        name=sheets[0].name,
        names=tuple(names),
        paths=tuple(dict.fromkeys(sheet.path for sheet in sheets)),
        columns=columns,
        rows=rows,
        totals=sum(sheet.totals for sheet in sheets),
        uneven=sum(sheet.uneven for sheet in sheets),
    )


def column_of(name: str, texts: Sequence[str]) -> Column:
    """Return a column of its cells' texts, typed by them."""
    full = [text for text in texts if not is_empty(text)]
    if full and (column := _dates(name, texts, full) or _numbers(name, texts, full)):
        return column
    values = tuple(None if is_empty(text) else " ".join(text.split()) for text in texts)
    return Column(name=name, kind="text", values=values, flags=_flags(full), is_key=is_key(name))


def is_key(name: str) -> bool:
    """Return whether a column's name is one of something that names its rows.

    >>> is_key("order_id"), is_key("品番"), is_key("paid")
    (True, True, False)
    """
    return bool(_IS_KEY.search(name if name.endswith("ID") else name.casefold()))


def _dates(name: str, texts: Sequence[str], full: Sequence[str]) -> Column | None:
    if _IS_YEAR.search(name.casefold()) and all(re.fullmatch(r"[12]\d{3}", fold(text)) for text in full):
        years = tuple(None if is_empty(text) else datetime.date(int(fold(text)), 1, 1) for text in texts)
        return Column(name=name, kind="date", values=years, precision="year")
    if sum(read_date(text) is not None for text in full[:50]) < _ENOUGH * len(full[:50]):
        return None
    order = order_of(full)
    read = [None if is_empty(text) else read_date(text, order=order or "month first") for text in texts]
    found = [date for date in read if date]
    if len(found) < _ENOUGH * len(full):
        return None
    has_years = sum(date.year is not None for date in found) * 2 >= len(found)
    kept = [date for date in found if (date.year is not None) == has_years]
    precision: Precision = (
        "day"
        if any(date.day for date in kept)
        else "month"
        if any(date.month or date.quarter for date in kept)
        else "year"
    )
    return Column(
        name=name,
        kind="date",
        values=tuple(_day(date, has_years) for date in read),
        others=len(full) - len(kept),
        precision=precision,
        has_years=has_years,
        is_guessed=order is None and any(re.match(r"\d{1,2}[/-]\d{1,2}[/-]\d{4}", fold(text)) for text in full),
    )


def _day(date: Date | None, has_years: bool) -> datetime.date | None:
    if date is None or (date.year is not None) != has_years:
        return None
    return date.first if has_years else date.in_year(NO_YEAR).first


def _numbers(name: str, texts: Sequence[str], full: Sequence[str]) -> Column | None:
    if sum(read_number(text) is not None for text in full[:50]) < _ENOUGH * len(full[:50]):
        return None
    mark = mark_of(full)
    read = [None if is_empty(text) else read_number(text, mark=mark) for text in texts]
    found = [number for number in read if number]
    units = _units(found)
    if len(found) < _ENOUGH * len(full) or (len(units) > 1 and not _are_money(units)) or _is_too_long(found):
        return None
    folded = [fold(text) for text in full]
    style = Style(
        decimals=max(_decimals(number.value) for number in found),
        is_grouped=any(re.search(r"\d[,.]\d{3}(?!\d)", text) for text in folded if mark_of([text]) == mark),
        mark=mark,
        **_affixes(full),
    )
    return Column(
        name=name,
        kind="number",
        values=tuple(number.value if number else None for number in read),
        units=units,
        others=len(full) - len(found),
        is_key=is_key(name),
        style=style,
    )


def _affixes(full: Sequence[str]) -> dict[str, str]:
    """Return what stands around the digits of the first number that has a unit."""
    for text in full[:1000]:
        number = read_number(text)
        match = re.fullmatch(
            r"[-−(▲△\s]*(?P<before>[^\d\s(-]*\s?)[-−\d.,'’ 万億千百]*\d(?P<after>[^\d)]*)\)?", text.strip()
        )
        if number and number.unit and match:
            return {"before": match["before"], "after": match["after"].rstrip()}
    return {}


def _units(found: Iterable[Number]) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for number in found:
        if number.unit:
            counts[number.unit] = counts.get(number.unit, 0) + 1
    return tuple(sorted(counts, key=lambda unit: -counts[unit]))


def _are_money(units: Iterable[str]) -> bool:
    return all(unit in ("$", "€", "£", "¥") for unit in units)


def _is_too_long(found: Sequence[Number]) -> bool:
    scale = max(_decimals(number.value) for number in found)
    return scale + max(number.value.adjusted() for number in found) + 1 > _MOST_DIGITS - 8  # room for a sum


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _flags(full: Sequence[str]) -> tuple[str, str] | None:
    shown: Mapping[str, str] = {fold(text): " ".join(text.split()) for text in full[:10_000]}
    for yes, no in _FLAGS:
        if shown and set(shown) <= {yes, no}:
            return shown.get(yes, yes), shown.get(no, no)
    return None
