"""Read the text in the drawings of a workbook: boxes, charts, diagrams. In: a drawing part. Out: Blocks."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from bunko.reading.office.blocks import Block
from bunko.reading.office.package import Package, chart_text
from bunko.reading.office.word.pictures import drawn_paragraphs


def drawing_blocks(package: Package, name: str) -> Iterator[Block]:
    """Yield what the drawings of a sheet show in letters."""
    tree = package.tree(name)
    if tree is not None:
        yield from _below(package, tree, package.targets(name))


def _below(package: Package, item: Element, targets: dict[str, tuple[str, str]]) -> Iterator[Block]:
    for child in item:
        if child.tag == "txBody":
            yield from (Block(text=text) for text in drawn_paragraphs(child))
        elif child.tag in ("chart", "relIds"):
            _, name = targets.get(child.get("r:id") or child.get("r:dm") or "", ("", ""))
            tree = package.tree(name) if name else None
            if tree is not None and child.tag == "chart":
                yield Block(text=chart_text(tree), is_table=True)
            elif tree is not None:
                yield from (Block(text=text) for point in tree.iter("t") for text in drawn_paragraphs(point))
        elif child.tag == "AlternateContent":
            yield from next((found for choice in child if (found := list(_below(package, choice, targets)))), [])
        elif not any(shape.get("hidden", "0") in ("1", "true") for shape in child.iterfind("*/cNvPr")):
            yield from _below(package, child, targets)
