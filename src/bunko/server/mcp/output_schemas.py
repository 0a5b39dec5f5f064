"""JSON Schemas of the tools' results. In: nothing. Out: one schema for each tool.

Fields may be added to a result in later versions, so no schema forbids more.
"""

from __future__ import annotations

from typing import TypeAlias

Schema: TypeAlias = dict[str, object]


def _record(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    return {"type": "object", "properties": required | (optional or {}), "required": list(required)}


def _list_of(item: Schema, description: str = "") -> Schema:
    return _described({"type": "array", "items": item}, description)


def _integer(description: str = "") -> Schema:
    return _described({"type": "integer"}, description)


def _text(description: str = "") -> Schema:
    return _described({"type": "string"}, description)


def _flag(description: str = "") -> Schema:
    return _described({"type": "boolean"}, description)


def _described(schema: Schema, description: str) -> Schema:
    return schema | {"description": description} if description else schema


_NUMBER: Schema = {"type": "number"}
_PAGE: Schema = {"type": ["integer", "null"], "description": "counted from 1; null for documents without pages"}
_TIMINGS: Schema = {"type": "object", "additionalProperties": _NUMBER, "description": "milliseconds by stage"}
_PLACE: dict[str, Schema] = {
    "path": _text("relative to the folder, with forward slashes"),
    "page": _PAGE,
    "start": _integer("offset in the document's text, in code points"),
    "end": _integer(),
}
_HIT = _record(_PLACE | {"score": _NUMBER, "text": _text("exactly the text from start to end")})
_USAGE = _record({name: _integer() for name in ("prompt_tokens", "completion_tokens", "cached_tokens")})
_EVIDENCE = _record(
    _PLACE | {"quote": _text("exactly the text from start to end"), "score": _NUMBER},
    {"gives_orders": _flag("true if the quote seems to give instructions to a language model")},
)
_CITATION = _record(
    {"n": _integer("position of the source in `evidence`, counted from 1")}
    | _PLACE
    | {
        "quote": _text(),
        "sentence": _text("the sentence of the answer that cites the quote"),
        "verified": _flag("false if the quote does not support the sentence"),
    }
)
_SPAN = _record({"start": _integer(), "end": _integer(), "label": _text()})
_DOCUMENT = _record(
    {
        "path": _text(),
        "state": {"type": "string", "enum": ["read", "failed"]},
        "format": _text(),
        "language": _text(),
        "pages": _integer(),
        "chunks": _integer(),
        "size": _integer("bytes"),
        "indexed_at": _NUMBER | {"description": "seconds since the epoch"},
        "error": _text("why it could not be read; otherwise empty"),
        "hint": _text(),
    }
)

SEARCH = _record({"query": _text(), "hits": _list_of(_HIT, "best first"), "timings_ms": _TIMINGS})
ASK = _record(
    {
        "question": _text(),
        "answer": _text(),
        "reasoning": _text(),
        "refused": _flag(),
        "evidence": _list_of(_EVIDENCE, "the sources that were found, best first"),
        "citations": _list_of(_CITATION),
        "unsupported": _list_of(_text()),
        "hits": _list_of(_HIT),
        "documents": _record({name: _integer() for name in ("searched", "cited", "read")}),
        "usage": _USAGE,
        "timings_ms": _TIMINGS,
        "model": _text(),
        "embedder": _text(),
        "notes": _list_of(_text(), "remarks on the answer, for the user"),
        "finish_reason": {"type": "string", "enum": ["stop", "length", "loop", "none"]},
    },
    {"translation": _list_of({"type": "object"}), "remembered": {"type": "object"}},
)
READ = _record(
    {
        "path": _text(),
        "characters": _integer("length of the whole document"),
        "start": _integer(),
        "end": _integer(),
        "text": _text(),
        "pages": _list_of(_SPAN, "pages that overlap the range"),
        "headings": _list_of(_SPAN, "sections that overlap the range"),
    }
)
LIST_DOCUMENTS = _record(
    {
        "documents": _list_of(_DOCUMENT),
        "total": _integer("number of documents that match"),
        "offset": _integer(),
    }
)
