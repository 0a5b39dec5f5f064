"""Look up styles of OpenDocument. In: content.xml and styles.xml. Out: what a style says, also by its parents."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

_DEEPEST = 30  # styles that have one another as parent
_SMALLEST = 2.0  # points: the smallest readable print has four


class Styles:
    """The styles of a file, by family and name."""

    def __init__(self, *trees: Element | None) -> None:
        self._styles: dict[tuple[str, str], Element] = {}
        self.lists: dict[str, Element] = {}
        self.outline: Element | None = None
        """How headings are numbered."""
        for tree in trees:
            for item in tree.iter() if tree is not None else ():
                if item.tag == "style":
                    self._styles[item.get("family", ""), item.get("name", "")] = item
                elif item.tag == "list-style":
                    self.lists[item.get("name", "")] = item
                elif item.tag == "outline-style":
                    self.outline = item

    def value(self, family: str, name: str, properties: str, attribute: str) -> str:
        """Return what a style says; empty if it says nothing."""
        for style in self._chain(family, name):
            item = style.find(properties)
            if item is not None and (value := item.get(attribute)):
                return value
        return ""

    def of_paragraph(self, name: str, attribute: str) -> str:
        """Return an attribute of a paragraph's style."""
        return next((value for style in self._chain("paragraph", name) if (value := style.get(attribute))), "")

    def is_title(self, name: str) -> bool:
        """Return whether a paragraph's style is that of a title."""
        return any(style.get("name") == "Title" for style in self._chain("paragraph", name))

    def is_hidden(self, family: str, name: str, *, on_white: bool) -> bool:
        """Return whether text in a style is not seen: hidden, without a size, or white on white."""

        def said(attribute: str) -> str:
            return self.value(family, name, "text-properties", attribute)

        if said("display") == "none" or _points(said("font-size")) < _SMALLEST:
            return True
        ground = said("background-color") or self.value(family, name, "paragraph-properties", "background-color")
        return on_white and said("color").casefold() == "#ffffff" and ground in ("", "transparent", "#ffffff")

    def _chain(self, family: str, name: str) -> Iterator[Element]:
        for _ in range(_DEEPEST):
            style = self._styles.get((family, name))
            if style is None:
                return
            yield style
            name = style.get("parent-style-name", "")


def _points(size: str) -> float:
    """Return a size in points; other units count as readable."""
    try:
        return float(size.removesuffix("pt")) if size.endswith("pt") else _SMALLEST
    except ValueError:
        return _SMALLEST
