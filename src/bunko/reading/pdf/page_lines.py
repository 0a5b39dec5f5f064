"""Cut the text of a PDF's page into lines. In: PDFium's text, and the tables in it. Out: Lines.

Knows nothing of documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

import pypdfium2

from bunko.reading.pdf.fields import insert
from bunko.reading.pdf.glyphs import numbers_of
from bunko.reading.pdf.lines import SOFT_HYPHEN, Line, clean
from bunko.reading.pdf.rulings import Matrix, moved, turn_of
from bunko.reading.pdf.tables import FoundTable, Layout

_PLAIN = Layout()
_OVERLAP = 3.0  # points by which a line may reach into the table below it
_LETTER = re.compile(r"[^\W\d_]")
_Box: TypeAlias = tuple[float, float, float, float]  # left, bottom, right, top, in points from the lower left corner


def lines_of(
    text_page: pypdfium2.PdfTextPage, raw: str, *, inserts: Mapping[int, str], layout: Layout = _PLAIN
) -> list[Line]:
    r"""Return the lines outside of the tables, with the values of fields at their places.

    A blank line with its number is in the place of each table: below the nearest line above it, such as its title.
    PDFium ends lines with \r\n, and sets \ufffe where a hyphen and the line's end were.
    """
    counts_match = len(raw) == text_page.count_chars()  # false beyond the Basic Multilingual Plane
    held = {place: n for n, table in enumerate(layout.tables, 1) for place in table.places}
    columns = [column for block in layout.columns for column in block]
    held |= {place: -n for n, column in enumerate(columns, 1) for place in column}
    lines: list[_Placed] = []
    written: set[int] = set()
    offset = 0
    for text in raw.split("\n"):
        for start, end, table in _parts(text, offset, held):
            if table > 0:
                if table not in written:
                    lines.append(_Placed(Line(text="", table=table), start, end))
                written.add(table)
                continue
            part = raw[start:end]
            shown = insert(part.rstrip("\r"), inserts, offset=start) if inserts else part
            line = clean(shown.replace("\ufffe", SOFT_HYPHEN).rstrip("\r"))
            if line.strip():
                size = _size(text_page, start, part) if counts_match else 0.0
                line = line if start == offset else line.lstrip()
                lines.append(_Placed(Line(text=line, size=size), start, end, column=max(0, -table)))
        offset += len(text) + 1
    return [placed.line for placed in _under_titles(_in_columns(lines, layout), text_page, raw, layout.tables)]


@dataclass(frozen=True, slots=True)
class _Placed:
    line: Line
    start: int
    end: int
    """Its place in the page's text."""
    column: int = 0
    """The mixed column that it is in, counted from 1 on the page; 0 outside."""


def _in_columns(lines: list[_Placed], layout: Layout) -> list[_Placed]:
    """Return the lines with those of mixed columns in the order of the columns."""
    ordered, first = list(lines), 1
    for block in layout.columns:
        places = [n for n, item in enumerate(lines) if first <= item.column < first + len(block)]
        for n, item in zip(places, sorted((lines[n] for n in places), key=lambda item: item.column), strict=True):
            ordered[n] = item
        first += len(block)
    return ordered


def _under_titles(
    lines: list[_Placed], text_page: pypdfium2.PdfTextPage, raw: str, tables: Sequence[FoundTable]
) -> list[_Placed]:
    """Return the lines with each table below the nearest line above it; many PDFs have all tables after the text."""
    if not tables:
        return lines
    turn, numbers = turn_of(text_page), numbers_of(text_page, raw)
    boxes = {id(item): _box(item, text_page, raw, turn, numbers) for item in lines if not item.line.table}
    order = [item for item in lines if not item.line.table]
    marks = sorted((item for item in lines if item.line.table), key=lambda item: tables[item.line.table - 1].box[3])
    for mark in marks:  # from the lowest, so that two below one line stay in order
        left, _, right, top = tables[mark.line.table - 1].box
        above = [
            (box[1] - top, n)
            for n, item in enumerate(order)
            if (box := boxes.get(id(item))) and box[1] >= top - _OVERLAP and box[0] < right and box[2] > left
        ]
        later = [n for n, item in enumerate(order) if item.start > mark.start]
        place = min(above)[1] + 1 if above else min(later, default=len(order))
        order.insert(place, mark)
    return order


def _box(
    item: _Placed, text_page: pypdfium2.PdfTextPage, raw: str, turn: Matrix, numbers: Sequence[int]
) -> _Box | None:
    """Return the box of a line from its first and its last letter."""
    places = [numbers[n] for n in range(item.start, item.end) if not raw[n].isspace()]
    ends = [text_page.get_charbox(n, loose=True) for n in (*places[:1], *places[-1:])]
    points = [moved(turn, box[0], box[1]) for box in ends] + [moved(turn, box[2], box[3]) for box in ends]
    if not points:
        return None
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _parts(text: str, offset: int, held: Mapping[int, int]) -> Iterator[tuple[int, int, int]]:
    """Yield start and end of the parts of a line, each with the number of the table that holds it, of a column as a
    negative number, or 0.
    """
    if not held:
        yield offset, offset + len(text), 0
        return
    numbers: list[int] = []
    for place, sign in enumerate(text, offset):
        blank = sign.isspace() and place not in held
        numbers.append(numbers[-1] if blank and numbers else held.get(place, 0))
    at = offset
    for number, run in groupby(numbers):
        end = at + len(list(run))
        yield at, end, number
        at = end


def _size(text_page: pypdfium2.PdfTextPage, offset: int, text: str) -> float:
    first = _LETTER.search(text)
    if first is None:
        return 0.0
    box: _Box = text_page.get_charbox(offset + first.start(), loose=True)
    return round(2 * (box[3] - box[1])) / 2
