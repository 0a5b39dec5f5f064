"""The JSON of the commands and of the API. In: records. Out: plain dicts, in the order in which they are printed.

Names and meanings are held fixed: programs read them. Offsets count characters, times are milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence

from bunko.errors import BunkoError
from bunko.types import Answer, Citation, Evidence, Hit, SyncReport, Translation, Usage

Json = dict[str, object]


def answer_json(answer: Answer) -> Json:
    """Return what `ask --json` prints.

    `remembered` is there only where the answer was given before, `translation` only where one was asked for.
    """
    tree: Json = {
        "question": answer.question,
        "answer": answer.text,
        "reasoning": answer.reasoning,
        "refused": answer.refused,
        "evidence": [evidence_json(item) for item in answer.evidence],
        "citations": [citation_json(item) for item in answer.citations],
        "unsupported": list(answer.unsupported),
        "hits": [hit_json(hit) for hit in answer.hits],
        "documents": {
            "searched": answer.documents_searched,
            "cited": answer.documents_cited,
            "read": answer.documents_read,
        },
        "usage": usage_json(answer.usage),
        "timings_ms": dict(answer.timings),
        "model": answer.model,
        "embedder": answer.embedder,
    }
    if answer.translation:
        tree["translation"] = [translation_json(item, answer.citations) for item in answer.translation]
    if answer.remembered:
        then = answer.remembered
        tree["remembered"] = {"at": then.at, "timings_ms": dict(then.timings), "usage": usage_json(then.usage)}
    return tree


def translation_json(item: Translation, citations: Sequence[Citation]) -> Json:
    """Return a sentence in another language, with the numbers of the sources that carry it."""
    return {
        "sentence": item.sentence,
        "text": item.text,
        "language": item.language,
        "complete": item.complete,
        "citations": [citation.n for citation in citations if citation.sentence == item.sentence],
    }


def usage_json(usage: Usage) -> Json:
    """Return what the model read and wrote."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cached_tokens": usage.cached_tokens,
    }


def evidence_json(item: Evidence) -> Json:
    """Return one quote. `gives_orders` is there only where it is true."""
    tree: Json = {
        "path": item.path,
        "page": item.page,
        "start": item.start,
        "end": item.end,
        "quote": item.quote,
        "score": round(item.score, 6),
    }
    return tree | {"gives_orders": True} if item.gives_orders else tree


def citation_json(item: Citation) -> Json:
    """Return one citation."""
    return {
        "n": item.n,
        "path": item.path,
        "page": item.page,
        "start": item.start,
        "end": item.end,
        "quote": item.quote,
        "sentence": item.sentence,
        "verified": item.verified,
    }


def hit_json(hit: Hit) -> Json:
    """Return one passage."""
    return {
        "path": hit.chunk.path,
        "page": hit.chunk.page,
        "start": hit.chunk.start,
        "end": hit.chunk.end,
        "score": round(hit.score, 6),
        "text": hit.chunk.text,
    }


def report_json(report: SyncReport) -> Json:
    """Return what `index --json` prints."""
    return {
        "added": report.added,
        "updated": report.updated,
        "removed": report.removed,
        "unchanged": report.unchanged,
        "failed": [{"path": item.path, "error": item.error, "hint": item.hint} for item in report.failed],
        "documents": report.documents,
        "chunks": report.chunks,
        "seconds": report.seconds,
    }


def error_json(error: BunkoError) -> Json:
    """Return what a command prints with --json when it fails."""
    return {"error": {"type": type(error).__name__, "message": error.message, "hint": error.hint}}
