"""Read numbers and dates as people type them in cells. In: texts. Out: values.

¥1,234; 1,234.50 €; 1.234,50; (120); ▲3; 12%; 3万5千円; 2024-03-05; 5 March 2024; 3月5日; 令和6年; R6.3.5.
Knows nothing of columns, questions or SQL.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Literal, TypeAlias

from bunko.language.numerals import from_kanji

Mark: TypeAlias = Literal[".", ","]
"""What stands before the decimals."""
Order: TypeAlias = Literal["day first", "month first"]

EMPTY = frozenset({"", "-", "–", "—", "n/a", "na", "nan", "null", "nil", "none", "#n/a"})
"""What stands in a cell without a value, in lower case."""

_CURRENCY_SIGNS = {"$": "$", "us$": "$", "usd": "$", "€": "€", "eur": "€", "£": "£", "gbp": "£", "¥": "¥", "jpy": "¥"}
_CURRENCY_WORDS = {
    "円": "¥", "yen": "¥", "ドル": "$", "dollar": "$", "dollars": "$", "ユーロ": "€", "euro": "€", "euros": "€",
    "ポンド": "£", "pound": "£", "pounds": "£", "パーセント": "%", "年生": "年", "percent": "%", "per cent": "%",
}  # fmt: skip
_SCALES = {"k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6, "bn": 10**9, "billion": 10**9}
_DIGITS = r"\d{1,3}(?:(?P<group>[,.'’ \u00a0\u202f\u2009])\d{3})(?:(?P=group)\d{3})*(?:[.,]\d+)?|\d+(?:[.,]\d+)?"
_NUMBER = re.compile(
    rf"(?P<open>\()?(?P<minus>[-−▲△])?\s?(?P<before>us\$|[$€£¥]|(?:usd|eur|gbp|jpy)\b)?\s?(?P<minus2>[-−▲△])?"
    rf"(?P<digits>{_DIGITS})"
    r"(?P<kanji>[万億兆千百][\d万億兆千百,]*)?"
    r"(?P<scale>(?:k|m|bn)(?![a-z])|\s(?:thousand|million|billion)\b)?"
    r"\s?(?P<after>[^\d\s.,()+/:-][^\d()/:]{0,11}?)?(?P<close>\))?",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number with its unit."""

    value: Decimal
    unit: str = ""
    """A currency sign, %, or the word after the number; "" without."""


def fold(text: str) -> str:
    """Return a text in narrow characters and lower case, without outer spaces."""
    return unicodedata.normalize("NFKC", text).replace("￥", "¥").replace("\\", "¥").strip().lower()


def is_empty(text: str) -> bool:
    """Return whether a cell holds no value.

    >>> is_empty(" N/A "), is_empty("0")
    (True, False)
    """
    return fold(text) in EMPTY


def read_number(text: str, *, mark: Mark = ".") -> Number | None:
    """Return the number of a cell; None if the cell is something else. `mark` decides what 1,234 and 1.234 are.

    >>> [str(read_number(text).value) for text in ("¥1,234", "1,234.50 €", "(120)", "▲3", "12%", "3万5千円", "-$5")]
    ['1234', '1234.50', '-120', '-3', '12', '35000', '-5']
    >>> read_number("1.234,50 €").value, read_number("1.234", mark=",").value, read_number("12 apples").unit
    (Decimal('1234.50'), Decimal('1234'), 'apples')
    >>> read_number("A-12"), read_number("007"), read_number("2024-01-05"), read_number("3/4")
    (None, None, None, None)
    """
    return _read_number(fold(text), mark)


@lru_cache(maxsize=20_000)
def _read_number(folded: str, mark: Mark) -> Number | None:
    match = _NUMBER.fullmatch(folded)
    if not match or bool(match["open"]) != bool(match["close"]):
        return None
    digits = match["digits"]
    if re.match(r"0\d", digits) or len(digits) > 30:  # a key, not a number
        return None
    unit = unit_of(match["after"] or "") or _CURRENCY_SIGNS.get((match["before"] or "").lower(), "")
    if match["kanji"]:
        amount = from_kanji(digits + match["kanji"])
        if amount is None or amount.denominator != 1:
            return None
        value = Decimal(int(amount))
    else:
        value = Decimal(_plain(digits, mark)) * _SCALES.get((match["scale"] or "").strip(), 1)
    negative = bool(match["minus"] or match["minus2"]) != bool(match["open"])
    return Number(value=-value if negative else value, unit=unit)


