"""Quote a document, and cite the quote. In: places in a text. Out: Evidence, Citation. Knows nothing of questions."""

from __future__ import annotations

from bunko.indexing.outline import Outline
from bunko.types import Citation, Document, Evidence, page_at


def evidence_at(document: Document, start: int, end: int, *, score: float) -> Evidence:
    """Return a quote of a document."""
    return Evidence(
        path=document.path,
        start=start,
        end=end,
        quote=document.text[start:end],
        score=score,
        page=page_at(document.pages, start),
        heading=Outline(document.headings).heading_path(start),
    )


def cite(n: int, item: Evidence, sentence: str) -> Citation:
    """Return a verified citation: the program made the sentence from the quote."""
    return Citation(
        n=n,
        path=item.path,
        start=item.start,
        end=item.end,
        quote=item.quote,
        sentence=sentence,
        page=item.page,
        verified=True,
    )
