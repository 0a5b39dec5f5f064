"""Put a paragraph of a document together. In: pieces of text. Out: its text. Knows nothing of XML."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bunko.reading.office.blocks import Block

_JAPANESE = re.compile("[\u3041-\u30ff\u3400-\u9fff]")
_PAGE = "\x1f"  # in the place of a page number
_PAGE_WORDS = re.compile(r"[^\W\d_]+")


@dataclass(slots=True)
class Line:
    """A paragraph: its pieces, and what belongs to it."""

    pieces: list[tuple[str, bool, bool]] = field(default_factory=list)
    """Text, whether it is struck through, and whether it is a page number."""
    attached: list[Block] = field(default_factory=list)
    """Text boxes and charts."""
    asides: list[str] = field(default_factory=list)
    """Notes and comments."""
    has_hidden: bool = False

    def add(self, text: str, *, is_struck: bool = False, is_page_number: bool = False) -> None:
        """Add a piece of text."""
        if not text:
            return
        if self.pieces and self.pieces[-1][1:] == (is_struck, is_page_number):
            text = self.pieces.pop()[0] + text
        self.pieces.append((text, is_struck, is_page_number))

    def extend(self, other: Line) -> None:
        """Add all that another line holds."""
        for text, is_struck, is_page_number in other.pieces:
            self.add(text, is_struck=is_struck, is_page_number=is_page_number)
        self.attached += other.attached
        self.asides += other.asides
        self.has_hidden = self.has_hidden or other.has_hidden

    def holds_anything(self) -> bool:
        """Return whether there is any text, or anything attached."""
        return bool(self.attached or self.asides or any(text.strip() for text, _, _ in self.pieces))

    def text(self) -> str:
        """Return the paragraph. Words that are struck through are marked, since they no longer hold.

        >>> line = Line()
        >>> line.add("It costs "); line.add("50", is_struck=True); line.add(" 45.")
        >>> line.text()
        'It costs (struck out: 50) 45.'
        """
        return "".join(_struck(text) if is_struck and text.strip() else text for text, is_struck, _ in self.pieces)

    def margin_text(self) -> str:
        """Return the line of a header or footer without the numbers of pages, and words that only name them."""
        text = "".join(_PAGE if is_page else text for text, _, is_page in self.pieces)
        parts = (part for part in text.split("\t") if not _names_page(part))
        return "\t".join(" ".join(part.replace(_PAGE, " ").split()) for part in parts if part.strip())


def _names_page(part: str) -> bool:
    """Return whether a part of a line is "Page 3 of 9" or the like."""
    if _PAGE not in part:
        return False
    words = _PAGE_WORDS.findall(part)
    return len(words) <= 2 and all(len(word) <= 8 for word in words)


def _struck(text: str) -> str:
    inner = text.strip()
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    marked = f"（取り消し線：{inner}）" if _JAPANESE.search(inner) else f"(struck out: {inner})"
    return f"{before}{marked}{after}"
