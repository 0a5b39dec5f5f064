"""Find the columns of a table by the blank space between its cells. In: rows of pieces. Out: cells in rows.

Text in columns is no table: some column must have values, such as numbers, under a header without. Pure: knows nothing
of PDFium.
"""

from __future__ import annotations

import bisect
import itertools
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from bunko.reading.pdf.glyphs import Piece
from bunko.reading.pdf.lines import width

_LEAST_ROWS = 3  # with several cells, the header among them
_RIVER = 0.5  # of a line's height: the least space between columns
_NARROWEST_GUTTER = 8.0  # points
_SHORTEST_LINE = 15  # of a column of text, in half-width characters
_NEXT = 4  # characters: the spaces or the line break between two pieces
_LEADING = 2.2  # of a line's height: the most space from one row to the next
_TALLEST_HEADER = 4  # rows
_MOST_LINES = 6  # of a row between two rules
_LONGEST_SHORT = 40  # characters of a cell in a table of words
_LONGEST_HEADER = 60  # characters of a header's cell
_LONGEST_VALUE = 24  # characters
_VALUE = re.compile(
    r"(?:(?:[A-Z]{1,3}[$ ])?[^\w\s]{0,3}|令和|平成|昭和)\d[\d\s.,:/’'–~〜%年月日円人件個本台回時分秒歳万億千百-]*"
    r"(?:[^\W\d_]{1,4}[.²³]?)?\)?\*?"
    r"|[-–—−―－✓✔×xX○●△▲◎〇]|(?i:n/?a|yes|no|true|false|nil|none)|なし|あり|有|無"
)
_YEAR = re.compile(r"(?:FY|CY|Q[1-4] ?)?'?(?:19|20)\d\d(?:[/–-]\d{2,4})?年?度?")

_Row: TypeAlias = "Sequence[Sequence[Piece]]"
"""The pieces of each cell."""


@dataclass(slots=True, kw_only=True)
class Sheet:
    """The cells of a table. A piece in several cells of a row is a merged one."""

    rows: list[list[list[Piece]]] = field(default_factory=list)
    """By row and column."""
    headers: int = 1
    """The rows of the header."""
    edges: Sequence[float] = ()
    """Where the columns begin."""


def is_value(text: str) -> bool:
    """Return whether a cell's text is a value, as under a header, and no words.

    >>> [is_value(text) for text in ("18,870", "¥1,200", "12.5 kg", "2024-03-05", "X", "–", "3月5日", "12 Main Street")]
    [True, True, True, True, True, True, True, False]
    """
    shown = text.strip()
    return len(shown) <= _LONGEST_VALUE and bool(_VALUE.fullmatch(shown))


def sheets_of(rows: Sequence[Sequence[Piece]]) -> Iterator[Sheet]:
    """Yield the tables without rules among the rows of a page. Also those in one column of a page's text."""
    for block in _blocks(rows):
        sheet = sheet_of(block)
        if sheet is not None:
            yield sheet
        elif (gutter := _gutter(block)) is not None:
            for side in (
                [[piece for piece in row if (piece.left < gutter) == is_left] for row in block]
                for is_left in (True, False)
            ):
                for part in _blocks([row for row in side if row]):
                    if (found := sheet_of(part)) is not None:
                        yield found


def sheet_of(rows: Sequence[Sequence[Piece]]) -> Sheet | None:
    """Return the rows as a table; None if they are none."""
    starts = _columns(rows, lowest=_LEAST_ROWS - 1)
    if len(starts) < 2:
        return None
    cells = [_placed(row, starts) for row in rows]
    headers = _headers(cells)
    body = cells[headers:]
    if not headers or len(body) < _LEAST_ROWS - 1 or not _is_table(cells[:headers], body):
        return None
    return Sheet(rows=[*_spread(cells[:headers]), *_folded(body)], headers=headers, edges=starts)


def banded_sheet(bands: Sequence[Sequence[Sequence[Piece]]]) -> Sheet | None:
    """Return a table between rules, given the rows of each band: the header's first. None if they are none.

    Here no column needs to have values. With a rule below each row, a band is a row.
    """
    if len(bands) < 2 or len(bands[0]) > _TALLEST_HEADER:
        return None
    starts = _columns([row for band in bands for row in band], lowest=2)
    if len(starts) < 2:
        return None
    header, *others = [[_placed(row, starts) for row in band] for band in bands]
    is_ruled = len(others) >= _LEAST_ROWS and max(map(len, others)) <= _MOST_LINES
    body = [_merged(band) for band in others] if is_ruled else _folded([row for band in others for row in band])
    names = sum(any(row[column] for row in header) for column in range(1, len(starts)))
    if names < 0.7 * (len(starts) - 1) or _is_full(body) < 0.5:
        return None
    return Sheet(rows=[*_spread(header), *body], headers=len(header), edges=starts)


