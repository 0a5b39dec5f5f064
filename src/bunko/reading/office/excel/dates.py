"""Write dates and times as Excel does. In: a serial number and the tokens of a format. Out: text. Pure.

A serial number counts days; 1 is 1 January 1900, and 60 the 29 February 1900 that never was.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass

_FIRST, _LATER = datetime.date(1899, 12, 31), datetime.date(1899, 12, 30)
_FIRST_1904 = datetime.date(1904, 1, 1)
_LEAP = 60
_LAST = 2_958_466  # after 31 December 9999
_DAY = 86_400
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_JAPANESE_DAYS = "月火水木金土日"
_ERAS = (
    (datetime.date(2019, 5, 1), "令和", "R"),
    (datetime.date(1989, 1, 8), "平成", "H"),
    (datetime.date(1926, 12, 25), "昭和", "S"),
    (datetime.date(1912, 7, 30), "大正", "T"),
    (datetime.date(1868, 1, 25), "明治", "M"),
)
_BUDDHIST = 543
_MIDNIGHT = re.compile(r"[ T]*\b(?:0?0|12):00:00(?:\.0+)?(?: ?(?:AM|午前))?\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A piece of a format: a kind, such as "y" or "text", and its letters."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    year: int
    month: int
    day: int
    weekday: int
    seconds: int
    """Of the day."""
    fraction: float
    total: int
    """Seconds since day 0, for elapsed times."""
    date: datetime.date


def date_text(serial: float, tokens: Sequence[Token], *, is_1904: bool, is_japanese: bool, gannen: bool) -> str:
    """Return a serial number as the tokens of a date or time say; empty if it is no date.

    A time of 0:00:00 after a date is left out: programs write it for dates without a time.
    """
    digits = max((len(token.text) for token in tokens if token.kind == "fraction"), default=0)
    moment = _moment(serial, is_1904, digits)
    if moment is None:
        return ""
    half = any(token.kind == "half" for token in tokens)
    text = "".join(
        _written(token, moment, is_minute=_is_minute(tokens, n), half=half, is_japanese=is_japanese, gannen=gannen)
        for n, token in enumerate(tokens)
    )
    kinds = {token.kind for token in tokens}
    if moment.seconds == 0 and "d" in kinds and "s" in kinds and not moment.fraction:
        text = _MIDNIGHT.sub("", text)
    return text.strip()


def _moment(serial: float, is_1904: bool, digits: int) -> _Moment | None:
    if not 0 <= serial < _LAST:
        return None
    exact = round(serial * _DAY, max(digits, 0))
    total = int(exact)
    days, seconds = divmod(total, _DAY)
    fraction = round(exact - total, digits) if digits else 0.0
    if is_1904:
        date = _FIRST_1904 + datetime.timedelta(days=min(days, _LAST - 1500))
        shown = (date.year, date.month, date.day)
    elif days == 0:
        date, shown = _LATER, (1900, 1, 0)
    elif days == _LEAP:
        date, shown = datetime.date(1900, 2, 28), (1900, 2, 29)
    else:
        date = (_FIRST if days < _LEAP else _LATER) + datetime.timedelta(days=min(days, _LAST - 1))
        shown = (date.year, date.month, date.day)
    year, month, day = shown
    return _Moment(
        year=year, month=month, day=day, weekday=date.weekday(), seconds=seconds, fraction=fraction, total=total,
        date=date,
    )  # fmt: skip


def _is_minute(tokens: Sequence[Token], n: int) -> bool:
    """Return whether an m is a minute: after an hour, or before a second."""
    if tokens[n].kind != "m":
        return False
    near = [token.kind for token in tokens if token.kind in "ymdhsHMS" and token.kind]
    place = [k for k, token in enumerate(tokens) if token.kind in "ymdhsHMS" and token.kind].index(n)
    before = near[place - 1] if place else ""
    after = near[place + 1] if place + 1 < len(near) else ""
    return len(tokens[n].text) <= 2 and (before in ("h", "H") or after in ("s", "S"))


def _written(token: Token, moment: _Moment, *, is_minute: bool, half: bool, is_japanese: bool, gannen: bool) -> str:
    width = len(token.text)
    hour, minute, second = moment.seconds // 3600, moment.seconds // 60 % 60, moment.seconds % 60
    if is_minute:
        return _number(minute, width)
    if token.kind == "m":
        return _month(moment.month, width, is_japanese)
    if token.kind == "h":
        return _number((hour - 1) % 12 + 1 if half else hour, width)
    if token.kind in ("g", "e"):
        return _era(moment, token, gannen)
    plain = {
        "y": lambda: f"{moment.year % 100:02}" if width <= 2 else f"{moment.year:04}",
        "b": lambda: f"{(moment.year + _BUDDHIST) % 100:02}" if width <= 2 else f"{moment.year + _BUDDHIST:04}",
        "d": lambda: _number(moment.day, width) if width <= 2 else _weekday(moment.weekday, width == 3, is_japanese),
        "a": lambda: _JAPANESE_DAYS[moment.weekday] + ("曜日" if width > 3 else ""),
        "s": lambda: _number(second, width),
        "fraction": lambda: f"{moment.fraction:.{width}f}"[1:],
        "H": lambda: _number(moment.total // 3600, width),
        "M": lambda: _number(moment.total // 60, width),
        "S": lambda: _number(moment.total, width),
        "half": lambda: _half(token.text, hour, is_japanese),
    }
    return plain[token.kind]() if token.kind in plain else token.text


def _number(value: int, width: int) -> str:
    return f"{value:0{min(width, 9)}}"


def _month(month: int, width: int, is_japanese: bool) -> str:
    if width <= 2:
        return _number(month, width)
    name = _MONTHS[month - 1]
    if is_japanese:
        return f"{month}月"
    return name[:1] if width == 5 else name[:3] if width == 3 else name


def _weekday(day: int, is_short: bool, is_japanese: bool) -> str:
    if is_japanese:
        return _JAPANESE_DAYS[day] + ("" if is_short else "曜日")
    return _DAYS[day][:3] if is_short else _DAYS[day]


def _half(text: str, hour: int, is_japanese: bool) -> str:
    if text.casefold() == "a/p":
        return "AP"[hour >= 12]
    if is_japanese:
        return ("午前", "午後")[hour >= 12]
    return ("AM", "PM")[hour >= 12]


def _era(moment: _Moment, token: Token, gannen: bool) -> str:
    """Return the name of a Japanese era, or the year in it."""
    start, name, letter = next((era for era in _ERAS if moment.date >= era[0]), _ERAS[-1])
    if token.kind == "g":
        return {1: letter, 2: name[0]}.get(len(token.text), name)
    year = moment.year - start.year + 1
    return "元" if gannen and year == 1 else _number(year, min(len(token.text), 2))
