"""Read the numbers, amounts, dates and times of a text. In: a text. Out: quantities with their places.

A quantity is the same in any notation: 1,958, １９５８, 千九百五十八; twelve, 12, 十二人; 3 May 1932, 1932-05-03,
1932年5月3日, 昭和7年5月3日; 60%, 60 per cent, 6割; 3.5 km, 3,500 metres. English and Japanese.
Knows nothing of answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

from bunko.language.numerals import CARDINALS, KANJI, ORDINALS, SCALES, fold_width, from_kanji, from_words
from bunko.language.quantity import Quantity
from bunko.language.units import size_of, unit_at

_CURRENCIES = {"$": "dollar", "£": "pound", "€": "euro", "¥": "yen"}
_SUFFIXES = {"k": 10**3, "m": 10**6, "bn": 10**9, "tn": 10**12}


@lru_cache(maxsize=1024)
def quantities(text: str) -> tuple[Quantity, ...]:
    """Return all quantities of a text, in order.

    >>> [(item.year, item.month, item.day) for item in quantities("令和6年1月, May 3, 1932, 44 BC, 5月3日")]
    [(2024, 1, None), (1932, 5, 3), (-44, None, None), (None, 5, 3)]
    >>> [(str(item.value), item.unit) for item in quantities("$3.5 million, twelve metres, 六割, one third, 10–20%")]
    [('3500000', 'dollar'), ('12', 'metre'), ('60', 'percent'), ('1/3', ''), ('10', 'percent'), ('20', 'percent')]
    """
    found, rest = _found_by(_PATTERNS, text)
    found += _in_words(rest)
    found.sort(key=lambda item: item.start)
    return tuple(_spread(found, fold_width(text)))


@lru_cache(maxsize=1024)
def whole_dates(text: str) -> tuple[Quantity, ...]:
    """Return the dates with day, month and year in a text, in order: those of `quantities`, in a third of the time.

    >>> [(item.year, item.month, item.day) for item in whole_dates("2.5 km on May 3, 1932 and in June 1932")]
    [(1932, 5, 3)]
    """
    found, _ = _found_by(_PATTERNS[: _DATE_PATTERNS if "年" in text else _WESTERN_DATE_PATTERNS], text)
    whole = (item for item in found if None not in (item.year, item.month, item.day))
    return tuple(sorted(whole, key=lambda item: item.start))


def _found_by(patterns: Sequence[tuple[re.Pattern[str], _Reader]], text: str) -> tuple[list[Quantity], str]:
    """Return what patterns find, one after the other, and the text without it."""
    folded = _TOO_MANY_FIGURES.sub(_hidden, fold_width(text))
    found: list[Quantity] = []
    for pattern, read in patterns:
        spans = [(0, 0)]
        for match in pattern.finditer(folded):
            read_here = read(match)
            found += read_here
            if read_here:
                spans.append(match.span())
        folded = _hide(folded, spans)  # so that no other pattern reads them
    return found, folded


# Nobody counts so far: it is a key, or a digest. Python refuses to convert more than 4,300 figures, and a pattern that
# starts anew at each of n figures takes n² steps.
_MOST_FIGURES = 64
_TOO_MANY_FIGURES = re.compile(rf"[0-9{KANJI}]{{{_MOST_FIGURES + 1},}}")


def _hidden(match: re.Match[str]) -> str:
    return "\0" * len(match.group())


def _hide(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return a text of the same length without these places, which are in order, and of which the first is empty."""
    parts = [text[end:start] for (_, end), (start, _) in pairwise([*spans, (len(text), len(text))])]
    holes = ["\0" * (end - start) for start, end in spans[1:]]
    return parts[0] + "".join(hole + part for hole, part in zip(holes, parts[1:], strict=True))


# --- dates ---------------------------------------------------------------------------------------------------------

