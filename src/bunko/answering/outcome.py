"""What is told of an answer in progress. In: the draft, its resources. Out: the evidence found, the finished answer."""

from __future__ import annotations

from bunko.answering.draft import Draft, Resources
from bunko.answering.spans import compared
from bunko.grounding.table_cells import with_cells
from bunko.types import Answer, Retrieved


def answer_of(draft: Draft, resources: Resources) -> Answer:
    """Return the finished answer with all that led to it."""
    asked = draft.written.finish_reason != "none"
    text = draft.grounding.text if draft.sources else draft.written.text.strip()
    return Answer(
        question=draft.asked.text,
        standalone_question=draft.question.text,
        text=text,
        reasoning=draft.written.reasoning.strip(),
        refused=not draft.sources,
        support=draft.support.strength if draft.evidence else 0.0,
        probability=draft.probability,
        evidence=draft.evidence,
        span=compared(draft.span, text, refused=not draft.sources) if asked else draft.span,
        citations=with_cells(draft.grounding.citations, draft.evidence, question=draft.question.text),
        unsupported=draft.grounding.unsupported,
        translation=draft.translation,
        hits=draft.hits,
        kind=draft.question.kind,
        documents_searched=resources.documents,
        documents_read=len({item.path for item in draft.sources}),
        usage=draft.usage,
        timings=resources.watch.timings(),
        model=resources.generator.spec.name,
        embedder=resources.embedder.spec.name,
        finish_reason=draft.written.finish_reason,
        closest_quote=draft.written.closest_quote and bool(draft.sources),
        notes=draft.notes,
    )


def retrieved(draft: Draft, resources: Resources) -> Retrieved:
    """Return the evidence as it is shown before a model reads it."""
    return Retrieved(
        question=draft.question.text,
        evidence=draft.evidence,
        hits=draft.hits,
        span=None if draft.by_span else draft.span,
        seconds=resources.watch.timings()["total"] / 1000,
    )
