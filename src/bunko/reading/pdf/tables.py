"""Find the tables and columns of a PDF's page. In: a page and its text. Out: a Layout, with the characters they hold.

First the tables with rules, then those in which only blank space is between the cells. The figures of this and of other
ways are in decision 027. Knows nothing of lines and documents.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pypdfium2

from bunko.reading.office.grid import Cell
from bunko.reading.pdf.columns import Sheet, banded_sheet, is_value, mixed_columns, sheets_of
from bunko.reading.pdf.frames import Grid, grids_of, stacks_of
from bunko.reading.pdf.glyphs import Glyph, Piece, glyphs_of, has_gap, numbers_of, pieces_of, rows_of, text_of
from bunko.reading.pdf.rulings import Rule, rulings_of, turn_of

_TALL = 40.0  # points of a row that may hold several, without rules between them
_LEAST_CELLS = 4  # with a text
_LEAST_SHARE = 0.2  # of the cells that have a text: a chart's grid has fewer
_LONGEST_CELL = 1_500  # characters: a longer one is a box around text
_WINDOW, _LEAST_IN_WINDOW = 6, 4  # lines of a page's text that look like rows
_SHORT_LINE = 20  # characters: one cell
_TOKEN = re.compile(r"\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTable:
    """A table of a page."""

    rows: Sequence[Sequence[Cell]]
    """Merged cells are repeated, with the same owner."""
    tall: int
    """The number of rows that are known to be headers; 0 if it is not known."""
    places: frozenset[int]
    """The positions of its characters in the page's text."""
    edges: tuple[float, ...]
    """Where its columns begin, in points."""
    box: tuple[float, float, float, float]
    """Left, bottom, right and top of its text in points, on the page set upright."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What is not simply lines below each other on a page."""

    tables: Sequence[FoundTable] = ()
    columns: Sequence[Sequence[frozenset[int]]] = ()
    """Columns of text whose lines are mixed in the page's text: of each, the positions of its characters."""


def layout_of(page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage, raw: str) -> Layout:
    """Return the tables and mixed columns of a page; `raw` is its text, as PDFium gives it.

    The places of characters are looked up only on pages that have rules, or lines that look like rows.
    """
    turn = turn_of(text_page)
    rulings = rulings_of(page, turn)
    grids, stacks = grids_of(rulings), stacks_of(rulings)
    grids = [grid for grid in grids if len(grid.xs) > 2 and (len(grid.ys) > 2 or grid.ys[0] - grid.ys[1] > _TALL)]
    stacks = [stack for stack in stacks if len(stack) > 2]
    has_rows = _has_rows(text_page, raw)
    if not (grids or stacks or has_rows):
        return Layout()
    bands = [(grid.ys[-1], grid.ys[0]) for grid in grids] + [(stack[-1].at, stack[0].at) for stack in stacks]
    glyphs = glyphs_of(text_page, raw, turn, bands=None if has_rows else bands)
    found: list[FoundTable] = []
    for grid in grids:
        if table := _framed(grid, glyphs, raw):
            found.append(table)
            glyphs = _without(glyphs, table)
    for stack in stacks:
        if table := _stacked(stack, glyphs, raw):
            found.append(table)
            glyphs = _without(glyphs, table)
    if not has_rows:
        return Layout(tables=found)
    rows = rows_of(pieces_of(glyphs, raw))
    found += [table for sheet in sheets_of(rows) if (table := _written(sheet, raw))]
    held = frozenset(place for table in found for place in table.places)
    left = [[piece for piece in row if piece.glyphs[0].place not in held] for row in rows]
    columns = [
        [frozenset(glyph.place for piece in column for glyph in piece.glyphs) for column in block]
        for block in mixed_columns([row for row in left if row])
    ]
    return Layout(tables=found, columns=columns)


def _has_rows(text_page: pypdfium2.PdfTextPage, raw: str) -> bool:
    """Return whether some lines after another are short, have many values, or gaps, as the rows of tables have."""
    numbers = numbers_of(text_page, raw)
    flags: list[bool] = []
    offset = 0
    for line in raw.split("\n"):
        if line.strip():
            flags.append(_is_row(line) or has_gap(text_page, line, numbers[offset : offset + len(line)]))
            if sum(flags[-_WINDOW:]) >= _LEAST_IN_WINDOW:
                return True
        offset += len(line) + 1
    return False


def _is_row(line: str) -> bool:
    tokens = _TOKEN.findall(line)
    return len(line) <= _SHORT_LINE or sum(map(is_value, tokens)) >= 0.3 * len(tokens)


def _without(glyphs: Sequence[Glyph], table: FoundTable) -> list[Glyph]:
    return [glyph for glyph in glyphs if glyph.place not in table.places]


# --- tables with rules -----------------------------------------------------------------------------------------------


def _framed(grid: Grid, glyphs: Sequence[Glyph], raw: str) -> FoundTable | None:
    """Return the table in a grid of rules."""
    boxes: dict[tuple[int, int], list[Glyph]] = {}
    held: list[Glyph] = []
    left, right, bottom, top = grid.xs[0], grid.xs[-1], grid.ys[-1], grid.ys[0]
    for glyph in glyphs:
        inside = left <= glyph.x <= right and bottom <= glyph.y <= top
        if inside and (place := grid.place(glyph.x, glyph.y)) is not None:
            boxes.setdefault(place, []).append(glyph)
            held.append(glyph)
    if not held:
        return None
    cells: dict[int, list[Glyph]] = {}
    for (row, column), within in boxes.items():
        cells.setdefault(grid.owners[row][column], []).extend(within)
    if not all(map(grid.is_rectangle, cells)):
        return None
    texts = {owner: text_of(sorted(within), raw) for owner, within in cells.items()}
    rows: list[list[Cell]] = []
    for n, owners in enumerate(grid.owners):
        split = _split(grid, n, held, raw)
        if split:
            rows += split
        else:
            rows.append([Cell(texts.get(owner, ""), (owner, 0)) for owner in owners])
    return _checked(rows, 0, held, tuple(grid.xs))


