"""Write a stretch of a Word document as blocks: the body, a header, a note, a text box. In: an element. Out: Blocks.

Knows nothing of the package: `Parts` opens it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from bunko.reading.office.blocks import Block
from bunko.reading.office.counting import count_as
from bunko.reading.office.line import Line
from bunko.reading.office.word.fields import Fields
from bunko.reading.office.word.formulas import formula_text
from bunko.reading.office.word.hidden import is_hidden
from bunko.reading.office.word.imported import imported_blocks
from bunko.reading.office.word.parts import Parts
from bunko.reading.office.word.pictures import picture_blocks
from bunko.reading.office.word.styles import is_on, is_set, outline_of, value_of
from bunko.reading.office.word.symbols import in_font, lowered, raised, symbol

_GONE = frozenset({"del", "moveFrom"})  # what a tracked change took away
_UNSEEN = _GONE | {
    "pPr",
    "rPr",
    "sdtPr",
    "sdtEndPr",
    "delText",
    "delInstrText",
    "rt",
    "sectPr",
    "tblPr",
    "trPr",
    "tcPr",
}
# A hyphen where no line may break is looked for as a hyphen.
_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_PICTURES = frozenset({"drawing", "pict", "object"})
_NOTES = {"footnoteReference": "footnote", "endnoteReference": "endnote"}


@dataclass(slots=True, kw_only=True)
class Shared:
    """What all stretches of a document have in common."""

    parts: Parts
    counts: dict[str, int] = field(default_factory=dict)
    """Footnotes and endnotes so far."""
    commented: set[str] = field(default_factory=set)
    hidden: int = 0
    """Paragraphs with hidden text, which was left out."""
    has_title: bool = False
    unread: set[str] = field(default_factory=set)
    """Kinds of imported files that were not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a run looks like."""

    style: str
    font: str
    place: str
    is_struck: bool


class Story:
    """Writes one stretch. `targets` are the relationships of its part."""

    def __init__(
        self,
        shared: Shared,
        targets: dict[str, tuple[str, str]],
        *,
        is_body: bool = False,
        on_white: bool = True,
        in_margin: bool = False,
    ) -> None:
        self.shared, self.targets = shared, targets
        self.is_body = is_body
        """Whether paragraphs may be headings, and have notes and comments."""
        self.on_white = on_white
        self.in_margin = in_margin
        """Whether this is a header or footer, where page numbers are left out."""
        self._fields = Fields()
        self._carried: Line | None = None

    def inner(self, *, on_white: bool) -> Story:
        """Return the writer of a text box or cell within."""
        return Story(self.shared, self.targets, on_white=on_white, in_margin=self.in_margin)

    def blocks(self, parent: Element) -> Iterator[Block]:
        """Yield the paragraphs and tables below an element, each followed by its notes and comments."""
        yield from self._walk(parent)
        if self._carried is not None:
            line, self._carried = self._carried, None
            yield from self._written(line, None, "")

    def _walk(self, parent: Element) -> Iterator[Block]:
        from bunko.reading.office.word.tables import word_table

        for item in parent:
            if item.tag == "p":
                yield from self._paragraph(item)
            elif item.tag == "tbl":
                yield from word_table(self, item)
            elif item.tag == "altChunk":
                yield from imported_blocks(self, item)
            elif item.tag == "AlternateContent":
                yield from self._alternative(item)
            elif item.tag not in _UNSEEN and item.tag != "r":
                yield from self._walk(item)

    def _alternative(self, item: Element) -> Iterator[Block]:
        for choice in item:
            if found := list(self._walk(choice)):
                yield from found
                return

    # --- a paragraph -------------------------------------------------------------------------------------------

    def _paragraph(self, item: Element) -> Iterator[Block]:
        properties = item.find("pPr")
        style = self.shared.parts.styles.paragraph_style(properties)
        line, self._carried = self._carried or Line(), None
        self._inline(item, line, style)
        if _goes_on(properties):
            self._carried = line
            return
        yield from self._written(line, properties, style)

    def _written(self, line: Line, properties: Element | None, style: str) -> Iterator[Block]:
        self.shared.hidden += line.has_hidden
        text = (line.margin_text() if self.in_margin else line.text()).strip()
        label = "" if line.has_hidden and not text else self._label(properties, style)
        if text:
            level = self._level(properties, style) if self.is_body else 0
            yield Block(text=f"{label}{text}", level=level, is_item=label.endswith("- ") and not level)
        yield from line.attached
        for aside in line.asides:
            yield Block(text=aside, is_aside=True)

    def _level(self, properties: Element | None, style: str) -> int:
        """Return the level of a heading; that of a title is 1, so that all others are one deeper."""
        styles = self.shared.parts.styles
        if styles.is_title(style):
            self.shared.has_title = True
            return 1
        own = properties.find("outlineLvl") if properties is not None else None
        level = outline_of(own) if own is not None else styles.outline(style)
        return level + 1 if level else 0

    def _label(self, properties: Element | None, style: str) -> str:
        numbering, styles = self.shared.parts.numbering, self.shared.parts.styles
        own = properties.find("numPr") if properties is not None else None
        number = value_of(own.find("numId")) if own is not None else ""
        level = value_of(own.find("ilvl")) if own is not None else ""
        if not number:
            number, styled, told_by = styles.numbering(style)
            level = level or styled or str(numbering.level_of_style(number, told_by))
        if number in ("", "0"):
            return ""
        depth = int(level) if level.isdecimal() else 0
        label = numbering.label(number, depth)
        return "  " * depth + label if label == "- " else label

    # --- what is in a line -------------------------------------------------------------------------------------

    def _inline(self, parent: Element, line: Line, style: str) -> None:
        for item in parent:
            tag = item.tag
            if tag == "r":
                self._run(item, line, style)
            elif tag in ("oMath", "oMathPara"):
                line.add(formula_text(item))
            elif tag == "fldSimple":
                self._fields.enter(item.get("instr", ""))
                self._inline(item, line, style)
                self._fields.leave()
            elif tag == "commentRangeEnd":
                self._comment(item, line)
            elif tag == "AlternateContent":
                self._either(item, line, Look(style=style, font="", place="", is_struck=False))
            elif tag not in _UNSEEN:
                self._inline(item, line, style)

    def _run(self, item: Element, line: Line, style: str) -> None:
        properties = item.find("rPr")
        if is_hidden(properties, self.shared.parts.styles, style, on_white=self.on_white):
            for child in item:
                if child.tag in ("fldChar", "instrText"):
                    self._piece(child, line, Look(style=style, font="", place="", is_struck=False))
                line.has_hidden = line.has_hidden or bool(child.tag == "t" and (child.text or "").strip())
            return
        look = self._look(properties, style)
        for child in item:
            self._piece(child, line, look)

    def _look(self, properties: Element | None, style: str) -> Look:
        if properties is None:
            return Look(style=style, font="", place="", is_struck=False)
        fonts = properties.find("rFonts")
        named = value_of(properties.find("rStyle"))
        place = properties.find("vertAlign")
        if place is None and named:
            place = self.shared.parts.styles.run_property(named, "vertAlign")
        return Look(
            style=style,
            font=(fonts.get("ascii") or fonts.get("hAnsi") or "") if fonts is not None else "",
            place=value_of(place),
            is_struck=is_on(properties.find("strike")) or is_on(properties.find("dstrike")),
        )

    def _piece(self, item: Element, line: Line, look: Look) -> None:
        tag = item.tag
        if tag in ("fldChar", "instrText"):
            self._field(item, line)
        elif not self._fields.shows or tag in _UNSEEN:
            return
        elif tag == "t":
            self._words(in_font(" ".join((item.text or "").splitlines()), look.font), line, look)
        elif tag in _SIGNS:
            line.add(_SIGNS[tag])
        elif tag in _NOTES:
            self._note(item, line, _NOTES[tag])
        elif tag == "commentReference":
            self._comment(item, line)
        else:
            self._object(item, line, look)

    def _object(self, item: Element, line: Line, look: Look) -> None:
        """Write what is neither text nor a reference: a symbol, a drawing, or what an element encloses."""
        if item.tag == "sym":
            line.add(symbol(item.get("char", ""), item.get("font", "")))
        elif item.tag in _PICTURES:
            line.attached += picture_blocks(self, item)
        elif item.tag == "AlternateContent":
            self._either(item, line, look)
        else:  # such as the base of a ruby, with runs of its own
            for child in item:
                if child.tag == "r":
                    self._run(child, line, look.style)
                else:
                    self._piece(child, line, look)

    def _field(self, item: Element, line: Line) -> None:
        if item.tag == "instrText":
            self._fields.code(item.text or "")
            return
        is_page = self._fields.is_page_number
        line.add(self._fields.mark(item) or ("#" if is_page and self.in_margin else ""), is_page_number=is_page)

    def _words(self, text: str, line: Line, look: Look) -> None:
        if look.place == "superscript":
            text = raised(text)
        elif look.place == "subscript":
            text = lowered(text)
        line.add(text, is_struck=look.is_struck, is_page_number=self._fields.is_page_number)

    def _either(self, item: Element, line: Line, look: Look) -> None:
        """Write the first alternative that holds anything: the others say the same for older programs."""
        for choice in item:
            sub = Line()
            self._piece(choice, sub, look)
            if sub.holds_anything():
                line.extend(sub)
                return

    # --- notes and comments ------------------------------------------------------------------------------------

    def _note(self, item: Element, line: Line, kind: str) -> None:
        note = self.shared.parts.notes[kind].get(item.get("id", ""))
        if note is None or not self.is_body:
            return
        mark = ""
        if not is_set(item, "customMarkFollows"):
            form, start = self.shared.parts.marks[kind]
            count = self.shared.counts[kind] = self.shared.counts.get(kind, start - 1) + 1
            mark = count_as(count, form)
            line.add(f"[^{mark}]")
        if text := self._aside(note, f"{kind}s"):
            line.asides.append(f"{kind.capitalize()}{' ' if mark else ''}{mark}: {text}")

    def _comment(self, item: Element, line: Line) -> None:
        key = item.get("id", "")
        comment = self.shared.parts.comments.get(key)
        if comment is None or key in self.shared.commented or not self.is_body:
            return
        self.shared.commented.add(key)
        author = " ".join(comment.get("author", "").split())
        if text := self._aside(comment, "comments"):
            line.asides.append(f"Comment ({author}): {text}" if author else f"Comment: {text}")

    def _aside(self, note: Element, part: str) -> str:
        parts = self.shared.parts
        name = parts.name_of(part)
        story = Story(self.shared, parts.package.targets(name) if name else {})
        return " ".join(" ".join(block.text.split()) for block in story.blocks(note))


def _goes_on(properties: Element | None) -> bool:
    """Return whether the next paragraph continues this one: its end was deleted, or it is a large first letter."""
    if properties is None:
        return False
    mark, frame = properties.find("rPr"), properties.find("framePr")
    if mark is not None and any(mark.find(tag) is not None for tag in _GONE):
        return True
    return frame is not None and frame.get("dropCap", "none") != "none"


def without_title(blocks: list[Block]) -> list[Block]:
    """Return the blocks of a document without a title: its headings begin with the first level."""
    return [dataclasses.replace(block, level=block.level - 1) if block.level else block for block in blocks]
