"""Follow the fields of a Word document: codes that show a result. In: their marks and codes. Out: what is shown.

A field lies between marks that may be paragraphs apart: begin, its code, separate, its result, end.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from bunko.reading.office.word.styles import is_on, number_of
from bunko.reading.office.word.symbols import symbol

_PAGES = frozenset({"PAGE", "NUMPAGES", "SECTIONPAGES"})
_READING = re.compile(r"\\o.{0,40}?\(\\s\\up\s*[\d.]+\([^()]*\)\s*[,;]([^()]*)\)")  # older readings over kanji
_OVER = re.compile(r"\\o[^(]{0,40}\(.*?[,;]([^(),;]*)\)")  # signs over one another: 印 in a circle
_FRACTION = re.compile(r"\\f\s*\(([^(),;]*)[,;]([^(),;]*)\)")
_SYMBOL = re.compile(r"SYMBOL\s+(0x[0-9a-fA-F]+|\d+)(?:.*?\\f\s*\"?([^\"\\]+))?")
_DEEPEST = 50  # fields within one another


class Fields:
    """The fields that are open at a place of the text."""

    def __init__(self) -> None:
        self._open: list[tuple[list[str], bool]] = []  # of each field its code, and whether the result has begun

    @property
    def shows(self) -> bool:
        """Whether text at this place is seen: it is not the code of a field."""
        return all(in_result for _, in_result in self._open)

    @property
    def is_page_number(self) -> bool:
        """Whether text at this place is the number of a page, or of pages."""
        return any(_name(code) in _PAGES for code, _ in self._open)

    def mark(self, item: Element) -> str:
        """Take a mark of a field; return what the field shows although it has no result, such as a ticked box."""
        kind = item.get("fldCharType")
        if kind == "begin":
            shown = _form(item) if self.shows else ""
            if len(self._open) < _DEEPEST:
                self._open.append(([], False))
            return shown
        if kind == "separate" and self._open:
            self._open[-1] = (self._open[-1][0], True)
        elif kind == "end" and self._open:
            code, in_result = self._open.pop()
            if not in_result and self.shows:
                return shown_by_code("".join(code))
        return ""

    def code(self, text: str) -> None:
        """Take a piece of a field's code."""
        if self._open and not self._open[-1][1]:
            self._open[-1][0].append(text)

    def enter(self, code: str) -> None:
        """Open a field whose code is known, and whose result follows."""
        self._open.append(([code], True))

    def leave(self) -> None:
        """Close the field that was opened last."""
        self._open.pop()


def shown_by_code(code: str) -> str:
    r"""Return what is shown by a field without a result: a formula of the older kind, or a symbol.

    >>> shown_by_code(r'EQ \* jc2 \* hps10 \o\ad(\s\up 9(とうきょう),東京)'), shown_by_code(r"EQ \f(1,2)")
    ('東京', '1/2')
    >>> shown_by_code(r"EQ \o\ac(○,印)"), shown_by_code(r'SYMBOL 176 \f "Symbol"'), shown_by_code("TC title")
    ('印', '°', '')
    """
    name = _name([code])
    if name == "EQ":
        text = _FRACTION.sub(r"\1/\2", _OVER.sub(r"\1", _READING.sub(r"\1", code[:2000])))
        return re.sub(r"^\s*EQ\s*|\\\*\s*(?:jc\d|\"[^\"]*\"|hps\d+)\s*", "", text).strip()
    if name == "SYMBOL" and (found := _SYMBOL.search(code[:200])):
        place = int(found.group(1), 0)
        return symbol(f"{place:X}", (found.group(2) or "Symbol").strip()) if place <= 0xFFFF else ""
    return ""


def _name(code: list[str]) -> str:
    words = "".join(code)[:200].split(maxsplit=1)
    return words[0].upper() if words else ""


def _form(item: Element) -> str:
    """Return what a field of a form shows: a box with or without a cross, or the chosen entry of a list."""
    box, choices = item.find("ffData/checkBox"), item.find("ffData/ddList")
    if box is not None:
        state = box.find("checked")
        return "☒" if is_on(state if state is not None else box.find("default")) else "☐"
    if choices is not None:
        entries = [entry.get("val", "") for entry in choices.iter("listEntry")]
        chosen = choices.find("result")
        place = number_of(chosen if chosen is not None else choices.find("default"), 0)
        return entries[place] if 0 <= place < len(entries) else ""
    return ""
