"""Read a workbook (.xlsx). In: a path or bytes. Out: a Document; a FailedFile for what was left out.

Kreuzberg gives the stored values: 37:45 is 1900-01-01 13:45:00 there. docs/decisions/020 has the comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from bunko.errors import ReadError
from bunko.reading.containers.members import Items
from bunko.reading.office.blocks import Block, assemble
from bunko.reading.office.excel.cells import CellReader, shared_strings
from bunko.reading.office.excel.comments import people_of, sheet_comments
from bunko.reading.office.excel.drawings import drawing_blocks
from bunko.reading.office.excel.layout import sheet_blocks
from bunko.reading.office.excel.left_out import left_out
from bunko.reading.office.excel.sheet import Sheet, area_of, name_of
from bunko.reading.office.excel.styles import Style, cell_styles
from bunko.reading.office.locked import unlocked
from bunko.reading.office.package import Package
from bunko.reading.office.pictures import text_of_pictures
from bunko.reading.office.word.parts import main_part
from bunko.settings import ReadingSettings

_ON = frozenset({"1", "true"})


@dataclass(slots=True, kw_only=True)
class _Workbook:
    package: Package
    tree: Element
    targets: dict[str, tuple[str, str]]
    strings: list[str]
    styles: list[Style]
    people: dict[str, str]
    most: int
    hidden: list[str] = field(default_factory=list)
    """Names of hidden sheets."""

    def property(self, tag: str, name: str) -> bool:
        """Return whether a property of the workbook is on."""
        item = self.tree.find(tag)
        return item is not None and item.get(name) in _ON


def read_xlsx(path: Path, relative: str, *, settings: ReadingSettings) -> Items:
    """Yield the document, then a FailedFile for hidden sheets, hidden cells and formulas without a value.

    Raises ReadError.
    """
    sheets: list[Sheet] = []
    blocks: list[Block] = []
    with Package(unlocked(path, settings)) as package:
        book = _open(package, settings.max_characters)
        for sheet, drawings in _sheets(book):
            sheets.append(sheet)
            found = [*sheet_blocks(sheet), *drawings]
            blocks += found if len(found) > 1 else ()
        if not blocks and not book.hidden and (text := text_of_pictures(package, settings)):
            blocks = [Block(text=text)]
    suffix = path.suffix.lower().removeprefix(".")
    yield assemble(blocks, relative, kind=suffix, most=settings.max_characters)
    yield from left_out(relative, sheets, book.hidden)


def _open(package: Package, most: int) -> _Workbook:
    name = main_part(package, "xl/workbook.xml")
    tree = package.tree(name)
    if tree is None:
        raise ReadError("The file is broken: it holds no workbook.", "Open and save it again in its program.")
    targets = package.targets(name)
    parts = dict(targets.values())
    strings = parts.get("sharedStrings", "")
    return _Workbook(
        package=package,
        tree=tree,
        targets=targets,
        strings=shared_strings(package.pieces(strings), strings) if strings in package.names() else [],
        styles=cell_styles(package.tree(parts["styles"]) if "styles" in parts else None),
        people=people_of(package, targets),
        most=most,
    )


def _sheets(book: _Workbook) -> Iterator[tuple[Sheet, list[Block]]]:
    """Yield the visible sheets with what is drawn on them; the names of the others are noted."""
    for item in book.tree.iterfind("sheets/sheet"):
        name = item.get("name", "")
        if item.get("state", "visible") != "visible":
            book.hidden.append(name)
            continue
        _, part = book.targets.get(item.get("r:id", ""), ("", ""))
        if part in book.package.names():
            yield _sheet(book, name, part)


def _sheet(book: _Workbook, name: str, part: str) -> tuple[Sheet, list[Block]]:
    sheet = Sheet(name=name)
    reader = CellReader(
        sheet,
        strings=book.strings,
        styles=book.styles,
        is_1904=book.property("workbookPr", "date1904"),
        fresh=book.property("calcPr", "fullCalcOnLoad"),
        most=book.most,
    )
    reader.read(book.package.pieces(part), part)
    targets = book.package.targets(part)
    for kind, target in targets.values():
        reader.is_coloured = reader.is_coloured or kind == "pivotTable"
        if kind == "table" and (tree := book.package.tree(target)) is not None:
            area = area_of(tree.get("ref", ""))
            if area and tree.get("headerRowCount", "1") != "0":
                sheet.headers.add(area.top)
    if not reader.is_coloured:
        for row, column in reader.white:
            del sheet.rows[row][column]
            sheet.unseen.append(name_of(row, column))
    sheet.comments += sheet_comments(book.package, targets, book.people)
    drawn = [target for kind, target in targets.values() if kind == "drawing"]
    return sheet, [block for target in drawn for block in drawing_blocks(book.package, target)]
