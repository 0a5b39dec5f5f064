"""Lists that `print` shows as text, and a notebook as a table. In: hits, documents. Out: text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bunko.plain_text import counted

if TYPE_CHECKING:
    from bunko.contract.records import DocumentRow
    from bunko.types import Hit

_LONGEST = 200  # characters of a passage


class Hits(list["Hit"]):
    """The passages that a search found, best first."""

    def __str__(self) -> str:
        """Return a line for each passage: its number, its place, and how it begins."""
        return "\n".join(_hit_line(n, hit) for n, hit in enumerate(self, 1)) or "No passage matches."

    def _repr_html_(self) -> str:
        from bunko.notebook_html import hits_html

        return hits_html(self)


class Documents(list["DocumentRow"]):
    """The documents of a library, by path."""

    def __str__(self) -> str:
        """Return a line for each document: path, format, language, passages."""
        return documents_text(self)

    def _repr_html_(self) -> str:
        from bunko.notebook_html import documents_html

        return documents_html(self)


def documents_text(rows: Sequence[DocumentRow]) -> str:
    """Return a line for each document."""
    return "\n".join(
        ", ".join(part for part in (row.path, row.format, row.language, counted(row.chunks, "passage")) if part)
        for row in rows
    )


def _hit_line(n: int, hit: Hit) -> str:
    chunk = hit.chunk
    place = ", ".join(part for part in (chunk.path, f"page {chunk.page}" if chunk.page else "", chunk.heading) if part)
    words = " ".join(chunk.text.split())
    return f"[{n}] {place}: {words[:_LONGEST]}{'…' if len(words) > _LONGEST else ''}"
