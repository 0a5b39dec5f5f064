"""Read units of measurement. In: a text and a place in it. Out: the unit at that place, and its size.

3.5 km, 3,500 metres and 3500メートル have the same unit. The spellings are in `units.toml`, English and Japanese. Knows
nothing of the numbers before the units.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from pathlib import Path

from bunko.language.data_files import read_data

_LONGEST_UNIT = 40
DATA_FILE = Path(__file__).with_suffix(".toml")


@cache
def _units() -> tuple[tuple[re.Pattern[str], str, Fraction], ...]:
    """Return the spellings, units and sizes."""
    return tuple(
        # A unit in letters ends where the word does: 5 m, but not 5 minutes, nor 5 t-shirts.
        (
            re.compile(rf"(?:{table['regex']})(?:(?<![A-Za-z])|(?![A-Za-z0-9]|-[A-Za-z]))", re.I),
            table["name"],
            Fraction(table["size"]),
        )
        for table in read_data(DATA_FILE)["pattern"]
    )


def unit_at(text: str, place: int) -> tuple[str, Fraction, int]:
    """Return the unit at a place in a text, its size, and its length with the space before it.

    >>> unit_at("5 km away", 1)
    ('metre', Fraction(1000, 1), 3)
    """
    best: tuple[str, Fraction, int] = ("", Fraction(1), 0)
    for gap in (0, 1):
        if gap and text[place : place + 1] not in (" ", "-", "\u00a0", "\u202f"):
            break
        for pattern, unit, size in _units():
            match = pattern.match(text, place + gap)
            if match and match.end() - place > best[2]:
                best = (unit, size, match.end() - place)
    return best


def size_of(text: str) -> Fraction:
    """Return the factor of a number's unit, as 1000 of "5 km"."""
    for place in range(max(0, len(text) - _LONGEST_UNIT), len(text)):
        unit, size, length = unit_at(text, place)
        if unit and place + length == len(text):
            return size
    return Fraction(1)
