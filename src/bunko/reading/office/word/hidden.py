"""Find the text of a Word document that nobody sees. In: the properties of a run. Out: whether it is shown."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from bunko.reading.office.word.styles import Styles, is_on, value_of

_SMALLEST = 4  # half-points: the smallest readable print has eight
_NEARLY = 8  # of 255: differences of brightness that the eye does not see
_PLAIN_TABLES = frozenset({"", "TableNormal", "TableGrid", "a1", "a3"})


def is_hidden(properties: Element | None, styles: Styles, paragraph_style: str, *, on_white: bool) -> bool:
    """Return whether a run is hidden, in letters of no size, or in white on white.

    `on_white` says that nothing else is known to lie behind the run: no shading of its table or shape.
    """
    run_style = value_of(_own(properties, "rStyle"))

    def found(name: str) -> Element | None:
        own = _own(properties, name)
        for style in (run_style, paragraph_style):
            own = own if own is not None or not style else styles.run_property(style, name)
        return own

    if is_on(found("vanish")):
        return True
    if (size := value_of(found("sz"))).isdigit() and int(size) < _SMALLEST:
        return True
    return (
        on_white
        and _is_white(value_of(found("color")))
        and _own(properties, "shd") is None
        and _own(properties, "highlight") is None
        and not any(style and styles.has_shading(style) for style in (run_style, paragraph_style))
    )


def is_plain_table(table: Element) -> bool:
    """Return whether a table has no background: neither its own nor one of its style."""
    style = value_of(table.find("tblPr/tblStyle"))
    return style in _PLAIN_TABLES and table.find("tblPr/shd") is None


def _own(properties: Element | None, name: str) -> Element | None:
    return properties.find(name) if properties is not None else None


def _is_white(colour: str) -> bool:
    if len(colour) != 6:
        return False
    try:
        return all(byte >= 255 - _NEARLY for byte in bytes.fromhex(colour))
    except ValueError:
        return False
