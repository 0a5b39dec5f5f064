"""Read a Word document. In: a path or bytes. Out: a Document; a FailedFile for what was left out.

Kreuzberg loses tabs, notes, comments and numbers: docs/decisions/020 has the comparison.
"""

from __future__ import annotations

from pathlib import Path

from bunko.reading.containers.members import Items
from bunko.reading.office.blocks import Block, assemble
from bunko.reading.office.left_out import hidden_text
from bunko.reading.office.locked import unlocked
from bunko.reading.office.package import Package
from bunko.reading.office.pictures import text_of_pictures
from bunko.reading.office.word.margins import margins
from bunko.reading.office.word.parts import Parts
from bunko.reading.office.word.story import Shared, Story, without_title
from bunko.settings import ReadingSettings
from bunko.types import FailedFile, member_path


def read_docx(path: Path, relative: str, *, settings: ReadingSettings) -> Items:
    """Yield the document, then a FailedFile for each kind of text that was left out. Raises ReadError.

    Headers and footers come first, since they belong to no section; notes and comments follow their paragraph.
    """
    with Package(unlocked(path, settings)) as package:
        shared = Shared(parts=Parts(package))
        story = Story(shared, shared.parts.targets, is_body=True, on_white=not shared.parts.has_colour)
        body = list(story.blocks(shared.parts.body))
        if not any(block.text.strip() for block in body) and (text := text_of_pictures(package, settings)):
            body = [Block(text=text)]
        blocks = [*margins(shared), *(body if shared.has_title else without_title(body))]
    suffix = path.suffix.lower().removeprefix(".")
    yield assemble(blocks, relative, kind=suffix, most=settings.max_characters)
    yield from _left_out(shared, relative)


def _left_out(shared: Shared, relative: str) -> Items:
    yield from hidden_text(relative, shared.hidden)
    if shared.unread:
        kinds = ", ".join(sorted(shared.unread))
        yield FailedFile(
            path=member_path(relative, "imported files"),
            error=f"Imported files of the kind {kinds} within the document were not read.",
            hint="Open and save it again in Word, which makes them part of its text.",
        )
