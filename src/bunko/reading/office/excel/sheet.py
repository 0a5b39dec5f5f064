"""What a sheet holds, as it is shown. Plain records: the readers of .xlsx and .ods fill them, `layout` writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
_PLACE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A range of cells. Rows and columns count from 1."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(slots=True, kw_only=True)
class Sheet:
    """The cells of a sheet by row and column, and how they are arranged."""

    name: str
    rows: dict[int, dict[int, str]] = field(default_factory=dict)
    merged: list[Area] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    """First and last column of each hidden stretch."""
    headers: set[int] = field(default_factory=set)
    """Rows that the file marks as the header of a table."""
    comments: list[tuple[int, int, str]] = field(default_factory=list)
    """Row, column and text."""
    uncounted: list[str] = field(default_factory=list)
    """Cells with a formula whose value the file does not hold."""
    unseen: list[str] = field(default_factory=list)
    """Cells with a text that nobody sees, which was left out."""

    def is_hidden_column(self, column: int) -> bool:
        """Return whether a column is hidden."""
        return any(first <= column <= last for first, last in self.hidden_columns)


def place_of(reference: str) -> tuple[int, int] | None:
    """Return row and column of a cell; None if it is none.

    >>> place_of("C12"), place_of("$AA$1"), place_of("A0"), place_of("here")
    ((12, 3), (1, 27), None, None)
    """
    match = _PLACE.fullmatch(reference)
    if not match:
        return None
    column = 0
    for letter in match.group(1).upper():
        column = column * 26 + ord(letter) - 64
    row = int(match.group(2))
    return (row, column) if 0 < row <= MOST_ROWS and column <= MOST_COLUMNS else None


def area_of(reference: str) -> Area | None:
    """Return the cells of a range such as A1:C3; None if it is none."""
    first, _, last = reference.partition(":")
    begin, end = place_of(first), place_of(last or first)
    if begin is None or end is None:
        return None
    return Area(top=begin[0], left=begin[1], bottom=end[0], right=end[1])


def name_of(row: int, column: int) -> str:
    """Return a cell's name.

    >>> name_of(12, 3), name_of(1, 27)
    ('C12', 'AA1')
    """
    return f"{column_name(column)}{row}"


def column_name(column: int) -> str:
    """Return the letters of a column."""
    letters = ""
    while column:
        column, place = divmod(column - 1, 26)
        letters = chr(65 + place) + letters
    return letters


def ranges(numbers: Iterable[int], *, most: int = 20) -> list[tuple[int, int]]:
    """Return numbers as ranges, at most so many.

    >>> ranges([3, 4, 5, 9])
    [(3, 5), (9, 9)]
    """
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found[:most]
