"""Report the hidden text of a document. In: a count. Out: a FailedFile."""

from __future__ import annotations

from collections.abc import Iterator

from bunko.types import FailedFile, member_path


def hidden_text(relative: str, paragraphs: int) -> Iterator[FailedFile]:
    """Yield a report of the paragraphs, rows and sections with hidden text, if there are any."""
    if not paragraphs:
        return
    places = "1 paragraph or row" if paragraphs == 1 else f"{paragraphs:,} paragraphs or rows"
    yield FailedFile(
        path=member_path(relative, "hidden text"),
        error=f"Hidden text in {places} was left out.",
        hint="Make it visible in its program (Font, Hidden) and save the file to have it read.",
    )
