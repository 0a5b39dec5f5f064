"""Say in which row of a table each quote of an answer stands. In: events of an answer. Out: the same, with rows.

Knows nothing of how quotes are chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

from bunko.rows.sheets import FORMATS, SEPARATOR, row_at
from bunko.types import Citation, Document, Event, Evidence, Finished, Retrieved, TableRow

_DOCUMENTS = 16  # kept while one answer is made
Quoted = TypeVar("Quoted", Evidence, Citation)


def with_rows(events: Iterator[Event], document_of: Callable[[str], Document | None]) -> Iterator[Event]:
    """Yield events whose quotes and citations name their rows. `document_of` reads a document of the index."""
    read = lru_cache(_DOCUMENTS)(document_of)

    def placed(quotes: tuple[Quoted, ...]) -> tuple[Quoted, ...]:
        return tuple(replace(quote, row=_row(quote, read)) if _may_be_row(quote) else quote for quote in quotes)

    try:
        for event in events:
            if isinstance(event, Retrieved):
                yield replace(event, evidence=placed(event.evidence))
            elif isinstance(event, Finished):
                answer = event.answer
                quotes, citations = placed(answer.evidence), placed(answer.citations)
                yield Finished(answer=replace(answer, evidence=quotes, citations=citations))
            else:
                yield event
    finally:
        if hasattr(events, "close"):
            events.close()


def _may_be_row(quote: Evidence | Citation) -> bool:
    """Return whether it is worth reading its document: those of texts without tables are not read for nothing."""
    if quote.fact or quote.row:
        return False
    ending = quote.path.rpartition(".")[2].lower()
    return ending in FORMATS or SEPARATOR in quote.quote or quote.quote.lstrip().startswith("|")


def _row(quote: Evidence | Citation, document_of: Callable[[str], Document | None]) -> TableRow | None:
    document = document_of(quote.path)
    if document is None:
        return None
    span = quote.span if isinstance(quote, Evidence) else None
    start = span.start if span else quote.start
    # A quote may begin with the bar or the break before its row.
    start += len(quote.quote) - len(quote.quote.lstrip()) if not span else 0
    return row_at(document, start)
