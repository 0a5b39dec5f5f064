"""Lay the cells of a web page's table out in a grid. In: rows of cells with spans. Out: rows of texts, a header first.

A cell that spans rows or columns is repeated in each, so that every row stands for itself. Header rows become one.
Knows nothing of HTML.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_MOST_COLUMNS = 1_000
_MOST_CELLS = 1_000_000
_LONGEST_REPEATED = 300  # characters
_MOST_HEADER_ROWS = 5


@dataclass(slots=True, kw_only=True)
class Cell:
    """A cell. `down` is 0 if it spans the rows to the end of their group."""

    blocks: list[str] = field(default_factory=list)
    across: int = 1
    down: int = 1
    is_header: bool = False

    @property
    def text(self) -> str:
        """The text in one line."""
        return " ".join(self.blocks)


@dataclass(slots=True, kw_only=True)
class Row:
    """A row of cells. Spans end with the `group` of rows."""

    cells: list[Cell] = field(default_factory=list)
    group: int = 0
    in_head: bool = False


def span_of(value: str | None, *, least: int = 1) -> int:
    """Return the number of an attribute as browsers read it.

    >>> span_of("3"), span_of(" 2x"), span_of("0"), span_of("0", least=0), span_of(None)
    (3, 1, 1, 0, 1)
    """
    digits = (value or "").strip()
    return min(max(least, int(digits)), 65_534) if digits.isdecimal() and len(digits) < 6 else 1


def table_rows(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Return the titles that are set across the whole table, and its rows: first the header, of one row.

    >>> head = Row(cells=[Cell(blocks=["Port"], down=2), Cell(blocks=["Departs"], across=2)], in_head=True)
    >>> times = Row(cells=[Cell(blocks=["Morning"]), Cell(blocks=["Evening"])], in_head=True)
    >>> table_rows([head, times, Row(cells=[Cell(blocks=[text]) for text in ("Vik", "8:05", "19:30")], group=1)])
    ([], [['Port', 'Departs Morning', 'Departs Evening'], ['Vik', '8:05', '19:30']])
    """
    rows = [row for row in rows if row.cells]
    grid = _laid_out(rows)
    count = _header_rows(rows)
    titles = []
    while count > 1 and len(rows[0].cells) == 1:  # a title above the header
        titles.append(rows[0].cells[0].text)
        rows, grid, count = rows[1:], grid[1:], count - 1
    if count > 1:
        columns = max(map(len, grid[:count]))
        labels = [[row[n] for row in grid[:count] if n < len(row)] for n in range(columns)]
        grid = [[" ".join(dict.fromkeys(filter(None, label))) for label in labels], *grid[count:]]
    return titles, grid


def _header_rows(rows: Sequence[Row]) -> int:
    """Return how many of the first rows name the columns."""
    in_head = _leading(row.in_head for row in rows)
    if in_head:
        count = in_head
    elif all_headers := _leading(all(cell.is_header for cell in row.cells) for row in rows):
        count = all_headers
    else:
        first = rows[0].cells if rows else []
        is_two_rows = any(cell.across > 1 for cell in first) and any(cell.down > 1 for cell in first)
        count = max(cell.down for cell in first) if is_two_rows else 1
    return count if count < min(len(rows), _MOST_HEADER_ROWS + 1) else 1


def _leading(flags: Iterable[bool]) -> int:
    return sum(1 for _ in itertools.takewhile(bool, flags))


def _laid_out(rows: Sequence[Row]) -> list[list[str]]:
    """Return the texts at their places; spans are ignored in a table that would be too large."""
    columns = min(_MOST_COLUMNS, max((sum(cell.across for cell in row.cells) for row in rows), default=0))
    if columns * len(rows) > _MOST_CELLS:
        return [[cell.text for cell in row.cells] for row in rows]
    grid: list[list[str]] = []
    above: dict[int, tuple[int, str]] = {}  # by column: the rows that a cell still spans, and its text
    group = -1
    for row in rows:
        if row.group != group:
            group, above = row.group, {}
        grid.append(_row(row, above, columns))
    return grid


def _row(row: Row, above: dict[int, tuple[int, str]], columns: int) -> list[str]:
    texts: list[str] = []

    def fill() -> None:
        while (column := len(texts)) in above:
            left, text = above.pop(column)
            texts.append(text)
            if left > 1:
                above[column] = left - 1, text

    for cell in row.cells:
        fill()
        text, start = cell.text, len(texts)
        across = max(1, min(cell.across, columns - start))
        is_band = across == columns and not cell.is_header  # a row that is a title for those below
        repeated = text if len(text) <= _LONGEST_REPEATED else ""
        texts += [text, *[("" if is_band else repeated)] * (across - 1)]
        if cell.down != 1:
            rows_below = cell.down - 1 if cell.down else 65_534
            above.update({start + n: (rows_below, repeated) for n in range(across)})
    # Cells from above that are set behind the last one, over gaps.
    while any(column >= len(texts) for column in above):
        if len(texts) not in above:
            texts.append("")
        fill()
    return texts
