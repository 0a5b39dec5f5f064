"""Numbers and dates as people type them: what was written is what is read."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.rows.table import column_of
from bunko.rows.values import read_date, read_number

_AMOUNTS = st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False, allow_infinity=False)
_DAYS = st.dates(min_value=datetime.date(1900, 1, 1), max_value=datetime.date(2100, 12, 31))
_ERAS = (("令和", "R", 2018, datetime.date(2019, 5, 1)), ("平成", "H", 1988, datetime.date(1989, 1, 8)))


@given(_AMOUNTS, st.sampled_from(["{:,.2f}", "${:,.2f}", "{:,.2f} €", "¥{:,.2f}", "{:.2f}", "{:,.2f} kg", "€ {:,.2f}"]))
def test_a_number_is_read_as_it_was_written(value: Decimal, form: str) -> None:
    number = read_number(form.format(value))
    assert number is not None and number.value == value


@given(_AMOUNTS)
def test_a_number_with_a_decimal_comma_is_the_same(value: Decimal) -> None:
    text = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
    for written in (text, f"{text} €", text.replace(".", " ")):
        number = read_number(written, mark=",")
        assert number is not None and number.value == value


@given(st.integers(1, 10**9))
def test_signs_of_accounts_are_negative(value: int) -> None:
    for written in (f"({value:,})", f"▲{value:,}", f"△{value}", f"−{value}", f"-${value:,}", f"（{value}）"):
        number = read_number(written)
        assert number is not None and number.value == -value, written


@given(_DAYS)
def test_a_date_is_read_as_it_was_written(day: datetime.date) -> None:
    forms = (
        day.isoformat(), f"{day:%Y/%m/%d}", f"{day.year}年{day.month}月{day.day}日", f"{day:%d %B %Y}",
        f"{day:%B} {day.day}, {day.year}", f"{day.day}.{day.month}.{day.year}", f"{day:%Y-%m-%d %H:%M}",
        f"{day:%Y-%m-%dT00:00:00Z}", f"{day:%d-%b-%Y}",
        f"{day:%Y/%m/%d}（{'月火水木金土日'[day.weekday()]}）",
    )  # fmt: skip
    for written in forms:
        date = read_date(written)
        assert date is not None and date.first == day, written


@given(_DAYS)
def test_a_japanese_era_is_the_same_year(day: datetime.date) -> None:
    for name, letter, before, since in _ERAS:
        if since <= day and day.year - before <= 99:
            for written in (
                f"{name}{day.year - before}年{day.month}月{day.day}日",
                f"{letter}{day.year - before}.{day.month}.{day.day}",
            ):
                date = read_date(written)
                assert date is not None and date.first == day


@given(st.lists(_DAYS, min_size=1, max_size=20))
def test_a_column_of_days_first_is_read_so_once_one_shows_it(days: list[datetime.date]) -> None:
    column = column_of("day", [f"{day.day}/{day.month}/{day.year}" for day in days])
    if any(day.day > 12 for day in days):
        assert list(column.values) == days and not column.is_guessed
    elif column.kind == "date":
        assert column.is_guessed


@given(st.text(max_size=30))
def test_any_text_is_read_without_an_error(text: str) -> None:
    read_number(text)
    read_date(text)
    column_of("x", [text, text])


@pytest.mark.parametrize(
    ("name", "texts", "kind", "unit"),
    [
        ("amount", ["¥1,234", "¥80", ""], "number", "¥"),
        ("amount", ["1.234,50 €", "12,00 €"], "number", "€"),
        ("price", ["$5", "€3"], "number", "$"),
        ("share", ["12%", "7.5%"], "number", "%"),
        ("day", ["3月5日", "3月12日"], "date", ""),
        ("since", ["令和6年", "平成30年"], "date", ""),
        ("入社年", ["2015", "2018"], "date", ""),
        ("population", ["2015", "2018"], "number", ""),
        ("zip", ["01234", "98765"], "text", ""),
        ("room", ["12A", "12B"], "text", ""),
        ("phone", ["03-1234-5678", "090-1234-5678"], "text", ""),
        ("when", ["9:30", "10:15"], "text", ""),
    ],
)
def test_columns_are_typed_by_their_values(name: str, texts: list[str], kind: str, unit: str) -> None:
    column = column_of(name, texts)
    assert (column.kind, column.unit) == (kind, unit)


def test_sums_are_exact_decimals() -> None:
    column = column_of("amount", ["0.1", "0.2", "1234567890123.45"])
    assert sum(value for value in column.values if isinstance(value, Decimal)) == Decimal("1234567890123.75")