MONTHS = "january february march april may june july august september october november december".split()
_MONTH_OF = {name[:3]: n for n, name in enumerate(MONTHS, 1)}
_MONTH = rf"(?P<month>{'|'.join(f'{name[:3]}(?:{name[3:]})?' for name in MONTHS)}|Sept)\b\.?"
# A month without a day or a year follows one of these words, and has a capital: "it may march" has no month.
_MONTH_ALONE = (
    r"\b(?:in|of|since|until|by|from|to|early|late|mid|last|next|every) "
    rf"(?P<month>{'|'.join(MONTHS).title()})\b(?! \d)"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_TO_DAY = r"(?:\s?[-–—]\s?(?P<to>\d{1,2})(?:st|nd|rd|th)?)?"
_YEAR = r"(?P<year>\d{3,4})"
_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_ERAS |= {"meiji": 1867, "taisho": 1911, "showa": 1925, "heisei": 1988, "reiwa": 2018}
_N = rf"[0-9{KANJI}]"


def eras(year: int) -> list[tuple[str, int]]:
    """Return the Japanese eras of a year, with its number in each: in the year of a change, both.

    >>> eras(2026), eras(1989)
    ([('令和', 8)], [('昭和', 64), ('平成', 1)])
    """
    names = [name for name in _ERAS if not name.isascii()]
    ends = [*(_ERAS[name] + 1 for name in names[1:]), 9999]
    return [(name, year - _ERAS[name]) for name, end in zip(names, ends, strict=True) if _ERAS[name] < year <= end]


def _whole(text: str | None) -> int | None:
    if not text:
        return None
    value = 1 if text == "元" else from_kanji(text)
    return int(value) if value is not None and value < 10_000 else None


def _date(match: re.Match[str]) -> list[Quantity]:
    """Read a date from the groups year, month, day, to (the last day of several), era and bc."""
    groups = match.groupdict()
    year, day, to = (_whole(groups.get(name)) for name in ("year", "day", "to"))
    said = groups.get("month") or ""
    month = _MONTH_OF.get(said[:3].lower()) or _whole(said)
    if era := groups.get("era"):
        year = None if year is None else year + _ERAS[era.lower()]
    if groups.get("bc") and year is not None:
        year = -year
    if (month is not None and not 1 <= month <= 12) or any(n is not None and not 1 <= n <= 31 for n in (day, to)):
        return []
    if year is None and month is None:
        return []
    item = Quantity(start=match.start(), end=match.end(), kind="date", year=year, month=month, day=day)
    return [item, replace(item, day=to)] if to else [item]


def _written_date(match: re.Match[str]) -> list[Quantity]:
    """Read 5/3/1932 as in America, unless only the other order makes a date."""
    first, second, year = (int(part) for part in match.groups())
    month, day = (second, first) if first > 12 or "." in match.group() else (first, second)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return []
    return [Quantity(start=match.start(), end=match.end(), kind="date", year=year, month=month, day=day)]


# --- times, centuries, decades, ordinals, codes, fractions -----------------------------------------------------------


def _time(match: re.Match[str]) -> list[Quantity]:
    hour, minute = _whole(match["hour"]) or 0, _whole(match["minute"]) or 0
    half = (match["half"] or "").lower().replace(".", "").replace(" ", "")
    if match["half"] and half in ("pm", "午後") and hour < 12:
        hour += 12
    elif half in ("am", "午前") and hour == 12:
        hour = 0
    if hour > 24 or minute > 59:
        return []
    return [Quantity(start=match.start(), end=match.end(), kind="time", value=Fraction(hour * 60 + minute))]


def _numbered(unit: str, *, weak_up_to: int = 0) -> Callable[[re.Match[str]], list[Quantity]]:
    """Return a reader of the group `n`: ordinals, centuries, decades."""

    def read(match: re.Match[str]) -> list[Quantity]:
        said = match["n"].lower()
        value = ORDINALS.get(said) or _whole(said)
        if value is None:
            return []
        weak = value <= weak_up_to and not said.isdecimal()
        start, end = match.span()
        return [Quantity(start=start, end=end, kind="number", value=Fraction(value), unit=unit, weak=weak)]

    return read


def _fraction(match: re.Match[str]) -> list[Quantity]:
    above, below = (_part(match[name]) for name in ("above", "below"))
    if above is None or not below or above > below:
        return []
    return [Quantity(start=match.start(), end=match.end(), kind="number", value=Fraction(above, below))]


def _part(text: str) -> int | None:
    folded = text.lower().removesuffix("s") if len(text) > 3 else text.lower()
    named = {"half": 2, "halve": 2, "quarter": 4, "a": 1}
    return named.get(folded) or CARDINALS.get(folded) or ORDINALS.get(folded) or _whole(folded)


def _code(match: re.Match[str]) -> list[Quantity]:
    text = match.group().casefold().replace("-", "")
    return [Quantity(start=match.start(), end=match.end(), kind="code", code=text)]


# --- numbers ---------------------------------------------------------------------------------------------------------

_DIGITS = (
    r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:['’\u00a0\u202f\u2009]\d{3})+|\d{1,3}(?: \d{3}){2,}(?!\d)|\d+(?:\.\d+)?"
)
_COUNTER = re.compile(
    r"[年月日人名歳才個本台回件冊校社階倍割度円位番時分秒世つ]|[かヶカケ箇][月所国年]|パーセント|メートル|キロ|ドル"
)
_AMBIGUOUS = re.compile(r"[一十][分部番般時日方人回年応度]|[一二三]つ|千葉|十分")
_LONG_KANJI = 4
# "in 333." is a year, "in 333 houses" and "333 metres" are none.
_IN = re.compile(r"\b(?:in|since|until) $", re.I)
_IN_LENGTH = len("since ")
_PAUSE = re.compile(r"\s*(?:$|[.,;:)\]])(?!\d)")


def _number(match: re.Match[str]) -> list[Quantity]:
    value = Fraction(re.sub(r"[^\d.]", "", match["digits"]))
    if scale := match["scale"] or match["suffix"]:
        value *= SCALES.get(scale.lower()) or _SUFFIXES[scale.lower()]
    value = -value if match["minus"] else value
    return [_with_unit(match, value, currency=match["currency"] or "")]


def _kanji_number(match: re.Match[str]) -> list[Quantity]:
    said = match["kanji"].rstrip(",.")
    value = from_kanji(said)
    if value is None or not set(said) & set(KANJI):
        return []
    counted = _COUNTER.match(match.string, match.start("kanji") + len(said))
    pure = set(said) <= set(KANJI)
    if pure and not counted and (len(said) < _LONG_KANJI or value < 100):
        return []  # 一般, 三重県, 九州
    item = _with_unit(match, value, end=match.start("kanji") + len(said))
    return [replace(item, weak=pure and bool(_AMBIGUOUS.match(match.string, match.start("kanji"))))]


def _with_unit(match: re.Match[str], value: Fraction, *, currency: str = "", end: int | None = None) -> Quantity:
    """Return a number with the unit that follows it, or the currency before it."""
    text, end = match.string, match.end() if end is None else end
    if sign := currency.strip("US "):
        return Quantity(start=match.start(), end=end, kind="number", value=value, unit=_CURRENCIES.get(sign, ""))
    unit, size, length = unit_at(text, end)
    before = max(0, match.start() - _IN_LENGTH)
    if not unit and _IN.search(text, before, match.start()) and _PAUSE.match(text, end) and 100 <= value < 3000:
        return Quantity(start=match.start(), end=end, kind="date", year=int(value))
    if unit == "year" and value >= 1000 and value.denominator == 1 and "年" in text[end : end + length]:
        return Quantity(start=match.start(), end=end + length, kind="date", year=int(value))
    return Quantity(start=match.start(), end=end + length, kind="number", value=value * size, unit=unit)


def _in_words(text: str) -> list[Quantity]:
    found = []
    for start, end, value in from_words(text):
        unit, size, length = unit_at(text, end)
        weak = value == 1 and not unit
        found.append(Quantity(start=start, end=end + length, kind="number", value=value * size, unit=unit, weak=weak))
    return found


_TO = re.compile(r"\s?(?:[-–—~〜]|to|and|or|から|、|,)\s?")


def _spread(found: list[Quantity], text: str) -> list[Quantity]:
    """Complete ranges: the first gets the unit of the last (10–20%, 2 to 3 million), the last its century (1914–18)."""
    spread = list(found)
    for n in range(len(spread) - 1, 0, -1):
        first, last = spread[n - 1], spread[n]
        between = text[first.end : last.start]
        if not (first.kind == last.kind == "number" and _TO.fullmatch(between)):
            continue
        dash = between.strip() in ("-", "–", "—", "~", "〜")
        if dash and 1000 <= first.value < 2100 and last.end - last.start == 2 and first.value % 100 < last.value:
            spread[n] = replace(last, value=first.value // 100 * 100 + last.value)
        elif not first.unit and between.strip() not in (",", "and", "or"):
            said = text[last.start : last.end]
            plain = first.value < 1000 and _scale_of(text[first.start : first.end]) == 1
            factor = size_of(said) * (_scale_of(said) if plain else 1)
            spread[n - 1] = replace(first, unit=last.unit, value=first.value * factor)
    return spread


_SCALE = re.compile(rf"{'|'.join(SCALES)}|[万億兆]", re.I)


def _scale_of(text: str) -> int:
    """Return the scale of a number: a million for "3 million", ten thousand for 3万; else 1."""
    found = _SCALE.search(text)
    if found is None:
        return 1
    return SCALES.get(found.group().lower()) or int(from_kanji(f"一{found.group()}") or 1)


_ORDINAL = rf"\d{{1,2}}(?=st|nd|rd|th)|{'|'.join(sorted(ORDINALS, key=len, reverse=True))}"
_ENDING = r"(?:st|nd|rd|th)?"
_SMALL_FRACTION = r"half|halves|thirds?|quarters?|fifths?|sixths?|eighths?|tenths?"
_JAPANESE_ERA = "|".join(name for name in _ERAS if not name.isascii())
_LATIN_ERA = "|".join(name for name in _ERAS if name.isascii())
_KANJI_YEAR = rf"\d{{3,4}}|[一二三四五六七八九〇]{{3,4}}|[千百]{_N}+"
_KANJI_MONTH = "1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九]"
_KANJI_START = "0-9一二三四五六七八九〇十百千"
_N_MARKS = rf"[0-9,.{KANJI}]{{0,{_MOST_FIGURES}}}"
_MINUS = r"(?P<minus>(?<![\w\)%])-|マイナス|minus )?"
_CURRENCY = r"(?:(?P<currency>(?:US)?\$|[£€¥])\s?)?"
_SCALE_AFTER = r"[ -](?P<scale>hundred|thousand|million|billion|trillion)\b"
_SUFFIX = r"(?P<suffix>(?(currency)(?:k|m|bn|tn)|k)\b)"  # £2m is two million, 2m two metres
_CODE = r"\b(?!AD|BC|CE|US)[A-Z]{1,8}[a-z]?-?\d+[A-Z]*\b|\b\d+(?:\.\d+){2,}\b|\b\d+[DGK]\b"

_Reader: TypeAlias = Callable[[re.Match[str]], list[Quantity]]
# In this order: text that one pattern has read is hidden from the next.
_DATE_PATTERNS = 11
"""So many of them, the first ones, can find a day, a month and a year."""
_WESTERN_DATE_PATTERNS = 4
"""So many of these, where 年 is nowhere."""
_PATTERNS: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(pattern, flags), read)
    for pattern, read, flags in (
        (r"(?<!\d)(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})(?![\d.]\d)", _date, 0),
        (r"(?<![\d/.])(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?!\d)", _written_date, 0),
        (rf"\b{_DAY}{_TO_DAY}\s(?:of\s)?{_MONTH}(?:,?\s(?:of\s)?{_YEAR}\b)?", _date, re.I),
        (rf"\b{_MONTH}\s(?:the\s)?{_DAY}\b(?!\d|,\d|:|\s?(?:%|people)){_TO_DAY}(?:,?\s{_YEAR}\b)?", _date, re.I),
        (rf"\b{_MONTH}(?:\s(?:of\s)?|,\s){_YEAR}\b", _date, re.I),
        (rf"(?P<era>{_JAPANESE_ERA})(?P<year>元|{_N}+)年(?:(?P<month>{_N}+)月(?:(?P<day>{_N}+)日)?)?", _date, 0),
        (rf"\b(?P<era>{_LATIN_ERA}) (?P<year>\d{{1,2}})\b", _date, re.I),
        (r"(?P<bc>紀元前|(?<![一-鿿])前)(?P<year>\d+)年", _date, 0),
        (r"(?<![\d,])(?P<year>\d{1,4})\s?(?P<bc>BCE?\b|B\.C\.)", _date, 0),
        (r"\bA\.?D\.?\s?(?P<year>\d{1,4})\b", _date, 0),
        (rf"(?<!{_N})(?P<year>{_KANJI_YEAR})年(?P<month>{_N}+)月(?:(?P<day>{_N}+)日)?", _date, 0),
        (rf"(?<!{_N})(?P<month>{_N}{{1,3}})月(?P<day>{_N}{{1,3}})日", _date, 0),
        (rf"(?<!{_N})(?P<month>{_KANJI_MONTH})月(?!間)", _date, 0),
        (_MONTH_ALONE, _date, 0),
        (r"(?:(?P<half>午前|午後)\s?)?(?P<hour>\d{1,2})時(?!間|代|点)(?:(?P<minute>\d{1,2})分)?", _time, 0),
        (r"(?<![\d:])(?P<hour>\d{1,2}):(?P<minute>\d\d)(?![\d:])(?:\s?(?P<half>[ap]\.?m\b\.?))?", _time, re.I),
        (r"\b(?P<hour>\d{1,2})(?P<minute>(?!))?\s?(?P<half>[ap]\.?m\b\.?)", _time, re.I),
        (r"(?<!\d)(?P<n>\d{3,4})(?:['’]?s\b|年代)", _numbered("decade"), 0),
        (rf"\b(?P<n>{_ORDINAL}){_ENDING}(?= (?:and|to|or) \S{{3,11}} centur)", _numbered("century"), re.I),
        (rf"\b(?P<n>{_ORDINAL}){_ENDING}[ -]centur(?:y|ies)\b", _numbered("century"), re.I),
        (rf"(?P<above>\b(?:an?|one|two|three|four|five|\d)\b)[ -](?P<below>{_SMALL_FRACTION})\b", _fraction, re.I),
        (rf"(?P<below>{_N}+)分の(?P<above>{_N}+)", _fraction, 0),
        (r"(?<![\d/])(?P<above>\d)/(?P<below>\d|10)(?![\d/])", _fraction, 0),
        (r"\b(?P<n>\d+)(?:st|nd|rd|th)\b", _numbered("rank"), re.I),
        (rf"第(?P<n>{_N}+)(?!次)", _numbered("rank"), 0),
        (rf"\b(?P<n>{_ORDINAL})\b", _numbered("rank", weak_up_to=2), re.I),
        (_CODE, _code, 0),
        (rf"(?<![\d.])(?P<kanji>[{_KANJI_START}]{_N_MARKS}[{KANJI}]|[{_KANJI_START[3:]}])", _kanji_number, 0),
        (rf"(?<![\d.]){_CURRENCY}{_MINUS}(?P<digits>{_DIGITS})(?!\d)(?:{_SCALE_AFTER}|{_SUFFIX})?", _number, re.I),
    )
)
