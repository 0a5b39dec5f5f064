"""Find tables in Markdown, and read files that are tables. In: text or bytes. Out: Spans, Documents."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bunko.types import Span

SEPARATOR = " | "
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_DELIMITER_ROW = re.compile(r"^[ \t>]*(?=[^\n]*\|)\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_CELL_EDGE = re.compile(r"(?<!\\)\|")
_LABEL_LIMIT = 300
"""Characters of a header row that are kept: it goes with every chunk of the table."""


def markdown_tables(text: str) -> tuple[Span, ...]:
    r"""Return the pipe tables of a Markdown text, with the header row's cells as label.

    A table is a row, a row of dashes under it, and the rows up to the first line without a pipe. Those in
    fenced code are left alone.

    >>> text = "Ages:\n\n| Name | Age |\n|:-----|----:|\n| Ada | 36 |\n\nThe end."
    >>> [(span.label, text[span.start : span.end].count("\n")) for span in markdown_tables(text)]
    [('Name | Age', 2)]
    """
    return tuple(_tables(text))


def _tables(text: str) -> Iterator[Span]:
    fence = header = ""
    start = end = -1  # of the table that we are in
    previous, offset = "", 0
    for line in text.split("\n"):
        if marker := _FENCE.match(line):
            fence = "" if fence and marker.group(1).startswith(fence) else fence or marker.group(1)[:3]
        is_row = not fence and not marker and "|" in line
        if start >= 0 and not is_row:
            yield Span(start=start, end=end, label=header)
            start = -1
        elif start < 0 and is_row and "|" in previous and _DELIMITER_ROW.match(line):
            start, header = offset - len(previous) - 1, row_label(markdown_cells(previous))
        end = offset + len(line)
        previous, offset = line if is_row else "", end + 1
    if start >= 0:
        yield Span(start=start, end=len(text), label=header)


def markdown_cells(row: str) -> list[str]:
    r"""Return the cells of a pipe table's row.

    >>> markdown_cells(r"| a | b \| c |  |")
    ['a', 'b | c', '']
    """
    inner = row.strip().removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [cell.strip().replace("\\|", "|") for cell in _CELL_EDGE.split(inner)]


def row_label(cells: list[str]) -> str:
    """Return a header row as one line that a chunk can carry; empty where no cell says anything.

    >>> row_label(["Name", "", "Age"]), row_label(["", ""])
    ('Name |  | Age', '')
    """
    if not any(cells):
        return ""
    label = SEPARATOR.join(" ".join(cell.split()) for cell in cells)
    return label if len(label) <= _LABEL_LIMIT else label[:_LABEL_LIMIT].rstrip(" |") + " …"
