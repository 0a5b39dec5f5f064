"""Find tables in Markdown, and read files that are tables. In: text or bytes. Out: Spans, Documents."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator, Sequence

from bunko.reading.text.encoding import decode
from bunko.types import Document, Span

SEPARATOR = " | "
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
# Org has a + between the columns.
_DELIMITER_ROW = re.compile(r"^[ \t>]*(?=[^\n]*-[^\n]*\|)\|?[ \t]*:?-+:?[ \t]*(?:[|+][ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_CELL_EDGE = re.compile(r"(?<!\\)\|")
_LABEL_LIMIT = 300
"""Characters of a header row that are kept: every chunk of the table includes them."""


def markdown_tables(text: str) -> tuple[Span, ...]:
    r"""Return the pipe tables of a Markdown text, with the header row's cells as label.

    A table is a row, a row of dashes under it, and the rows up to the first line without a pipe. Tables in
    fenced code are skipped.

    >>> text = "Ages:\n\n| Name | Age |\n|:-----|----:|\n| Ada | 36 |\n\nThe end."
    >>> [(span.label, text[span.start : span.end].count("\n")) for span in markdown_tables(text)]
    [('Name | Age', 2)]
    """
    return tuple(_tables(text))


def _tables(text: str) -> Iterator[Span]:
    fence = header = ""
    start = end = -1  # of the current table
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
    """Return a header row as one line; empty if all cells are.

    >>> row_label(["Name", "", "Age"]), row_label(["", ""])
    ('Name |  | Age', '')
    """
    if not any(cells):
        return ""
    label = SEPARATOR.join(" ".join(cell.split()) for cell in cells)
    return label if len(label) <= _LABEL_LIMIT else label[:_LABEL_LIMIT].rstrip(" |") + " …"


# --- CSV -------------------------------------------------------------------------------------------------------

_DELIMITERS = ",;\t|"
_SNIFFED_ROWS = 50


def read_csv(data: bytes, relative: str) -> Document:
    """Return a table with one row a line and " | " between the cells; the first full row is its header."""
    text = decode(data)
    rows = list(_rows(text, delimiter(text)))
    lines = [SEPARATOR.join(row).rstrip() for row in rows]
    first = _header_row(rows[:_SNIFFED_ROWS])
    rendered = "\n".join(lines)
    start = sum(len(line) + 1 for line in lines[:first])
    tables = (Span(start=start, end=len(rendered), label=row_label(rows[first])),) if rows else ()
    return Document(path=relative, text=rendered, tables=tables, format="csv")


def delimiter(text: str) -> str:
    r"""Return the delimiter that gives the most rows with the same number of cells.

    >>> delimiter("a;b\n1,5;2\n"), delimiter("a\tb\n"), delimiter("one column")
    (';', '\t', ',')
    """

    def score(mark: str) -> tuple[float, int]:
        sizes = [len(row) for row in itertools.islice(_rows(text[:100_000], mark), _SNIFFED_ROWS)]
        usual = max(set(sizes), key=sizes.count, default=1)
        return (sizes.count(usual) / len(sizes) if usual > 1 else 0.0, usual)

    return max(_DELIMITERS, key=score)


def _rows(text: str, mark: str) -> Iterator[list[str]]:
    """Yield the rows that aren't blank, with each cell in one line."""
    lines = [line + "\n" for line in text.split("\n")]
    try:
        rows = list(csv.reader(lines, delimiter=mark))
    except csv.Error:  # an unclosed quotation mark took in the following rows, up to a limit
        rows = list(csv.reader(lines, delimiter=mark, quoting=csv.QUOTE_NONE))
    for row in rows:
        cells = [" ".join(cell.split()) for cell in row]
        if any(cells):
            yield cells


def _header_row(rows: Sequence[Sequence[str]]) -> int:
    """Return the number of the first row that is as full as usual: titles may be above it."""
    sizes = [sum(map(bool, row)) for row in rows]
    usual = sorted(sizes)[len(sizes) // 2] if sizes else 0
    return next((n for n, size in enumerate(sizes) if size >= usual), 0)
