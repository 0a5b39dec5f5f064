"""Join blocks of text into a Document. In: headings, paragraphs and tables in order. Out: a Document with their places.

Knows no file format: the readers of Word, Excel and OpenDocument files make the blocks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from bunko.errors import ReadError
from bunko.reading.text.plain import sections
from bunko.reading.text.tables import markdown_tables
from bunko.types import Document, Span

_MARKS = 6  # Markdown has no deeper headings


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph, a heading, an item of a list or a table."""

    text: str
    level: int = 0
    """Depth of a heading, 1 for the topmost; 0 for other blocks."""
    is_item: bool = False
    """An item of a list stands on the line after the item before it."""
    is_table: bool = False
    is_aside: bool = False
    """A note or comment, which stands below the paragraph or table that it belongs to."""


def assemble(blocks: Iterable[Block], relative: str, *, kind: str, most: int) -> Document:
    """Return the blocks as a Document. Raises ReadError as soon as its text has more than `most` characters."""
    pieces: list[str] = []
    found: list[tuple[int, int, str]] = []
    tables: list[Span] = []
    length, before_is_item = 0, False
    for block in blocks:
        text = block.text.strip("\n")
        if not text.strip():
            continue
        if pieces:
            gap = "\n" if before_is_item and block.is_item else "\n\n"
            pieces.append(gap)
            length += len(gap)
        if block.level:
            label = " ".join(text.split())
            text = f"{'#' * min(block.level, _MARKS)} {label}"
            found.append((length, block.level, label))
        if block.is_table:
            tables += (
                dataclasses.replace(span, start=span.start + length, end=span.end + length)
                for span in markdown_tables(text)
            )
        pieces.append(text)
        length += len(text)
        before_is_item = block.is_item
        check_length(length, most)
    return Document(
        path=relative, text="".join(pieces), headings=sections(found, length), tables=tuple(tables), format=kind
    )


def check_length(length: int, most: int) -> None:
    """Raise ReadError for a text that is too long: a small file can repeat a text without end."""
    if length > most:
        raise ReadError(f"It holds more than {most:,} characters of text.", "Raise reading.max_characters to read it.")
