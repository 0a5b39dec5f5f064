"""Write the cells of a table as blocks. In: rows of cells, merged ones repeated. Out: titles, lines and a pipe table.

Finds the titles above the header, and joins a header of several rows. Knows no file format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from bunko.reading.office.blocks import Block
from bunko.reading.text.pipe_table import pipe_table
from bunko.reading.text.tables import SEPARATOR, markdown_cells

_TALLEST_HEADER = 4  # rows
_LINES_ABOVE = 10  # rows between the titles and the header
LONGEST_TITLE = 100  # characters


class Cell(NamedTuple):
    """What a cell shows. The cells of a merged range have the same owner."""

    text: str
    owner: tuple[int, int]


Row = Sequence[Cell]
NOTHING = Cell("", (-1, -1))
"""A cell that is not there."""


def table_blocks(
    rows: Sequence[Row], *, title_level: int = 0, header: int | None = None, tall: int = 0, is_framed: bool = False
) -> list[Block]:
    """Return the blocks of a table: its title (a heading of `title_level`, if there is one), lines, and the rows.

    `header` is the index of the header's row, if the file says it; `tall` the number of rows that it marks as headers,
    from the first on, titles among them. A framed table is one by its nature, not a range of a sheet: it begins with
    its header, or with a title over all columns.
    """
    rows, header = _without_blanks(rows, header)
    if not rows:
        return []
    if header is None and len(rows[0]) == 1 and len(rows) < 3:
        return [_title(row, title_level if n == 0 and len(rows) > 1 else 0) for n, row in enumerate(rows)]
    begin = header
    if begin is None:
        titles = _titles(rows, _covers if is_framed else _leads)
        begin = titles if is_framed else _header(rows, titles)
    above = [_line(row) if _size(row) > 1 else _title(row, 0) for row in rows[:begin]]
    if above and _size(rows[0]) == 1:
        above[0] = _title(rows[0], title_level)
    if len(rows) - begin == 1:
        return [*above, _line(rows[begin]) if _size(rows[begin]) > 1 else _title(rows[begin], 0)]
    height = min(max(tall - begin, 1) if tall > 1 else _height(rows, begin), len(rows) - begin)
    names = [_joined(rows[begin : begin + height], column) for column in range(len(rows[begin]))]
    body = [[cell.text for cell in row] for row in rows[begin + height :]]
    return [*above, Block(text=pipe_table([names, *body]), is_table=True)]


def _without_blanks(rows: Sequence[Row], header: int | None) -> tuple[list[Row], int | None]:
    """Return the rows, all equally long, without blank rows and columns, and the header's new index."""
    width = max(map(len, rows), default=0)
    full: list[list[Cell]] = [[*row, *[NOTHING] * (width - len(row))] for row in rows]
    kept = [column for column in range(width) if any(row[column].text.strip() for row in full)]
    shown: list[Row] = []
    moved = header
    for n, row in enumerate(full):
        if any(cell.text.strip() for cell in row):
            shown.append([row[column] for column in kept])
        elif header is not None and moved is not None and n < header:
            moved -= 1
    return shown, moved if moved is None or moved < len(shown) else None


def _size(row: Row) -> int:
    """Return the number of cells with a text; a merged range is one."""
    return len({cell.owner for cell in row if cell.text.strip()})


def _titles(rows: Sequence[Row], is_title: Callable[[Row], bool]) -> int:
    """Return the number of rows above the table that have one cell only."""
    count = 0
    while count < len(rows) and _size(rows[count]) == 1 and is_title(rows[count]):
        count += 1
    return count if count < len(rows) else 0


def _covers(row: Row) -> bool:
    """Return whether a row's one cell lies over all columns."""
    return all(cell.text.strip() for cell in row)


def _leads(row: Row) -> bool:
    """Return whether a row's one cell is at the left, or over several columns."""
    shown = [column for column, cell in enumerate(row) if cell.text.strip()]
    return shown[0] == 0 or len(shown) > 1


def _header(rows: Sequence[Row], first: int) -> int:
    """Return the index of the first row that is as full as usual."""
    sizes = [sum(bool(cell.text.strip()) for cell in row) for row in rows[first:]]
    usual = sorted(sizes)[len(sizes) // 2]
    found = next(n for n, size in enumerate(sizes) if size >= usual)
    return first + (found if found <= _LINES_ABOVE and usual > 1 else 0)


def _height(rows: Sequence[Row], begin: int) -> int:
    """Return the rows of the header: a row whose cells are merged over several columns has names below."""
    height = 1
    while height < _TALLEST_HEADER and begin + height + 1 < len(rows):
        row, below = rows[begin + height - 1], rows[begin + height]
        if not (_goes_on(row, below) or _is_split(row, below)):
            break
        height += 1
    return height


def _goes_on(row: Row, below: Row) -> bool:
    return any(cell.text.strip() and cell.owner == under.owner for cell, under in zip(row, below, strict=True))


def _is_split(row: Row, below: Row) -> bool:
    """Return whether a merged cell stands above several cells with texts."""
    under: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for cell, lower in zip(row, below, strict=True):
        if cell.text.strip() and lower.text.strip():
            under.setdefault(cell.owner, set()).add(lower.owner)
    return any(len(owners) > 1 for owners in under.values())


def _joined(rows: Sequence[Row], column: int) -> str:
    cells = dict.fromkeys(row[column] for row in rows)  # each merged range once
    return " ".join(filter(None, (" ".join(cell.text.split()) for cell in cells)))


def _line(row: Row) -> Block:
    """Return a row as a line of its own: "Date: 3 May" for a name and a value."""
    cells = list(_texts(row))
    joint = SEPARATOR
    if len(cells) == 2:
        joint = " " if cells[0].endswith((":", "：")) else ": "
    return Block(text=joint.join(cells))


def _title(row: Row, level: int) -> Block:
    text = SEPARATOR.join(_texts(row))
    return Block(text=text, level=level if len(text) <= LONGEST_TITLE else 0)


def _texts(row: Row) -> Iterator[str]:
    for cell in dict.fromkeys(row):
        if text := " ".join(cell.text.split()):
            yield text


# --- tables of documents, whose cells hold blocks ----------------------------------------------------------------


def framed_table(rows: Sequence[Row], contents: Sequence[Sequence[Block]], *, tall: int) -> Iterator[Block]:
    """Yield a table of a document, then the tables within its cells, and their notes and comments.

    `contents` are the blocks of each cell in reading order. A table of one column, or of one row with several
    paragraphs, only places text: the blocks are yielded as they are.
    """
    width = max((len({cell.owner for cell in row}) for row in rows), default=0)
    if width <= 1 or (len(rows) == 1 and any(len(content) > 1 for content in contents)):
        for content in contents:
            yield from content
        return
    yield from table_blocks(rows, tall=tall, is_framed=True)
    for content in contents:
        yield from (block for block in content if block.is_aside or _is_large_table(block))


def cell_text(content: Sequence[Block]) -> str:
    """Return the text of a cell; a small table within it is written in one line."""
    pieces = (
        ", ".join(_cells(block.text)) if block.is_table else block.text
        for block in content
        if not block.is_aside and not _is_large_table(block)
    )
    return "\n".join(filter(None, pieces))


def _is_large_table(block: Block) -> bool:
    """Return whether a table within a cell has a header and several rows, so that it is a table of its own."""
    return block.is_table and block.text.count("\n") > 1


def _cells(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if cells := [cell for cell in markdown_cells(line) if cell.strip(" -")]:
            yield " ".join(cells)
