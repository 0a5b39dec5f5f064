"""Write the tables of a PDF as lines. In: pages of lines and tables. Out: lines, with the rows of pipe tables.

A table that goes on on the next page is one table: its header is repeated there, or the columns stand in the same
places. Knows nothing of PDFium.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bunko.reading.office.grid import Cell, table_blocks
from bunko.reading.pdf.lines import Line, running_key, without_running_lines
from bunko.reading.pdf.tables import FoundTable
from bunko.reading.text.pipe_table import pipe_table
from bunko.reading.text.tables import markdown_cells, row_label
from bunko.types import Span

_SAME_EDGE = 4.0  # points
_LONGEST_FOOTER = 80  # characters
_EDGE_LINES = 3  # lines below a table that may be a footer


@dataclass(frozen=True, slots=True)
class _Before:
    """The table that a page ends with."""

    number: int
    table: FoundTable
    header: str


def with_tables(pages: Sequence[Sequence[Line]], tables: Sequence[Sequence[FoundTable]]) -> list[list[Line]]:
    """Return the pages' lines without those that repeat on many pages, and with the rows of tables in their places."""
    kept = without_running_lines(pages)
    if not any(tables):
        return kept
    writer = _Writer()
    return [writer.page(lines, found) for lines, found in zip(kept, tables, strict=True)]


class _Writer:
    """Writes the pages one after another."""

    def __init__(self) -> None:
        self._count = 0
        self._before: _Before | None = None
        self._seen: set[str] = set()
        """Lines of the pages so far, without numbers."""

    def page(self, page: Sequence[Line], tables: Sequence[FoundTable]) -> list[Line]:
        """Return the lines of a page, with the rows of its tables."""
        places = [n for n, line in enumerate(page) if line.table]
        lines: list[Line] = []
        last: _Before | None = None
        for n, line in enumerate(page):
            if not line.table:
                lines.append(line)
                continue
            is_first = n == places[0] and all(running_key(above.text) in self._seen for above in page[:n])
            rows, last = self._rows(tables[line.table - 1], is_first=is_first)
            lines += rows
        below = page[places[-1] + 1 :] if places else []
        self._before = last if len(below) <= _EDGE_LINES and all(map(_is_footer, below)) else None
        self._seen |= {running_key(line.text) for line in page if not line.table}
        return lines

    def _rows(self, table: FoundTable, *, is_first: bool) -> tuple[list[Line], _Before]:
        before = self._before
        if before is not None and is_first and _goes_on(before, table):
            return list(_rest(before, table)), _Before(before.number, table, before.header)
        self._count += 1
        rows = list(_rows(table, self._count))
        return rows, _Before(self._count, table, next((row.text for row in rows if row.table), ""))


def _is_footer(line: Line) -> bool:
    return len(line.text) <= _LONGEST_FOOTER and not line.text.rstrip().endswith((".", "。"))


def _goes_on(before: _Before, table: FoundTable) -> bool:
    """Return whether a table is the rest of the one before: of as many columns, in the same places."""
    if len(before.table.edges) != len(table.edges):
        return False
    if _header_of(table) == before.header:
        return True
    shifts = [b - a for a, b in zip(before.table.edges, table.edges, strict=True)]
    return max(map(abs, shifts)) <= _SAME_EDGE and table.tall < 1 and before.table.tall < 1


def _header_of(table: FoundTable) -> str:
    return next((row.text for row in _rows(table, 1) if row.table), "")


def _rows(table: FoundTable, number: int) -> Iterator[Line]:
    for block in table_blocks(table.rows, tall=table.tall, is_framed=True):
        for text in block.text.split("\n"):
            yield Line(text=text, table=number if block.is_table else 0)


def _rest(before: _Before, table: FoundTable) -> Iterator[Line]:
    """Yield the rows of a table that goes on, without its repeated header."""
    rows = list(_rows(table, before.number))
    if next((row.text for row in rows if row.table), "") == before.header:
        yield from [row for row in rows if row.table][2:]
        return
    for row in _kept(table.rows):
        yield Line(text=pipe_table([[cell.text for cell in row]]).partition("\n")[0], table=before.number)


def _kept(rows: Sequence[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
    return (row for row in rows if any(cell.text.strip() for cell in row))


def spans_of_tables(pages: Sequence[Sequence[Line]], starts: Sequence[Sequence[int]]) -> tuple[Span, ...]:
    """Return the places of the tables, a part for each page; the label is the header of the first part.

    A part without a header begins at the line break before its first row, so that this row is under the header, too.
    """
    labels: dict[int, str] = {}
    spans: list[Span] = []
    for lines, places in zip(pages, starts, strict=True):
        current = 0
        for line, start in zip(lines, places, strict=True):
            end = start + len(line.text)
            if line.table and line.table == current:
                spans[-1] = Span(start=spans[-1].start, end=end, label=spans[-1].label)
            elif line.table:
                is_rest = line.table in labels
                label = labels.setdefault(line.table, row_label(markdown_cells(line.text)))
                spans.append(Span(start=start - is_rest, end=end, label=label))
            current = line.table
    return tuple(spans)
