"""Write a stretch of an OpenDocument text as blocks. In: an element. Out: Blocks. Knows nothing of packages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from bunko.reading.office.blocks import Block
from bunko.reading.office.grid import NOTHING, Cell, cell_text, framed_table
from bunko.reading.office.line import Line
from bunko.reading.office.opendocument.lists import Counter, Lists
from bunko.reading.office.opendocument.styles import Styles
from bunko.reading.office.package import Package
from bunko.reading.office.word.symbols import lowered, raised

_UNSEEN = frozenset(
    {"tracked-changes", "forms", "sequence-decls", "variable-decls", "user-field-decls", "event-listeners", "title",
     "desc", "ruby-text", "image", "object", "object-ole", "table-column", "table-columns", "annotation-end",
     "note-citation", "dde-connection-decls", "alphabetical-index-auto-mark-file", "named-expressions"}
)  # fmt: skip
_PAGES = frozenset({"page-number", "page-count"})
_MOST_COLUMNS = 1_000
_MOST_SPACES = 100


@dataclass(slots=True, kw_only=True)
class Shared:
    """What all stretches of a document have in common."""

    package: Package
    styles: Styles
    hidden: int = 0
    has_title: bool = False
    lists: Lists = field(init=False)

    def __post_init__(self) -> None:
        self.lists = Lists(self.styles)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a paragraph stands in a list."""

    counter: Counter
    style: str
    level: int
    start: str = ""
    is_first: bool = True