def _split(grid: Grid, n: int, held: Sequence[Glyph], raw: str) -> list[list[Cell]]:
    """Return the rows within a row of the grid: lines with values, without rules between them. Empty if it is one."""
    owners = grid.owners[n]
    merged = {owner for m, row in enumerate(grid.owners) if m != n for owner in row}
    if len(set(owners)) < len(owners) or merged & set(owners):
        return []
    columns: list[list[Glyph]] = [[] for _ in owners]
    for glyph in held:
        if (place := grid.place(glyph.x, glyph.y)) is not None and place[0] == n:
            columns[place[1]].append(glyph)
    pieces = [(piece, column) for column, inside in enumerate(columns) for piece in pieces_of(inside, raw)]
    column_of = {id(piece): column for piece, column in pieces}
    lines = [{column_of[id(piece)]: piece for piece in row} for row in rows_of(piece for piece, _ in pieces)]
    if len(lines) < 3 or sum(0 in line and len(line) > 1 for line in lines) < 0.7 * len(lines):
        return []
    texts = [[line[column].text for line in lines if column in line] for column in range(1, len(owners))]
    if not any(len(column) > 2 and sum(map(is_value, column)) >= 0.7 * len(column) for column in texts):
        return []
    rows: list[list[list[Glyph]]] = []
    for line in lines:
        if rows and 0 not in line and not any(is_value(piece.text) for piece in line.values()):
            for column, piece in line.items():
                rows[-1][column] += piece.glyphs
        else:
            rows.append([list(line[column].glyphs) if column in line else [] for column in range(len(owners))])
    return [
        [
            Cell(text_of(sorted(inside), raw) if inside else "", (n, 1 + column + len(owners) * m))
            for column, inside in enumerate(row)
        ]
        for m, row in enumerate(rows)
    ]


def _stacked(stack: Sequence[Rule], glyphs: Sequence[Glyph], raw: str) -> FoundTable | None:
    """Return the table between horizontal rules of equal length."""
    left = min(rule.start for rule in stack) - 3
    right = max(rule.end for rule in stack) + 3
    ys = [rule.at for rule in stack]
    held = [g for g in glyphs if left <= g.x <= right and ys[-1] <= g.y <= ys[0]]
    return _between(ys, held, raw)


def _between(ys: Sequence[float], held: Sequence[Glyph], raw: str) -> FoundTable | None:
    """Return the table between horizontal rules, whose columns only blank space separates."""
    rows = rows_of(pieces_of(held, raw))
    bands = [[row for row in rows if low <= _middle(row) < high] for high, low in itertools.pairwise(ys)]
    sheet = banded_sheet([band for band in bands if band])
    return _written(sheet, raw) if sheet else None


def _middle(row: Sequence[Piece]) -> float:
    return (row[0].top + row[0].bottom) / 2


# --- tables without rules --------------------------------------------------------------------------------------------


def _written(sheet: Sheet, raw: str) -> FoundTable | None:
    """Return a table that was found by its columns."""
    rows: list[list[Cell]] = []
    held: list[Glyph] = []
    for n, cells in enumerate(sheet.rows):
        row: list[Cell] = []
        for column, cell in enumerate(cells):
            glyphs = sorted({glyph for piece in cell for glyph in piece.glyphs})
            owner = (n, min((column, *(at for at, other in enumerate(cells) if cell and other == cell))))
            row.append(Cell(text_of(glyphs, raw) if glyphs else "", owner))
            held += glyphs
        rows.append(row)
    return _checked(rows, sheet.headers, held, tuple(sheet.edges))


def _checked(
    rows: Sequence[Sequence[Cell]], tall: int, held: Sequence[Glyph], edges: tuple[float, ...]
) -> FoundTable | None:
    """Return the rows as a table, if they look like one."""
    owners = {cell.owner: cell.text for row in rows for cell in row}
    texts = [text for text in owners.values() if text.strip()]
    kept = _own_columns(rows)
    rows = [[row[n] for n in kept] for row in rows]
    columns = [any(row[n].text.strip() for row in rows) for n in range(len(kept))]
    full = [row for row in rows if any(cell.text.strip() for cell in row)]
    sparse = len(texts) < max(_LEAST_CELLS, _LEAST_SHARE * len(owners))
    if sparse or sum(columns) < 2 or len(full) < 2 or max(map(len, texts)) > _LONGEST_CELL:
        return None
    if sum(len({cell.owner for cell in row if cell.text.strip()}) > 1 for row in full) < 2:
        return None
    places = frozenset(glyph.place for glyph in held)
    box = (
        min(glyph.left for glyph in held),
        min(glyph.bottom for glyph in held),
        max(glyph.right for glyph in held),
        max(glyph.top for glyph in held),
    )
    return FoundTable(rows=rows, tall=tall, places=places, edges=tuple(edges[n] for n in kept), box=box)


def _own_columns(rows: Sequence[Sequence[Cell]]) -> list[int]:
    """Return the columns with a cell of their own: between two rules there may be a gap, over which cells reach."""
    kept: list[int] = []
    for n in range(len(rows[0])):
        beside = [*kept[-1:], *range(n + 1, min(n + 2, len(rows[0])))]
        if any(row[n].text.strip() and all(row[n].owner != row[m].owner for m in beside) for row in rows):
            kept.append(n)
    return kept
