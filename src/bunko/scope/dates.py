"""Dates of filters. In: `2024`, `2024-01`, `2024-01-31`, 2024年1月, 31 January 2024. Out: first and last day."""

from __future__ import annotations

import calendar
import re

from bunko.errors import ScopeError
from bunko.language.quantities import quantities

_ISO = re.compile(r"\s*(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?\s*")


def is_date(text: str) -> bool:
    """Return whether a text is a day, a month or a year.

    >>> [is_date(text) for text in ("2024", "2024-01", "2024/1/31", "令和6年3月", "noon", "2024-13")]
    [True, True, True, True, False, False]
    """
    return _parts(text) is not None


def first_day(text: str) -> str:
    """Return the first day of a date, as `2024-01-01`. Raises ScopeError for what is no date."""
    year, month, day = _checked(text)
    return f"{year:04}-{month or 1:02}-{day or 1:02}"


def last_day(text: str) -> str:
    """Return the last day of a date. Raises ScopeError for what is no date.

    >>> last_day("2024-02"), last_day("2024")
    ('2024-02-29', '2024-12-31')
    """
    year, month, day = _checked(text)
    month = month or 12
    return f"{year:04}-{month:02}-{day or calendar.monthrange(year, month)[1]:02}"


def _checked(text: str) -> tuple[int, int | None, int | None]:
    found = _parts(text)
    if found is None:
        raise ScopeError(f"{text[:60]!r} is no date.", "Write a day, a month or a year: 2024-01-31, 2024-01 or 2024.")
    return found


def _parts(text: str) -> tuple[int, int | None, int | None] | None:
    if match := _ISO.fullmatch(text):
        year, month, day = (int(part) if part else None for part in match.groups())
    else:
        found = [item for item in quantities(text) if item.year]
        if len(found) != 1 or text[: found[0].start].strip() or text[found[0].end :].strip():
            return None
        year, month, day = found[0].year, found[0].month, found[0].day
    if not year or not 1 <= year <= 9999 or not (month is None or 1 <= month <= 12):
        return None
    if day is not None and not 1 <= day <= calendar.monthrange(year, month or 1)[1]:
        return None
    return year, month, day
