"""The contract read back. In: the JSON of the API. Out: the records that it was made of. The reverse of `contract`.

What the JSON does not have is not there: the headings above a passage, and the two scores that a hit's was made of.
"""

from __future__ import annotations

import math
from typing import Any

from bunko import errors
from bunko.errors import BunkoError, RemoteBadAnswer, ServingError
from bunko.types import (
    Answer,
    Chunk,
    Citation,
    Event,
    Evidence,
    FailedFile,
    Finished,
    Hit,
    ReasoningDelta,
    Remembered,
    Retrieved,
    Span,
    SyncReport,
    TextDelta,
    Translation,
    Usage,
)


def answer_from(tree: Any) -> Answer:
    """Return an answer as it was before it became JSON."""
    counts = tree["documents"]
    remembered = tree.get("remembered")
    return Answer(
        question=tree["question"],
        text=tree["answer"],
        reasoning=tree["reasoning"],
        refused=tree["refused"],
        evidence=tuple(map(evidence_from, tree["evidence"])),
        citations=tuple(map(citation_from, tree["citations"])),
        unsupported=tuple(tree["unsupported"]),
        translation=tuple(
            Translation(
                sentence=item["sentence"], text=item["text"], language=item["language"], complete=item["complete"]
            )
            for item in tree.get("translation", ())
        ),
        hits=tuple(map(hit_from, tree["hits"])),
        documents_searched=counts["searched"],
        documents_read=counts["read"],
        usage=Usage(**tree["usage"]),
        timings=dict(tree["timings_ms"]),
        model=tree["model"],
        embedder=tree["embedder"],
        notes=tuple(tree.get("notes", ())),
        standalone_question=tree.get("standalone_question", ""),
        finish_reason=tree.get("finish_reason", "stop"),
        support=math.inf if tree.get("support") is None else tree["support"],
        remembered=remembered
        and Remembered(at=remembered["at"], timings=remembered["timings_ms"], usage=Usage(**remembered["usage"])),
    )


def evidence_from(tree: Any) -> Evidence:
    """Return one quote."""
    return Evidence(
        path=tree["path"],
        page=tree["page"],
        start=tree["start"],
        end=tree["end"],
        quote=tree["quote"],
        score=tree["score"],
        heading=tree.get("heading", ""),
        gives_orders=tree.get("gives_orders", False),
    )


def citation_from(tree: Any) -> Citation:
    """Return one citation."""
    return Citation(
        **{name: tree[name] for name in ("n", "path", "page", "start", "end", "quote", "sentence", "verified")}
    )


def hit_from(tree: Any) -> Hit:
    """Return one passage."""
    chunk = Chunk(
        path=tree["path"],
        page=tree["page"],
        start=tree["start"],
        end=tree["end"],
        text=tree["text"],
        heading=tree.get("heading", ""),
    )
    return Hit(chunk=chunk, score=tree["score"])


def report_from(tree: Any) -> SyncReport:
    """Return what a sync changed."""
    counts = ("added", "updated", "removed", "unchanged", "documents", "chunks", "seconds")
    return SyncReport(
        **{name: tree[name] for name in counts}, failed=tuple(FailedFile(**item) for item in tree["failed"])
    )


def span_from(tree: Any) -> Span:
    """Return a page or a section."""
    return Span(start=tree["start"], end=tree["end"], label=tree["label"], level=tree.get("level", 0))


def event_from(name: str, tree: Any) -> Event | None:
    """Return an event of an answer; None for those that a library does not have, as that others are ahead.

    Raises the error that an event tells of.
    """
    match name:
        case "retrieved":
            evidence, hits = map(evidence_from, tree["evidence"]), map(hit_from, tree["hits"])
            return Retrieved(question=tree["question"], evidence=(*evidence,), hits=(*hits,))
        case "text":
            return TextDelta(text=tree["text"])
        case "reasoning":
            return ReasoningDelta(text=tree["text"])
        case "finished":
            return Finished(answer=answer_from(tree))
        case "error":
            raise error_from(tree)
    return None


def error_from(tree: Any, *, retry_after_s: int = 0) -> BunkoError:
    """Return the error that JSON tells of, of the same class where there is one of this name.

    >>> error_from({"error": {"type": "StoreBusy", "message": "Another sync runs.", "hint": "Wait."}})
    StoreBusy('Another sync runs.')
    """
    told = tree.get("error") if isinstance(tree, dict) else None
    if not isinstance(told, dict) or not isinstance(told.get("message"), str):
        return RemoteBadAnswer("The server refused, and its reason can't be read.", "Is it a `bunko serve`?")
    message, hint = told["message"], str(told.get("hint") or "")
    kind = getattr(errors, str(told.get("type")), None)
    if not (isinstance(kind, type) and issubclass(kind, BunkoError)):
        return RemoteBadAnswer(message, hint)
    if issubclass(kind, ServingError):
        return kind(message, hint, retry_after_s=retry_after_s)
    return kind(message, hint)