# --- rows ----------------------------------------------------------------------------------------------------------


def _blocks(rows: Sequence[Sequence[Piece]]) -> Iterator[list[Sequence[Piece]]]:
    """Yield runs of rows below each other, from the first with several pieces to the last."""
    block: list[Sequence[Piece]] = []
    for row in [*rows, []]:
        near = bool(block and row) and _is_near(block[-1], row)
        if block and not (near and (len(row) > 1 or _belongs(block, row))):
            while block and len(block[-1]) < 2:
                block.pop()
            if sum(len(line) > 1 for line in block) >= _LEAST_ROWS:
                yield block
            block = []
        if len(row) > 1 or (block and row):
            block.append(row)


def _is_near(above: Sequence[Piece], row: Sequence[Piece]) -> bool:
    height = max(piece.top - piece.bottom for piece in (*above, *row))
    return min(piece.bottom for piece in above) - max(piece.top for piece in row) < (_LEADING - 1) * height


def _belongs(block: Sequence[Sequence[Piece]], row: Sequence[Piece]) -> bool:
    """Return whether a row of one piece may be the second line of a cell, or a title of the rows below."""
    left = min(piece.left for line in block for piece in line)
    right = max(piece.right for line in block for piece in line)
    return row[0].right - row[0].left < 0.6 * (right - left) and row[0].right <= right + 3 and len(block[-1]) > 1


def _columns(rows: Sequence[Sequence[Piece]], *, lowest: int) -> list[float]:
    """Return where the columns begin: after the blank space that goes through the fullest rows."""
    most = max(map(len, rows), default=0)
    full = [row for row in rows if len(row) >= max(2, 0.6 * most)]
    if most < 2 or len(full) < lowest:
        return []
    height = statistics.median(piece.top - piece.bottom for row in full for piece in row)
    spans = sorted((piece.left, piece.right) for row in full for piece in row)
    starts, end = [spans[0][0]], spans[0][1]
    for left, right in spans[1:]:
        if left - end > _RIVER * height:
            starts.append(left)
        end = max(end, right)
    return starts


def _placed(row: Sequence[Piece], starts: Sequence[float]) -> list[list[Piece]]:
    """Return a row's pieces by column; a piece over several columns is in each."""
    cells: list[list[Piece]] = [[] for _ in starts]
    for piece in row:
        first = max(0, bisect.bisect_right(starts, piece.left + 1) - 1)
        last = max(first, bisect.bisect_left(starts, piece.right - 1) - 1)
        if first < len(starts) - 1 and last == first and piece.right <= starts[first + 1] and not cells[first + 1]:
            middle = (piece.left + piece.right) / 2
            if middle > starts[first + 1]:
                first = last = first + 1
        for column in range(first, last + 1):
            cells[column].append(piece)
    return cells


def _text(cell: Sequence[Piece]) -> str:
    return " ".join(piece.text for piece in cell)


def _headers(cells: Sequence[_Row]) -> int:
    """Return the number of rows above the first one with values; 0 if there is none, or too many."""
    for n, row in enumerate(cells[: _TALLEST_HEADER + 1]):
        values = [text for cell in row[1:] if (text := _text(cell)) and is_value(text)]
        filled = sum(bool(cell) for cell in row[1:])
        if values and 2 * len(values) >= filled and not all(map(_YEAR.fullmatch, values)):
            return n
    first = [_text(cell) for cell in cells[0]]
    return 1 if all(first) and not any(map(is_value, first)) else 0


def _is_full(cells: Sequence[_Row]) -> float:
    return sum(bool(cell) for row in cells for cell in row) / max(1, sum(map(len, cells)))


