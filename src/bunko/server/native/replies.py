"""What comes out, for the OpenAPI document: the contract as models. The routes send what contract.py makes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Reply(BaseModel):
    """An object; fields may be added in later versions."""

    model_config = ConfigDict(extra="allow")


class ErrorDetail(Reply):
    """What went wrong, and what to do."""

    type: str
    message: str
    hint: str


class ErrorReply(Reply):
    """The form of all errors."""

    error: ErrorDetail


class Health(Reply):
    """The process runs."""

    status: Literal["ok"]


class Ready(Reply):
    """Whether it can be asked."""

    ready: bool
    libraries: dict[str, Literal["indexing", "ready", "failed"]]
    model: Literal["idle", "loading", "loaded", "failed"]


class UploadRules(Reply):
    """Which files are taken."""

    allowed: bool
    max_bytes: int
    suffixes: list[str]


class About(Reply):
    """What the server is."""

    version: str
    models: list[str]
    default_model: str
    upload: UploadRules
    history: Literal["off", "allowed"]
    embedder: str


class LibraryRow(Reply):
    """A library."""

    name: str
    title: str
    documents: int
    chunks: int
    failed: int
    state: Literal["indexing", "ready", "failed"]


class Libraries(Reply):
    """The libraries that are open to whoever asks."""

    libraries: list[LibraryRow]


class Quote(Reply):
    """A passage or quote: `text[start:end]` of the document, in code points."""

    path: str
    page: int | None
    start: int
    end: int


class EvidenceRow(Quote):
    """A quote chosen for the answer."""

    quote: str
    score: float


class CitationRow(Quote):
    """What carries a sentence of the answer."""

    n: int
    quote: str
    sentence: str
    verified: bool


class HitRow(Quote):
    """A passage."""

    score: float
    text: str


class AnswerReply(Reply):
    """An answer, as `bunko ask --json` has it."""

    question: str
    answer: str
    reasoning: str
    refused: bool
    evidence: list[EvidenceRow]
    citations: list[CitationRow]
    unsupported: list[str]
    hits: list[HitRow]
    documents: dict[str, int]
    usage: dict[str, int]
    timings_ms: dict[str, float]
    model: str
    embedder: str
    notes: list[str]
    standalone_question: str
    finish_reason: Literal["stop", "length", "loop", "none"]
    support: float | None


class SearchReply(Reply):
    """The passages that were found, best first."""

    query: str
    hits: list[HitRow]
    timings_ms: dict[str, float]


class DocumentRow(Reply):
    """A document."""

    path: str
    file: str
    state: Literal["read", "failed"]
    format: str
    language: str
    pages: int
    chunks: int
    bytes: int
    indexed_at: float


class Documents(Reply):
    """Some of the documents, and how many there are."""

    documents: list[DocumentRow]
    total: int


class SpanRow(Reply):
    """A page or section."""

    start: int
    end: int
    label: str


class TextReply(Reply):
    """A stretch of a document's text."""

    path: str
    characters: int
    start: int
    end: int
    text: str
    format: str
    pages: list[SpanRow]
    headings: list[SpanRow]
    tables: list[SpanRow]


class Uploaded(Reply):
    """A file that was taken."""

    path: str
    bytes: int


class SyncReply(Reply):
    """What a sync changed."""

    added: int
    updated: int
    removed: int
    unchanged: int
    failed: list[dict[str, str]]
    documents: int
    chunks: int
    seconds: float


class ConversationRow(Reply):
    """A conversation that is kept."""

    id: str
    title: str
    updated: float


class ConversationReply(ConversationRow):
    """A conversation with its turns."""

    turns: list[dict[str, Any]]


class Conversations(Reply):
    """The conversations that are kept, the newest first."""

    conversations: list[ConversationRow]


_ERRORS = {
    400: "The question or a setting is wrong.",
    401: "A token is missing.",
    403: "The token does not open this, or it is switched off.",
    404: "There is no such library, model or document.",
    409: "It is there already, or the index can't be used with this embedder.",
    413: "Too large.",
    415: "A kind of file that can't be read.",
    422: "A field is missing, unknown or has a value that it can't have; or the folder is empty or not indexed.",
    429: "Too many are waiting; Retry-After tells when to come back.",
    500: "A fault of the server or its index.",
    502: "The model failed.",
    503: "Not ready, or stopping; Retry-After tells when to come back.",
    504: "The model took too long.",
    507: "The disk is full.",
}
# One server-sent event; its data is JSON, as docs/serving.md has it.
_EVENT = {
    "type": "object",
    "properties": {
        "event": {"enum": ["queued", "retrieved", "reasoning", "text", "progress", "finished", "error"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
}
Responses = dict[int | str, dict[str, Any]]


def replies(model: type[Reply] | None, *, status: int = 200, events: bool = False) -> Responses:
    """Return what a route answers: an object, a stream of events, or an error."""
    ok: dict[str, Any] = {"description": "Done."}
    if model is not None:
        ok["model"] = model
    if events:
        ok["content"] = {"text/event-stream": {"schema": _EVENT}}
    return {status: ok, **{code: {"model": ErrorReply, "description": told} for code, told in _ERRORS.items()}}
