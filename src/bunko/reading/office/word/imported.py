"""Read a file that a Word document shows in its text (altChunk). In: its place. Out: Blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from bunko.errors import BunkoError
from bunko.reading.html.read import html_text
from bunko.reading.office.blocks import Block
from bunko.reading.text.encoding import decode

if TYPE_CHECKING:
    from bunko.reading.office.word.story import Story


def imported_blocks(story: Story, item: Element) -> Iterator[Block]:
    """Yield the paragraphs of an imported file; its kind is noted where it can't be read."""
    _, name = story.targets.get(item.get("r:id", ""), ("", ""))
    package = story.shared.parts.package
    suffix = name.rpartition(".")[2].casefold()
    if name not in package.names():
        return
    try:
        if suffix in ("html", "htm", "xhtml"):
            text = html_text(package.read(name))
        elif suffix == "txt":
            text = decode(package.read(name))
        else:
            story.shared.unread.add(f".{suffix}")
            return
    except BunkoError:
        story.shared.unread.add(f".{suffix}")
        return
    for piece in text.split("\n\n"):
        yield Block(text=piece, is_table=piece.lstrip().startswith("|"))
