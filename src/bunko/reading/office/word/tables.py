"""Write the tables of a Word document. In: a table. Out: Blocks. Merged cells are repeated; layout tables are text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from bunko.reading.office.blocks import Block
from bunko.reading.office.grid import Cell, table_blocks
from bunko.reading.office.word.hidden import is_plain_table
from bunko.reading.office.word.styles import is_on, number_of, value_of

if TYPE_CHECKING:
    from bunko.reading.office.word.story import Story

_MOST_COLUMNS = 63  # of Word
_NOTHING = Cell("", (-1, -1))
_UNSEEN = frozenset({"del", "moveFrom", "tblPr", "tblGrid", "trPr", "tcPr", "tr", "tc", "p", "tbl"})


@dataclass(slots=True, kw_only=True)
class _Table:
    rows: list[list[Cell]] = field(default_factory=list)
    contents: list[list[Block]] = field(default_factory=list)
    """Of each cell, in reading order."""
    headers: int = 0
    """Rows from the first on that are marked as headers."""


def word_table(story: Story, item: Element) -> Iterator[Block]:
    """Yield a table, then the tables within it, its notes and its comments.

    A table of one column or of one row with paragraphs only places text: its cells are yielded as they are.
    """
    table = _read(story, item)
    width = max((len({cell.owner for cell in row}) for row in table.rows), default=0)
    if width <= 1 or (len(table.rows) == 1 and any(len(content) > 1 for content in table.contents)):
        for content in table.contents:
            yield from content
        return
    yield from table_blocks(table.rows, tall=table.headers, is_framed=True)
    for content in table.contents:
        yield from (block for block in content if block.is_aside or _is_large_table(block))


def _read(story: Story, item: Element) -> _Table:
    table = _Table()
    plain = story.on_white and is_plain_table(item)
    marked = True
    for row in _children(item, "tr"):
        properties = row.find("trPr")
        if properties is not None and properties.find("del") is not None:
            continue
        if properties is not None and is_on(properties.find("hidden")):
            story.shared.hidden += 1
            continue
        marked = marked and properties is not None and is_on(properties.find("tblHeader"))
        table.headers += marked
        before = number_of(properties.find("gridBefore"), 0) if properties is not None else 0
        cells = [_NOTHING] * min(max(before, 0), _MOST_COLUMNS)
        for cell in _children(row, "tc"):
            _add_cell(story, cell, cells, table, is_plain=plain)
        table.rows.append(cells)
    return table


def _add_cell(story: Story, item: Element, cells: list[Cell], table: _Table, *, is_plain: bool) -> None:
    properties = item.find("tcPr")
    span = merge = across = None
    if properties is not None:
        if properties.find("cellDel") is not None:
            return
        span, merge, across = (properties.find(tag) for tag in ("gridSpan", "vMerge", "hMerge"))
    above = table.rows[-1] if table.rows else []
    place = len(cells)
    width = min(max(number_of(span, 1), 1), max(1, _MOST_COLUMNS - place))
    inner = story.inner(on_white=is_plain and (properties is None or properties.find("shd") is None))
    inner.is_body = story.is_body
    content = list(inner.blocks(item))
    if merge is not None and value_of(merge) != "restart" and place < len(above):
        cells += [above[place]] * width
    elif across is not None and value_of(across) != "restart" and cells:
        cells.append(cells[-1])
    else:
        table.contents.append(content)
        cells += [Cell(_cell_text(content), (len(table.rows), place))] * width


def _cell_text(content: list[Block]) -> str:
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
        if cells := [cell.strip() for cell in line.strip("| ").split(" | ") if cell.strip(" -")]:
            yield " ".join(cells)


def _children(parent: Element, tag: str) -> Iterator[Element]:
    """Yield the rows or cells of a table, also those within controls and tracked insertions."""
    for item in parent:
        if item.tag == tag:
            yield item
        elif item.tag not in _UNSEEN:
            yield from _children(item, tag)
