"""Read the headers and footers of a Word document. In: its parts. Out: a Block for each different one."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from bunko.reading.office.blocks import Block
from bunko.reading.office.word.story import Shared, Story
from bunko.reading.text.tables import SEPARATOR, markdown_cells


def margins(shared: Shared) -> Iterator[Block]:
    """Yield "Header: …" and "Footer: …", without page numbers; headers that no page shows are left out."""
    said: set[str] = set()
    package = shared.parts.package
    for kind, name in shared.parts.headers():
        tree = package.tree(name)
        text = _text(shared, tree, name) if tree is not None else ""
        piece = f"{kind.capitalize()}: {text}"
        if text and piece not in said:
            said.add(piece)
            yield Block(text=piece)


def _text(shared: Shared, tree: Element, name: str) -> str:
    story = Story(shared, shared.parts.package.targets(name), in_margin=True)
    lines: list[str] = []
    for block in story.blocks(tree):
        rows = [row for row in block.text.split("\n") if any(map(str.isalnum, row))]
        if block.is_table:
            rows = [SEPARATOR.join(filter(None, markdown_cells(row))) for row in rows if row.strip("|- ")]
        lines += rows
    return "\n".join(lines)