def unit_of(text: str) -> str:
    """Return the unit that a word after a number stands for.

    >>> unit_of("円"), unit_of("Euros"), unit_of("kg")
    ('¥', '€', 'kg')
    """
    text = text.strip().lower()
    return _CURRENCY_WORDS.get(text) or _CURRENCY_SIGNS.get(text) or text


def _plain(digits: str, mark: Mark) -> str:
    """Return digits as Python writes them: a point before the decimals, and no other sign."""
    digits = re.sub(r"['’ \u00a0\u202f\u2009]", "", digits)
    found = evidence_of_mark(digits) or mark
    other = "," if found == "." else "."
    return digits.replace(other, "").replace(found, ".")


def evidence_of_mark(digits: str) -> Mark | None:
    """Return the decimal mark that a number proves; None if it could be either.

    >>> [evidence_of_mark(text) for text in ("1,234.5", "1.234,5", "0,5", "1.5", "1,234", "1.234.567", "0.125")]
    ['.', ',', ',', '.', None, ',', '.']
    """
    last_comma, last_point = digits.rfind(","), digits.rfind(".")
    if last_comma >= 0 and last_point >= 0:
        return "," if last_comma > last_point else "."
    if last_comma < 0 and last_point < 0:
        return None
    sign: Mark = "," if last_comma >= 0 else "."
    other: Mark = "." if sign == "," else ","
    if digits.count(sign) > 1:
        return other
    whole, _, decimals = digits.partition(sign)
    return None if len(decimals) == 3 and len(whole) <= 3 and whole != "0" else sign


def mark_of(texts: Iterable[str]) -> Mark:
    """Return the decimal mark of a column: a comma where a number proves it, and none proves a point.

    >>> mark_of(["1.234", "12,5"]), mark_of(["1,234", "2,500"])
    (',', '.')
    """
    marks: set[Mark | None] = set()
    for text in texts:
        if match := re.search(_DIGITS, fold(text)):
            marks.add(evidence_of_mark(re.sub(r"['’ \u00a0\u202f\u2009]", "", match.group())))
    return "," if "," in marks and "." not in marks else "."


# --- dates ------------------------------------------------------------------------------------------------------------

