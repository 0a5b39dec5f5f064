"""Read the text in the drawings of a Word document: boxes, charts, diagrams, WordArt. In: an element. Out: Blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from bunko.reading.office.blocks import Block
from bunko.reading.office.package import chart_text

if TYPE_CHECKING:
    from bunko.reading.office.word.story import Story


def picture_blocks(story: Story, item: Element) -> list[Block]:
    """Return what a drawing shows in letters."""
    return list(_below(story, item))


def _below(story: Story, item: Element) -> Iterator[Block]:
    for child in item:
        if child.tag == "txbxContent":
            yield from story.inner(on_white=False).blocks(child)
        elif child.tag == "txBody":
            yield from (Block(text=text) for text in drawn_paragraphs(child))
        elif child.tag in ("chart", "relIds"):
            yield from _from_part(story, child)
        elif child.tag == "textpath" and (text := child.get("string", "").strip()):
            yield Block(text=text)
        elif child.tag == "AlternateContent":
            yield from next((found for choice in child if (found := list(_below(story, choice)))), [])
        elif not _is_hidden(child):
            yield from _below(story, child)


def _is_hidden(item: Element) -> bool:
    properties = item.find("docPr")
    return properties is not None and properties.get("hidden", "0") not in ("0", "false")


def _from_part(story: Story, item: Element) -> Iterator[Block]:
    _, name = story.targets.get(item.get("r:id") or item.get("r:dm") or "", ("", ""))
    tree = story.shared.parts.package.tree(name) if name else None
    if tree is None:
        return
    if item.tag == "chart":
        yield Block(text=chart_text(tree), is_table=True)
    else:
        yield from (Block(text=text, is_item=True) for point in tree.iter("t") for text in drawn_paragraphs(point))


def drawn_paragraphs(body: Element) -> Iterator[str]:
    """Yield the paragraphs of a shape of DrawingML."""
    for paragraph in body.iter("p"):
        text = "".join(
            "\n" if item.tag == "br" else item.text or "" for item in paragraph.iter() if item.tag in ("t", "br")
        )
        if text.strip():
            yield text.strip()