def _is_table(headers: Sequence[_Row], body: Sequence[_Row]) -> bool:
    """Return whether the cells are those of a table: columns of values, or several of short words."""
    names = [[_text(cell) for cell in row] for row in headers]
    count = len(names[0])
    named = [any(row[column] for row in names) for column in range(count)]
    if any(len(name) > _LONGEST_HEADER for row in names for name in row) or sum(named) < 0.7 * count:
        return False
    texts = [[_text(cell) for cell in row] for row in body]
    columns = [[row[column] for row in texts if row[column]] for column in range(count)]
    of_values = [
        len(column) >= 0.5 * len(body) and sum(map(is_value, column)) >= 0.7 * len(column) for column in columns
    ]
    short = all(len(text) <= _LONGEST_SHORT for column in columns for text in column)
    full = _is_full(body)
    if any(of_values[1:]) and full >= 0.6 and not (count == 2 and _counts_up(columns[1])):
        return True
    return count > 2 and short and len(body) > _LEAST_ROWS and full >= 0.8


def _counts_up(texts: Sequence[str]) -> bool:
    """Return whether values are page numbers, as in a table of contents."""
    numbers = [int(text) for text in texts if text.isdecimal()]
    return len(numbers) > 4 and len(numbers) == len(texts) and numbers == sorted(numbers)


def _merged(rows: Sequence[_Row]) -> list[list[Piece]]:
    return [[piece for row in rows for piece in row[column]] for column in range(len(rows[0]))]


def _folded(rows: Sequence[_Row]) -> list[list[list[Piece]]]:
    """Return the rows with the second line of a cell added to its row: a line without a first cell and values."""
    found: list[list[list[Piece]]] = []
    for row in rows:
        if found and not row[0] and not any(is_value(_text(cell)) for cell in row if cell):
            found[-1] = _merged([found[-1], row])
        else:
            found.append([list(cell) for cell in row])
    return found


def _spread(headers: Sequence[_Row]) -> list[list[list[Piece]]]:
    """Return the rows of a header with names over several columns in each of these columns.

    Such a name stands in the middle above its columns, so it is the nearest one.
    """
    rows = [[list(cell) for cell in row] for row in headers]
    if len(rows) < 2:
        return rows
    middles = [_middle([piece for row in headers for piece in row[column]]) for column in range(len(headers[0]))]
    for row in rows[:-1]:
        pieces = {id(piece): piece for cell in row[1:] for piece in cell}
        named = sum(bool(cell) for cell in row)
        if not pieces or named >= len(row) - 1:
            continue
        for column in range(1, len(row)):
            if not row[column] and (at := middles[column]) is not None and rows[-1][column]:
                row[column] = [min(pieces.values(), key=lambda piece: abs((piece.left + piece.right) / 2 - at))]
    return rows


def _middle(cell: Sequence[Piece]) -> float | None:
    return (cell[-1].left + cell[-1].right) / 2 if cell else None


def _gutter(rows: Sequence[Sequence[Piece]]) -> float | None:
    """Return the middle of the widest blank space through all rows of a block; None if there is none."""
    return max(_gutters(rows), default=(0.0, None))[1]


def _gutters(rows: Sequence[Sequence[Piece]]) -> list[tuple[float, float]]:
    """Return width and middle of each blank space through all rows of a block, from left to right."""
    spans = sorted((piece.left, piece.right) for row in rows for piece in row)
    found, end = [], spans[0][1]
    for left, right in spans[1:]:
        if left - end > _NARROWEST_GUTTER:
            found.append((left - end, (left + end) / 2))
        end = max(end, right)
    return found


# --- text in columns -------------------------------------------------------------------------------------------------


def mixed_columns(rows: Sequence[Sequence[Piece]]) -> Iterator[list[list[Piece]]]:
    """Yield the columns of text that the PDF draws line by line across, so that their sentences are mixed.

    `rows` are those outside of tables. Each column has its pieces from top to bottom.
    """
    for block in _blocks(rows):
        edges = [middle for _, middle in _gutters(block)]
        if not edges:
            continue
        columns: list[list[Piece]] = [[] for _ in range(len(edges) + 1)]
        mixed = 0
        for row in block:
            places = [bisect.bisect(edges, piece.left) for piece in row]
            for place, piece in zip(places, row, strict=True):
                columns[place].append(piece)
            pairs = zip(itertools.pairwise(row), itertools.pairwise(places), strict=True)
            mixed += any(_follows(*pieces) and first != second for pieces, (first, second) in pairs)
        if mixed <= max(_LEAST_ROWS, 0.5 * len(block)):
            continue
        if all(statistics.median(width(piece.text) for piece in column) >= _SHORTEST_LINE for column in columns):
            yield columns


def _follows(left: Piece, right: Piece) -> bool:
    """Return whether a piece comes right after the one on its left in the text."""
    return 0 < right.glyphs[0].place - left.glyphs[-1].place <= _NEXT
