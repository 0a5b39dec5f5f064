"""Read units of measurement. In: a text and a place in it. Out: the unit at that place, and its size.

3.5 km, 3,500 metres and 3500メートル have the same unit. English and Japanese. Knows nothing of the numbers before
the units.
"""

from __future__ import annotations

import re
from fractions import Fraction

_METRIC = {
    "metre": (
        {"mm|millimet(?:re|er)s?|ミリメートル": "1/1000", "cm|centimet(?:re|er)s?|センチ(?:メートル)?": "1/100"}
        | {"m|met(?:re|er)s?|メートル": "1", "km|kilomet(?:re|er)s?|キロメートル": "1000"}
    ),
    "square metre": {
        "square met(?:re|er)s?|m²|m2|平方メートル|平米": "1",
        "hectares?|ha|ヘクタール": "10000",
        "square kilomet(?:re|er)s?|km²|km2|平方キロメートル|平方キロ": "1000000",
    },
    "gram": {
        "g|grams?|グラム": "1",
        "kg|kilograms?|キログラム": "1000",
        "tonnes?|tons?|トン": "1000000",
    },
    "litre": {"lit(?:re|er)s?|リットル": "1"},
    "percent": {"%|percent|per cent|パーセント": "1", "割(?![りれらっ])": "10"},
    "dollar": {"dollars?|USD|ドル": "1", "cents?": "1/100"},
    "euro": {"euros?|EUR|ユーロ": "1"},
    "pound": {"pounds?|lbs?|ポンド": "1"},
    "yen": {"yen|JPY|円": "1"},
    "mile": {"miles?|マイル": "1"},
    "foot": {"feet|foot|ft|フィート": "1"},
    "inch": {"inch(?:es)?|インチ": "1"},
    "kilo": {"kilos?|キロ": "1"},
    "degree": {"°C|℃|°F|°|degrees?(?: Celsius| Fahrenheit)?|度": "1"},
    "age": {"years? old|years of age|-years?-old|歳|才": "1"},
    "year": {"years?|年間?": "1"},
    "month": {"months?|[かヶカケ箇]月間?": "1"},
    "week": {"weeks?|週間?": "1"},
    "day": {"days?|日間?": "1"},
    "hour": {"hours?|時間": "1"},
    "minute": {"minutes?|mins?|分間?(?!の)": "1"},
    "second": {"seconds?|secs?|秒間?": "1"},
    "times": {"times|-?fold|倍": "1"},
    "person": {"people|persons?|人|名": "1"},
    "century": {"centur(?:y|ies)|世紀": "1"},
    "decade": {"年代": "1"},
    "rank": {"番目|位|等": "1"},
}
_UNITS = [
    # A unit in letters ends where the word does: 5 m, but not 5 minutes, nor 5 t-shirts.
    (re.compile(rf"(?:{forms})(?:(?<![A-Za-z])|(?![A-Za-z0-9]|-[A-Za-z]))", re.I), unit, Fraction(size))
    for unit, sizes in _METRIC.items()
    for forms, size in sizes.items()
]


def unit_at(text: str, place: int) -> tuple[str, Fraction, int]:
    """Return the unit at a place in a text, its size, and its length with the space before it.

    >>> unit_at("5 km away", 1)
    ('metre', Fraction(1000, 1), 3)
    """
    best: tuple[str, Fraction, int] = ("", Fraction(1), 0)
    for gap in (0, 1):
        if gap and text[place : place + 1] not in (" ", "-", "\u00a0", "\u202f"):
            break
        for pattern, unit, size in _UNITS:
            match = pattern.match(text, place + gap)
            if match and match.end() - place > best[2]:
                best = (unit, size, match.end() - place)
    return best


def size_of(text: str) -> Fraction:
    """Return the factor of a number's unit, as 1000 of "5 km"."""
    for place in range(len(text)):
        unit, size, length = unit_at(text, place)
        if unit and place + length == len(text):
            return size
    return Fraction(1)