class Story:
    """Writes one stretch: the body, a header, a note, a cell or a text box."""

    def __init__(
        self, shared: Shared, *, is_body: bool = False, in_margin: bool = False, on_white: bool = True
    ) -> None:
        self.shared = shared
        self.is_body, self.in_margin, self.on_white = is_body, in_margin, on_white

    def blocks(self, parent: Iterable[Element]) -> Iterator[Block]:
        """Yield the paragraphs and tables below an element, each followed by its notes and comments."""
        for item in parent:
            yield from self._block(item, None)

    def _block(self, item: Element, place: _Place | None) -> Iterator[Block]:
        if item.tag in ("p", "h"):
            yield from self._paragraph(item, place)
        elif item.tag == "list":
            yield from self._list(item, place)
        elif item.tag == "table":
            yield from self._table(item)
        elif item.tag == "section" and item.get("display") == "none":
            self.shared.hidden += 1
        elif item.tag not in _UNSEEN:
            for child in item:
                yield from self._block(child, None)

    def _list(self, item: Element, outer: _Place | None) -> Iterator[Block]:
        if outer is not None and not item.get("style-name"):
            counter, style, level = outer.counter, outer.style, outer.level + 1
        else:
            counter, style = self.shared.lists.open(item, outer.style if outer else "")
            level = outer.level + 1 if outer else 1
        for entry in item:
            first = entry.tag == "list-item"
            for child in entry:
                start = entry.get("start-value", "")
                place = _Place(counter=counter, style=style, level=level, start=start, is_first=first)
                yield from self._block(child, place)
                first = first and child.tag == "list"

    def _paragraph(self, item: Element, place: _Place | None) -> Iterator[Block]:
        styles = self.shared.styles
        style = item.get("style-name", "")
        line = Line()
        if styles.is_hidden("paragraph", style, on_white=self.on_white):
            line.has_hidden = any((part.text or "").strip() for part in item.iter())
        else:
            self._inline(item, line, is_struck=False, place="")
        self.shared.hidden += line.has_hidden
        text = (line.margin_text() if self.in_margin else line.text()).strip()
        level = self._level(item, style) if self.is_body else 0
        label = ""
        if text and place is not None:
            if place.is_first:
                label = place.counter.label(place.level, start=place.start)
                label = "  " * (place.level - 1) + label if label == "- " else label
        elif text and item.tag == "h" and item.get("is-list-header") != "true":
            label = self.shared.lists.heading(int(item.get("outline-level", "1") or 1))
        if text:
            yield Block(text=f"{label}{text}", level=level, is_item=label.endswith("- ") and not level)
        yield from line.attached
        yield from (Block(text=aside, is_aside=True) for aside in line.asides)

    def _level(self, item: Element, style: str) -> int:
        if item.tag == "h":
            number = item.get("outline-level", "1")
            return int(number) + 1 if number.isdecimal() and len(number) < 3 else 2
        if self.shared.styles.is_title(style):
            self.shared.has_title = True
            return 1
        return 0

    # --- what is in a line -------------------------------------------------------------------------------------

    def _inline(self, item: Element, line: Line, *, is_struck: bool, place: str) -> None:
        self._words(item.text, line, is_struck=is_struck, place=place)
        for child in item:
            self._piece(child, line, is_struck=is_struck, place=place)
            self._words(child.tail, line, is_struck=is_struck, place=place)

    def _words(self, text: str | None, line: Line, *, is_struck: bool, place: str) -> None:
        words = " ".join((text or "").split("\n"))
        words = raised(words) if place == "super" else lowered(words) if place == "sub" else words
        line.add(words, is_struck=is_struck)

    def _piece(self, item: Element, line: Line, *, is_struck: bool, place: str) -> None:
        tag = item.tag
        if tag == "s":
            count = item.get("c", "1")
            line.add(" " * min(int(count) if count.isdecimal() and len(count) < 9 else 1, _MOST_SPACES))
        elif tag in ("tab", "line-break"):
            line.add("\t" if tag == "tab" else "\n")
        elif tag == "span":
            self._span(item, line, is_struck=is_struck, place=place)
        elif tag == "note":
            self._note(item, line)
        elif tag == "annotation":
            self._annotation(item, line)
        elif tag in _PAGES and self.in_margin:
            line.add("#", is_page_number=True)
        elif tag in ("hidden-text", "hidden-paragraph"):
            line.has_hidden = line.has_hidden or item.get("is-hidden", "true") != "false"
        elif tag in ("text-box", "custom-shape", "rect", "ellipse"):
            line.attached += Story(self.shared, in_margin=self.in_margin, on_white=False).blocks(item)
        elif tag not in _UNSEEN:
            self._inline(item, line, is_struck=is_struck, place=place)

    def _span(self, item: Element, line: Line, *, is_struck: bool, place: str) -> None:
        styles, name = self.shared.styles, item.get("style-name", "")
        if styles.is_hidden("text", name, on_white=self.on_white):
            line.has_hidden = line.has_hidden or any((part.text or "").strip() for part in item.iter())
            return
        struck = styles.value("text", name, "text-properties", "text-line-through-style")
        shifted = styles.value("text", name, "text-properties", "text-position").split(" ")[0]
        if shifted.endswith("%"):
            shifted = "sub" if shifted.startswith("-") else "super" if shifted.strip("0%") else ""
        self._inline(item, line, is_struck=is_struck or struck not in ("", "none"), place=shifted or place)

    def _note(self, item: Element, line: Line) -> None:
        kind = item.get("note-class", "footnote")
        citation = item.find("note-citation")
        mark = "".join(citation.itertext()).strip() if citation is not None else ""
        body = item.find("note-body")
        if body is None or not self.is_body:
            return
        line.add(f"[^{mark}]" if mark else "")
        text = self._aside(body)
        if text:
            line.asides.append(f"{kind.capitalize()}{' ' if mark else ''}{mark}: {text}")

    def _annotation(self, item: Element, line: Line) -> None:
        author = " ".join((item.findtext("creator") or "").split())
        text = self._aside(child for child in item if child.tag in ("p", "list"))
        if text and self.is_body:
            line.asides.append(f"Comment ({author}): {text}" if author else f"Comment: {text}")

    def _aside(self, body: Iterable[Element]) -> str:
        return " ".join(" ".join(block.text.split()) for block in Story(self.shared).blocks(body))

    # --- tables ------------------------------------------------------------------------------------------------

    def _table(self, item: Element) -> Iterator[Block]:
        rows: list[list[Cell]] = []
        contents: list[list[Block]] = []
        over: dict[tuple[int, int], Cell] = {}
        headers = len(list(_rows(head))) if (head := item.find("table-header-rows")) is not None else 0
        for row in _rows(item):
            cells: list[Cell] = []
            for cell in row:
                if cell.tag not in ("table-cell", "covered-table-cell") or len(cells) >= _MOST_COLUMNS:
                    continue
                repeated = min(_count(cell, "number-columns-repeated"), _MOST_COLUMNS - len(cells))
                if cell.tag == "covered-table-cell":
                    cells += [over.get((len(rows), len(cells) + n), NOTHING) for n in range(repeated)]
                    continue
                inner = Story(self.shared, is_body=self.is_body, in_margin=self.in_margin, on_white=False)
                content = list(inner.blocks(cell))
                contents.append(content)
                made = Cell(cell_text(content), (len(rows), len(cells)))
                _cover(over, made, cell)
                cells += [made] * repeated
            rows.append(cells)
        yield from framed_table(rows, contents, tall=headers)


def _rows(table: Element) -> Iterator[Element]:
    for item in table:
        if item.tag == "table-row":
            yield item
        elif item.tag in ("table-header-rows", "table-rows", "table-row-group"):
            yield from _rows(item)


def _cover(over: dict[tuple[int, int], Cell], made: Cell, item: Element) -> None:
    """Note which cells a merged one covers."""
    down, across = (min(_count(item, f"number-{side}-spanned"), _MOST_COLUMNS) for side in ("rows", "columns"))
    top, left = made.owner
    if down * across <= _MOST_COLUMNS * 10:
        over.update({(top + n, left + m): made for n in range(down) for m in range(across) if n or m})


def _count(item: Element, name: str) -> int:
    text = item.get(name, "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 9 else 1
