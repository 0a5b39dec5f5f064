"""Write a sheet as blocks. In: a Sheet. Out: its titles, tables and comments. Knows no file format.

Rows between blank ones are a table; merged cells are repeated; hidden rows and columns are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bunko.errors import ReadError
from bunko.reading.office.blocks import Block
from bunko.reading.office.excel.sheet import Sheet, name_of
from bunko.reading.office.grid import LONGEST_TITLE, NOTHING, Cell, table_blocks

_MOST_REPEATED = 1_000_000  # values of merged cells
_TITLE_LEVEL = 2


def sheet_blocks(sheet: Sheet) -> Iterator[Block]:
    """Yield the sheet's name as a heading, then what it shows. Raises ReadError for cells merged without end."""
    yield Block(text=sheet.name, level=1)
    cells = _shown(sheet)
    groups = list(_groups(sheet, cells))
    left = sorted(sheet.comments)
    for n, group in enumerate(groups):
        if _is_single(group, cells) and n + 1 < len(groups) and len(groups[n + 1]) > 1:
            text = " ".join(next(iter(cells[group[0]].values())).text.split())
            yield Block(text=text, level=_TITLE_LEVEL if len(text) <= LONGEST_TITLE and text != sheet.name else 0)
        else:
            yield from _table(sheet, cells, group)
        here = [comment for comment in left if comment[0] <= group[-1]]
        left = left[len(here) :]
        yield from _comments(sheet, cells, group, here)
    yield from _comments(sheet, cells, [], left)


def _shown(sheet: Sheet) -> dict[int, dict[int, Cell]]:
    """Return the visible cells, with the values of merged ones repeated."""
    cells: dict[int, dict[int, Cell]] = {}
    hidden = (
        {column for row in sheet.rows.values() for column in row if sheet.is_hidden_column(column)}
        if (sheet.hidden_columns)
        else set[int]()
    )
    for row, values in sheet.rows.items():
        if row not in sheet.hidden_rows:
            shown = {column: Cell(text, (row, column)) for column, text in values.items() if column not in hidden}
            if any(cell.text.strip() for cell in shown.values()):
                cells[row] = shown
    repeated = 0
    used = sorted(cells)
    widest = max((max(row) for row in cells.values() if row), default=0)
    for area in sheet.merged:
        text = sheet.rows.get(area.top, {}).get(area.left, "")
        if not text.strip():
            continue
        columns = [c for c in range(area.left, min(area.right, widest) + 1) if not sheet.is_hidden_column(c)]
        for row in used:
            if area.top <= row <= area.bottom:
                repeated += len(columns)
                if repeated > _MOST_REPEATED:
                    raise ReadError(
                        f"Its merged cells repeat more than {_MOST_REPEATED:,} values.", "Leave the file out."
                    )
                cells[row].update((column, Cell(text, (area.top, area.left))) for column in columns)
    return cells


def _groups(sheet: Sheet, cells: dict[int, dict[int, Cell]]) -> Iterator[list[int]]:
    """Yield the rows between blank ones. Hidden rows part nothing."""
    group: list[int] = []
    for row in sorted(cells):
        if group and any(
            between not in sheet.hidden_rows for between in range(group[-1] + 1, min(row, group[-1] + 1000))
        ):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _is_single(group: Sequence[int], cells: dict[int, dict[int, Cell]]) -> bool:
    """Return whether a group is one row with one text: a title, if a table is below."""
    return len(group) == 1 and len({cell.owner for cell in cells[group[0]].values() if cell.text.strip()}) == 1


def _table(sheet: Sheet, cells: dict[int, dict[int, Cell]], group: Sequence[int]) -> Iterator[Block]:
    columns = sorted({column for row in group for column, cell in cells[row].items() if cell.text.strip()})
    rows = [[cells[row].get(column, NOTHING) for column in columns] for row in group]
    header = next((n for n, row in enumerate(group) if row in sheet.headers), None)
    yield from table_blocks(rows, title_level=_TITLE_LEVEL, header=header)


def _comments(
    sheet: Sheet, cells: dict[int, dict[int, Cell]], group: Sequence[int], found: Sequence[tuple[int, int, str]]
) -> Iterator[Block]:
    """Yield the comments with the cell, the first cell of its row and the name of its column."""
    named = next((row for row in group if row in sheet.headers or len(cells[row]) > 1), None)
    for row, column, text in found:
        if row in sheet.hidden_rows or sheet.is_hidden_column(column):
            continue
        about: list[str] = []
        values = cells.get(row, {})
        if values and (first := min(values)) != column:
            about.append(values[first].text)
        if named is not None and row != named and (name := cells[named].get(column)):
            about.append(name.text)
        where = f" ({', '.join(filter(None, (' '.join(words.split()) for words in about)))})" if any(about) else ""
        yield Block(text=f"Comment on {name_of(row, column)}{where}: {' '.join(text.split())}", is_aside=True)
