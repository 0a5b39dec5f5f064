"""Read a text of OpenDocument (.odt). In: a path. Out: a Document; a FailedFile for hidden text.

Kreuzberg loses comments, headers and the kanji under a reading, and welds merged rows: docs/decisions/020.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from bunko.errors import ReadError
from bunko.reading.containers.members import Items
from bunko.reading.office.blocks import Block, assemble
from bunko.reading.office.left_out import hidden_text
from bunko.reading.office.opendocument.story import Shared, Story
from bunko.reading.office.opendocument.styles import Styles
from bunko.reading.office.package import Package
from bunko.reading.office.pictures import text_of_pictures
from bunko.settings import ReadingSettings

_MARGINS = {
    "header": "Header", "header-left": "Header", "header-first": "Header", "footer": "Footer", "footer-left": "Footer",
    "footer-first": "Footer",
}  # fmt: skip


def read_odt(path: Path, relative: str, *, settings: ReadingSettings) -> Items:
    """Yield the document, then a report of its hidden text. Raises ReadError, NeedsPassword.

    Headers and footers come first, since they belong to no section; notes and comments follow their paragraph.
    """
    with Package(path) as package:
        content, styles = opened(package, settings)
        text = content.find("body/text")
        if text is None:
            raise ReadError("The file is broken: it holds no text.", "Open and save it again in its program.")
        shared = Shared(package=package, styles=Styles(styles, content))
        body = list(Story(shared, is_body=True).blocks(text))
        if not any(block.text.strip() for block in body) and (pictures := text_of_pictures(package, settings)):
            body = [Block(text=pictures)]
        if not shared.has_title:
            body = [dataclasses.replace(one, level=one.level - 1) if one.level else one for one in body]
        blocks = [*_margins(shared, styles), *body]
    yield assemble(blocks, relative, kind="odt", most=settings.max_characters)
    yield from hidden_text(relative, shared.hidden)


def opened(package: Package, settings: ReadingSettings) -> tuple[Element, Element | None]:
    """Return content.xml and styles.xml. Raises ReadError, also for a locked file."""
    from bunko.reading.office.locked import locked_error

    manifest = package.tree("META-INF/manifest.xml")
    if manifest is not None and next(manifest.iter("encryption-data"), None) is not None:
        raise locked_error(settings)
    content = package.tree("content.xml")
    if content is None:
        raise ReadError("The file is broken: it holds no content.", "Open and save it again in its program.")
    return content, package.tree("styles.xml")


def _margins(shared: Shared, styles: Element | None) -> Iterator[Block]:
    said: set[str] = set()
    for page in styles.iter("master-page") if styles is not None else ():
        for item in page:
            if item.tag not in _MARGINS or item.get("display") == "false":
                continue
            lines = [line for block in Story(shared, in_margin=True).blocks(item) for line in block.text.split("\n")]
            piece = f"{_MARGINS[item.tag]}: " + "\n".join(line for line in lines if any(map(str.isalnum, line)))
            if not piece.endswith(": ") and piece not in said:
                said.add(piece)
                yield Block(text=piece)
