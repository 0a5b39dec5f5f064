"""Look up the styles of a Word document. In: word/styles.xml. Out: what a style says, also by those it is based on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

_HEADING = re.compile(r"(?:heading|見出し|überschrift|titre)\s*([1-9])", re.IGNORECASE)
_OFF = frozenset({"0", "false", "off"})
_DEEPEST = 30  # styles based on one another
_BODY = 9  # the outline level of text that is no heading


class Styles:
    """The styles of a document, by their identifiers."""

    def __init__(self, tree: Element | None) -> None:
        styles = list(tree.iter("style")) if tree is not None else []
        self._styles = {style.get("styleId", ""): style for style in styles}
        self._known: dict[tuple[str, str], Element | None] = {}
        self._default = next(
            (
                style.get("styleId", "")
                for style in styles
                if style.get("type") == "paragraph" and is_set(style, "default")
            ),
            "",
        )

    def paragraph_style(self, properties: Element | None) -> str:
        """Return the identifier of a paragraph's style."""
        named = value_of(properties.find("pStyle")) if properties is not None else ""
        return named or self._default

    def is_title(self, style: str) -> bool:
        """Return whether a style is that of a document's title."""
        return self._name(style) in ("title", "表題")

    def outline(self, style: str) -> int:
        """Return the level of the headings that a style makes, 1 for the topmost; 0 if it makes none."""
        for item in self._chain(style):
            if (level := item.find("pPr/outlineLvl")) is not None:
                return outline_of(level)
            if found := _HEADING.fullmatch(self._name(item.get("styleId", ""))):
                return int(found.group(1))
        found = _HEADING.fullmatch(style)
        return int(found.group(1)) if found and style not in self._styles else 0

    def numbering(self, style: str) -> tuple[str, str, str]:
        """Return the list that a style belongs to: number, level (empty if not told), and the style that says so."""
        level = ""
        for item in self._chain(style):
            if (properties := item.find("pPr/numPr")) is not None:
                level = level or value_of(properties.find("ilvl"))
                if number := value_of(properties.find("numId")):
                    return number, level, item.get("styleId", "")
        return "", "", ""

    def run_property(self, style: str, name: str) -> Element | None:
        """Return a property of a style's text; None if no style says it."""
        key = (style, name)
        if key not in self._known:
            found = (item.find(f"rPr/{name}") for item in self._chain(style))
            self._known[key] = next((item for item in found if item is not None), None)
        return self._known[key]

    def has_shading(self, style: str) -> bool:
        """Return whether a style fills what is behind its text."""
        return any(next(item.iter("shd"), None) is not None for item in self._chain(style))

    def _name(self, style: str) -> str:
        item = self._styles.get(style)
        name = value_of(item.find("name")) if item is not None else style
        return name.casefold()

    def _chain(self, style: str) -> Iterator[Element]:
        for _ in range(_DEEPEST):
            item = self._styles.get(style)
            if item is None:
                return
            yield item
            style = value_of(item.find("basedOn"))


def outline_of(level: Element) -> int:
    """Return the level of a heading from 0-based `outlineLvl`; 0 for text."""
    number = number_of(level, _BODY)
    return number + 1 if 0 <= number < _BODY else 0


def value_of(element: Element | None) -> str:
    """Return the value of a property; empty if it is not there."""
    return element.get("val", "") if element is not None else ""


def number_of(element: Element | None, default: int) -> int:
    """Return the value of a property as a whole number."""
    try:
        return int(value_of(element))
    except ValueError:
        return default


def is_on(element: Element | None) -> bool:
    """Return whether a property that is on or off is on: `<w:b/>` and `<w:b w:val="1"/>` are."""
    return element is not None and value_of(element).casefold() not in _OFF


def is_set(element: Element, attribute: str) -> bool:
    """Return whether an attribute that is on or off is there and on."""
    return element.get(attribute, "0").casefold() not in _OFF
