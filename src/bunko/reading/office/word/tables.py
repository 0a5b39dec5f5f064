"""Write the tables of a Word document. In: a table. Out: Blocks. Merged cells are repeated; layout tables are text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from bunko.reading.office.blocks import Block
from bunko.reading.office.grid import NOTHING, Cell, cell_text, framed_table
from bunko.reading.office.word.hidden import is_plain_table
from bunko.reading.office.word.styles import is_on, number_of, value_of

if TYPE_CHECKING:
    from bunko.reading.office.word.story import Story

_MOST_COLUMNS = 63  # of Word
_UNSEEN = frozenset({"del", "moveFrom", "tblPr", "tblGrid", "trPr", "tcPr", "tr", "tc", "p", "tbl"})


@dataclass(slots=True, kw_only=True)
class _Table:
    rows: list[list[Cell]] = field(default_factory=list)
    contents: list[list[Block]] = field(default_factory=list)
    """Of each cell, in reading order."""
    headers: int = 0
    """Rows from the first on that are marked as headers."""


def word_table(story: Story, item: Element) -> Iterator[Block]:
    """Yield a table, then the tables within it, its notes and its comments; of a layout table, what its cells hold."""
    table = _read(story, item)
    yield from framed_table(table.rows, table.contents, tall=table.headers)


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
        cells = [NOTHING] * min(max(before, 0), _MOST_COLUMNS)
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
        cells += [Cell(cell_text(content), (len(table.rows), place))] * width


def _children(parent: Element, tag: str) -> Iterator[Element]:
    """Yield the rows or cells of a table, also those within controls and tracked insertions."""
    for item in parent:
        if item.tag == tag:
            yield item
        elif item.tag not in _UNSEEN:
            yield from _children(item, tag)
