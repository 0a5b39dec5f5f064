"""Open the parts of a Word document. In: a package. Out: its body, styles, lists, notes and comments."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from bunko.errors import ReadError
from bunko.reading.office.package import Package
from bunko.reading.office.word.numbering import Numbering
from bunko.reading.office.word.styles import Styles, number_of, value_of

_MAIN = "word/document.xml"
_MEND = "Open and save it again in its program."
_USUAL_MARKS = {"footnote": "decimal", "endnote": "lowerRoman"}
_MARKS = frozenset({"separator", "continuationSeparator", "continuationNotice"})


class Parts:
    """The parts of a document. Raises ReadError if there is no body."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.main = main_part(package, _MAIN)
        tree = package.tree(self.main)
        body = tree.find("body") if tree is not None else None
        if tree is None or body is None:
            raise ReadError("The file is broken: it holds no document.", _MEND)
        self.body = body
        self.has_colour = tree.find("background") is not None
        self.targets = package.targets(self.main)
        self.styles = Styles(self._tree("styles"))
        self.numbering = Numbering(self._tree("numbering"), self.styles)
        self.settings = self._tree("settings")
        self.notes = {kind: self._notes(f"{kind}s", kind) for kind in ("footnote", "endnote")}
        self.marks = {kind: self._marks(kind) for kind in self.notes}
        """Of each kind of note, how it is numbered: the format and the first number."""
        self.comments = self._notes("comments", "comment")

    def name_of(self, kind: str) -> str:
        """Return the name of the first part of a kind; empty if there is none."""
        return next((name for found, name in self.targets.values() if found == kind), "")

    def headers(self) -> Iterator[tuple[str, str]]:
        """Yield the headers and footers that are shown: "header" or "footer", and the name of the part."""
        seen: set[str] = set()
        both = self.settings is not None and self.settings.find("evenAndOddHeaders") is not None
        for section in self.body.iter("sectPr"):
            for item in section:
                kind = item.tag.removesuffix("Reference")
                place = item.get("type", "default")
                shown = place == "default" or (place == "even" and both)
                shown = shown or (place == "first" and section.find("titlePg") is not None)
                name = self.targets.get(item.get("r:id", ""), ("", ""))[1]
                if kind in ("header", "footer") and shown and name and name not in seen:
                    seen.add(name)
                    yield kind, name

    def _marks(self, kind: str) -> tuple[str, int]:
        sections = [
            *self.body.iter(f"{kind}Pr"),
            *(self.settings.iter(f"{kind}Pr") if self.settings is not None else ()),
        ]
        form = next((text for item in sections if (text := value_of(item.find("numFmt")))), _USUAL_MARKS[kind])
        start = next((found for item in sections if (found := item.find("numStart")) is not None), None)
        return form, number_of(start, 1)

    def _tree(self, kind: str) -> Element | None:
        name = self.name_of(kind)
        return self.package.tree(name) if name else None

    def _notes(self, part: str, tag: str) -> dict[str, Element]:
        tree = self._tree(part)
        found = tree.iter(tag) if tree is not None else ()
        return {item.get("id", ""): item for item in found if item.get("type") not in _MARKS}


def main_part(package: Package, usual: str) -> str:
    """Return the name of the part that the package calls its main one."""
    tree = package.tree("_rels/.rels")
    for item in tree if tree is not None else ():
        if item.get("Type", "").endswith("/officeDocument"):
            return posixpath.normpath(item.get("Target", "").lstrip("/"))
    return usual
