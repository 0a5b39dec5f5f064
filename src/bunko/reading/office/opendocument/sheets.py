"""Read a workbook of OpenDocument (.ods). In: a path. Out: a Document; a FailedFile for what was left out.

The file holds what each cell shows, beside its value.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from bunko.reading.containers.members import Items
from bunko.reading.office.blocks import Block, assemble, check_length
from bunko.reading.office.excel.layout import sheet_blocks
from bunko.reading.office.excel.left_out import left_out
from bunko.reading.office.excel.sheet import MOST_COLUMNS, MOST_ROWS, Area, Sheet, name_of
from bunko.reading.office.opendocument.story import Shared, Story
from bunko.reading.office.opendocument.styles import Styles
from bunko.reading.office.opendocument.text import opened
from bunko.reading.office.package import Package
from bunko.reading.office.pictures import text_of_pictures
from bunko.settings import ReadingSettings

_CELLS = frozenset({"table-cell", "covered-table-cell"})
_WRAPPERS = frozenset(
    {
        "table-header-rows",
        "table-rows",
        "table-row-group",
        "table-columns",
        "table-column-group",
        "table-header-columns",
    }
)


def read_ods(path: Path, relative: str, *, settings: ReadingSettings) -> Items:
    """Yield the document, then a report of what was left out. Raises ReadError, NeedsPassword."""
    sheets: list[Sheet] = []
    hidden: list[str] = []
    blocks: list[Block] = []
    with Package(path) as package:
        content, styles = opened(package, settings)
        shared = Shared(package=package, styles=Styles(styles, content))
        for table in content.iterfind("body/spreadsheet/table"):
            name = table.get("name", "")
            if shared.styles.value("table", table.get("style-name", ""), "table-properties", "display") == "false":
                hidden.append(name)
                continue
            reader = _SheetReader(Sheet(name=name), shared, settings.max_characters)
            reader.read(table)
            sheets.append(reader.sheet)
            found = [*sheet_blocks(reader.sheet), *reader.drawn]
            blocks += found if len(found) > 1 else ()
        if not blocks and not hidden and (text := text_of_pictures(package, settings)):
            blocks = [Block(text=text)]
    yield assemble(blocks, relative, kind="ods", most=settings.max_characters)
    yield from left_out(relative, sheets, hidden)


class _SheetReader:
    def __init__(self, sheet: Sheet, shared: Shared, most: int) -> None:
        self.sheet = sheet
        self.drawn: list[Block] = []
        self._shared, self._most = shared, most
        self._row = self._column = 0
        self._length = 0

    def read(self, table: Element) -> None:
        """Fill the sheet. Raises ReadError if repeated cells hold too much text."""
        for item in table:
            if item.tag == "table-row":
                self._read_row(item)
            elif item.tag == "table-column":
                self._read_column(item)
            elif item.tag == "shapes":
                self.drawn += Story(self._shared, on_white=False).blocks(item)
            elif item.tag in _WRAPPERS:
                self.read(item)

    def _read_column(self, item: Element) -> None:
        first = self._column + 1
        self._column = min(self._column + _count(item, "number-columns-repeated"), MOST_COLUMNS)
        if item.get("visibility") in ("collapse", "filter") and first <= self._column:
            self.sheet.hidden_columns.append((first, self._column))

    def _read_row(self, item: Element) -> None:
        first = self._row + 1
        self._row = min(self._row + _count(item, "number-rows-repeated"), MOST_ROWS)
        rows = range(first, self._row + 1)
        cells = dict(self._cells(item, first))
        if not cells:
            return
        length = sum(map(len, cells.values()))
        self._length += length * len(rows)
        check_length(self._length, self._most)
        for row in rows:
            self.sheet.rows[row] = dict(cells)
            if item.get("visibility") in ("collapse", "filter"):
                self.sheet.hidden_rows.add(row)

    def _cells(self, row: Element, number: int) -> Iterator[tuple[int, str]]:
        column = 0
        for item in row:
            if item.tag not in _CELLS:
                continue
            repeated = min(_count(item, "number-columns-repeated"), MOST_COLUMNS - column)
            text = self._text(item, number, column + 1) if item.tag == "table-cell" else ""
            if text.strip():
                yield from ((column + 1 + n, text) for n in range(repeated))
            down, across = _count(item, "number-rows-spanned"), _count(item, "number-columns-spanned")
            if down > 1 or across > 1:
                self.sheet.merged.append(
                    Area(top=number, left=column + 1, bottom=number + down - 1, right=column + across)
                )
            column += repeated

    def _text(self, item: Element, row: int, column: int) -> str:
        """Return what a cell shows; its comments are noted."""
        story = Story(self._shared, on_white=False)
        for note in item.iterfind("annotation"):
            said = " ".join(
                " ".join(block.text.split())
                for block in story.blocks(part for part in note if part.tag in ("p", "list"))
            )
            if said:
                self.sheet.comments.append((row, column, said))
        shown = "\n".join(block.text for part in item if part.tag == "p" for block in story.blocks([part]))
        if shown.strip() or item.get("value-type") == "string":
            return shown
        value = item.get("value") or item.get("date-value") or item.get("boolean-value") or item.get("string-value")
        if not value and (formula := item.get("formula")):
            self.sheet.uncounted.append(name_of(row, column))
            return "=" + formula.partition("=")[2]
        return value or ""


def _count(item: Element, name: str) -> int:
    text = item.get(name, "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 9 else 1
