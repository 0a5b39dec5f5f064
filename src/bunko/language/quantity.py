"""A number, date, time or code of a text, and whether two are the same. Knows nothing of how they are written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["number", "date", "time", "code"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number, date, time or code, and its place."""

    start: int
    end: int
    kind: Kind
    value: Fraction = Fraction(0)
    """Of a number, in its unit; of a time, minutes after midnight."""
    unit: str = ""
    """Empty if unknown."""
    year: int | None = None
    """Negative for years BC."""
    month: int | None = None
    day: int | None = None
    code: str = ""
    """A name with figures in it: COVID-19, A4."""
    weak: bool = False
    """Whether it may not be a number: "one of them", 一部."""


# Units that can mean the same: キロ is kilometre or kilogram, and a child of five years is five years old.
_LIKE = (
    {"kilo", "metre"},
    {"kilo", "gram"},
    {"age", "year"},
    {"degree", "times"},
    {"century", "rank"},
    {"day", "rank"},
)
# A bare number is not the same as a number of these.
_STRICT = frozenset({"percent", "century", "decade"})
_THOUSANDS = {"metre", "gram"}


def agrees(claim: Quantity, source: Quantity) -> bool:
    """Return whether a source supports a quantity: all parts of it must agree, and the units if both have one.

    >>> from bunko.language.quantities import quantities
    >>> def one(text): return quantities(text)[0]
    >>> agrees(one("May 1932"), one("1932-05-03")), agrees(one("3 May 1932"), one("1932年"))
    (True, False)
    >>> agrees(one("35,000"), one("3万5千円")), agrees(one("3.5 km"), one("3500 m")), agrees(one("60%"), one("60 men"))
    (True, True, False)
    """
    if claim.kind == "date" or source.kind == "date":
        return any(_dates_agree(one, other) for one in _as_dates(claim) for other in _as_dates(source))
    if claim.kind != source.kind:
        return False
    if claim.kind == "code":
        return claim.code == source.code
    if claim.kind == "time":
        return claim.value == source.value
    return _numbers_agree(claim, source)


def _numbers_agree(claim: Quantity, source: Quantity) -> bool:
    units = {claim.unit, source.unit}
    if len(units) == 1:
        return claim.value == source.value
    if "kilo" in units and units & _THOUSANDS:
        scaled = {item.unit: item.value for item in (claim, source)}
        return scaled["kilo"] * 1000 == scaled[(units - {"kilo"}).pop()]
    if not (("" in units and not units & _STRICT) or units in _LIKE):
        return False
    return claim.value == source.value


def _as_dates(item: Quantity) -> list[Quantity]:
    """Return the dates that a number may be: a year, a day."""
    if item.kind == "date":
        return [item]
    if item.kind != "number" or item.value.denominator != 1 or item.value < 1:
        return []
    value = int(item.value)
    years = [replace(item, kind="date", year=value)] if item.unit in ("", "year") else []
    days = [replace(item, kind="date", day=value)] if item.unit in ("", "day", "rank") and value <= 31 else []
    return [*years, *days]


def _dates_agree(claim: Quantity, source: Quantity) -> bool:
    pairs = ((claim.year, source.year), (claim.month, source.month), (claim.day, source.day))
    return all(said is None or said == there for said, there in pairs)