_MONTHS = "january february march april may june july august september october november december".split()
_MONTH = rf"(?P<word>{'|'.join(f'{name[:3]}(?:{name[3:]})?' for name in _MONTHS)}|sept)\.?"
_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_ERAS |= {"m": 1867, "t": 1911, "s": 1925, "h": 1988, "r": 2018}
_TH = r"(?:st|nd|rd|th)?"
_CLOCK = r"(?:[t ]\s?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:z|[+-]\d{2}:?\d{2})?)?"
_PATTERNS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})(?!\d){_CLOCK}",
        r"(?:(?P<era>明治|大正|昭和|平成|令和)\s?(?P<n>元|\d{1,2})|(?P<year>\d{4}))年度?(?!間)"
        r"(?:\s?(?P<month>\d{1,2})月(?:\s?(?P<day>\d{1,2})日)?)?",
        r"(?P<month>\d{1,2})月\s?(?P<day>\d{1,2})日",
        r"(?P<month>\d{1,2})月(?!間)",
        r"(?P<era>[mtshr])(?P<n>\d{1,2})[./-](?P<month>\d{1,2})[./-](?P<day>\d{1,2})(?!\d)",
        rf"(?P<day>\d{{1,2}}){_TH}[\s-](?:of )?{_MONTH},?[\s-](?P<year>\d{{4}})\b",
        rf"\b{_MONTH}\s(?P<day>\d{{1,2}}){_TH},?\s(?P<year>\d{{4}})\b",
        rf"\b{_MONTH},?[\s-](?P<year>\d{{4}})\b",
        rf"(?P<day>\d{{1,2}}){_TH}\s(?:of )?{_MONTH}(?![a-z])",
        rf"\b{_MONTH}\s(?P<day>\d{{1,2}}){_TH}(?![\d,.])",
        rf"(?P<first>\d{{1,2}})(?P<sign>[./-])(?P<second>\d{{1,2}})(?P=sign)(?P<year>\d{{4}})(?!\d){_CLOCK}",
        r"(?P<year>\d{4})[-/](?P<month>\d{1,2})(?![\d/-])",
        r"\bq(?P<quarter>[1-4])\s?(?P<year>\d{4})\b",
        r"(?P<year>\d{4})[-\s]?q(?P<quarter>[1-4])\b",
        rf"\b{_MONTH}(?![a-z])",
    )
)
_WEEKDAY = re.compile(r"\s?[(（][月火水木金土日][)）]|^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Date:
    """A date, or a part of one. At least one of year and month is known."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    quarter: int | None = None

    @property
    def first(self) -> datetime.date | None:
        """The first day; None without a year, or of a day that does not exist."""
        if self.year is None:
            return None
        month = 3 * self.quarter - 2 if self.quarter else self.month or 1
        try:
            return datetime.date(self.year, month, self.day or 1)
        except ValueError:
            return None

    @property
    def after(self) -> datetime.date | None:
        """The first day after it; None without a year, or at the end of time."""
        first = self.first
        if first is None:
            return None
        if self.day:
            return first + datetime.timedelta(days=1) if first < datetime.date.max else None
        months = 3 if self.quarter else 1 if self.month else 12
        year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
        return datetime.date(year, month + 1, 1) if year <= datetime.MAXYEAR else None

    def in_year(self, year: int) -> Date:
        """Return this date with a year."""
        return replace(self, year=year)


def read_date(text: str, *, order: Order = "month first") -> Date | None:
    """Return the date of a cell; None if the cell is something else. `order` decides what 3/4/2024 is.

    >>> read_date("令和6年3月5日").first, read_date("5 Mar 2024").first, read_date("R6.3.5").first
    (datetime.date(2024, 3, 5), datetime.date(2024, 3, 5), datetime.date(2024, 3, 5))
    >>> read_date("3月5日"), read_date("2024-02").after, read_date("3/4/2024", order="day first").first
    (Date(year=None, month=3, day=5, quarter=None), datetime.date(2024, 3, 1), datetime.date(2024, 4, 3))
    >>> read_date("13月5日"), read_date("2024"), read_date("May I?")
    (None, None, None)
    """
    return _read_date(_WEEKDAY.sub("", fold(text)).strip(), order)


@lru_cache(maxsize=20_000)
def _read_date(folded: str, order: Order) -> Date | None:
    if len(folded) > 40 or not (any(c.isdigit() for c in folded) or folded[:3].isalpha()):
        return None
    for pattern in _PATTERNS:
        if (match := pattern.fullmatch(folded)) and (date := _date(match, order)):
            return date
    return None


def date_at(text: str, start: int, *, order: Order = "month first") -> tuple[int, Date] | None:
    """Return the end of the date that starts at a place of a folded text, and the date; None if none does.

    >>> date_at("since 5 march 2024", 6)[1].first
    datetime.date(2024, 3, 5)
    """
    found = [
        (match.end(), date) for p in _PATTERNS if (match := p.match(text, start)) and (date := _date(match, order))
    ]
    return max(found, key=lambda item: item[0], default=None)


def order_of(texts: Iterable[str]) -> Order | None:
    """Return the order of days and months in a column of dates such as 3/4/2024; None if nothing shows it.

    >>> order_of(["3/4/2024", "13/4/2024"]), order_of(["3/14/2024"]), order_of(["3/4/2024"]), order_of(["3.4.2024"])
    ('day first', 'month first', None, 'day first')
    """
    for text in texts:
        if match := re.match(r"(\d{1,2})([./-])(\d{1,2})\2\d{4}", fold(text)):
            first, sign, second = int(match[1]), match[2], int(match[3])
            if sign == "." or first > 12:
                return "day first"
            if second > 12:
                return "month first"
    return None


def _date(match: re.Match[str], order: Order) -> Date | None:
    groups = match.groupdict()
    year = int(groups["year"]) if groups.get("year") else None
    if era := groups.get("era"):
        year = _ERAS[era] + (1 if groups["n"] == "元" else int(groups["n"]))
    month = int(groups["month"]) if groups.get("month") else None
    if word := groups.get("word"):
        month = next(n for n, name in enumerate(_MONTHS, 1) if name.startswith(word[:3].lower()))
    day = int(groups["day"]) if groups.get("day") else None
    if groups.get("first"):
        first, second = int(groups["first"]), int(groups["second"])
        day_first = groups["sign"] == "." or first > 12 or (order == "day first" and second <= 12)
        day, month = (first, second) if day_first else (second, first)
    quarter = int(groups["quarter"]) if groups.get("quarter") else None
    return _possible(Date(year=year, month=month, day=day, quarter=quarter))


def _possible(date: Date) -> Date | None:
    if date.month is not None and not 1 <= date.month <= 12:
        return None
    if date.day is not None:
        try:
            datetime.date(date.year or 2000, date.month or 1, date.day)
        except ValueError:
            return None
    return date if date.year is None or 1 <= date.year <= 9999 else None
