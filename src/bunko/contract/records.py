"""The records of the APIs beside those of `bunko.types`: what the server, its libraries and its documents are.

Frozen, standard library only. Knows nothing of how a request is answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from bunko.facts import Facts, facts_from
from bunko.types import Document, Hit, Scope, Span

State: TypeAlias = Literal["indexing", "ready", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """The passages that a search found."""

    query: str
    """The query."""
    hits: tuple[Hit, ...]
    """The passages that were found, best first."""
    timings: Mapping[str, float]
    """Milliseconds of each stage, in the order in which they ran, and `total`."""
    scope: Scope | None = None
    """The documents that were searched. Left out where all were."""

    def _repr_html_(self) -> str:
        from bunko.notebook_html import hits_html

        return hits_html(self.hits)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDetail:
    """What went wrong, and what to do."""

    type: str
    """The class of the error, as in `bunko.errors`."""
    message: str
    """What went wrong."""
    hint: str
    """What to do; may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorReply:
    """The form of all errors."""

    error: ErrorDetail


# --- the server -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The process runs."""

    status: Literal["ok"]
    version: int = 0
    """The number of the published version that is served, the lowest of several; 0: none is on an object store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Whether questions can be asked."""

    ready: bool
    libraries: Mapping[str, State]
    """The state of each library that the token opens."""
    model: Literal["idle", "loading", "loaded", "failed"]
    """The state of the default model; `idle`: it is loaded when it is first asked."""
    versions: Mapping[str, int] = field(default_factory=dict)
    """The number of the published version of each library that is served from an object store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRules:
    """Which files the server accepts."""

    allowed: bool
    max_bytes: int
    """The size limit of one file."""
    suffixes: tuple[str, ...]
    """The suffixes of the files that can be read, with their dots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The server's version, models and limits."""

    version: str
    models: tuple[str, ...]
    """The models that can be asked, the default first."""
    default_model: str
    upload: UploadRules
    history: Literal["off", "allowed"]
    """Whether conversations may be kept on the server's disk."""
    embedder: str
    libraries: Literal["fixed", "new", "any"] = "fixed"
    """Which libraries users may make: none; `new`, empty ones; `any`, of folders of the server's machine, too."""


# --- libraries ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a stage of a sync is."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryState:
    """A library and its state."""

    name: str
    """The name in addresses."""
    title: str
    documents: int
    chunks: int
    failed: int
    """Files that could not be read."""
    state: State
    progress: Progress | None = None
    """Present only while the index is brought in step with the folder."""
    error: ErrorDetail | None = None
    """Present only where the last sync failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Libraries:
    """The libraries that the token opens."""

    libraries: tuple[LibraryState, ...]


# --- documents ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """A document, or a file that could not be read, as the commands and MCP list it."""

    path: str
    """The document's path, relative to the library's folder, with forward slashes."""
    state: Literal["read", "failed"]
    format: str
    """The format, such as `pdf`."""
    language: str
    """ISO 639-1 code."""
    pages: int
    """Pages; 0 where there are none."""
    chunks: int
    """Passages."""
    size: int
    """Bytes."""
    indexed_at: float
    """When it was indexed, in seconds since 1970."""
    error: str
    """Why it could not be read; empty otherwise."""
    hint: str
    """What to do about it; of a document that was read, what of the file its text lacks, one line each."""
    facts: Facts | None = None
    """What the document says of itself: its title, authors, dates, tags. Left out where it says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentList:
    """The documents of a library, or a page of them."""

    documents: tuple[DocumentRow, ...]
    """One object for each document, and for each file that could not be read."""
    total: int = 0
    """Documents that match, on all pages."""
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateRow:
    """A document that has copies or versions."""

    path: str
    """The document's path, relative to the library's folder, with forward slashes."""
    date: str
    """When it was last changed or written, as it says itself; empty if it does not."""
    modified_at: float
    """When its file was last written, in seconds since 1970."""
    is_copy: bool
    """Whether it says the same as the first of its group, word for word."""
    alike: float
    """How much of its text is that of the first of its group: 0 to 1, an estimate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateGroup:
    """Documents that are copies or versions of each other."""

    documents: tuple[DuplicateRow, ...]
    """The newest first: it is the one that answers quote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateList:
    """The documents of a library that have copies or versions."""

    groups: tuple[DuplicateGroup, ...]
    """One object for each document with copies or versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedDocument:
    """A document, or a file that could not be read, as the server lists it."""

    path: str
    """The document's path, relative to the library's folder, with forward slashes."""
    file: str
    """The file that holds the document: an archive or a mailbox holds many."""
    state: Literal["read", "failed"]
    format: str
    """The format, such as `pdf`."""
    language: str
    """ISO 639-1 code."""
    pages: int
    """Pages; 0 where there are none."""
    chunks: int
    """Passages."""
    bytes: int
    indexed_at: float
    """When it was indexed, in seconds since 1970."""
    error: str = ""
    """Why it could not be read. Left out otherwise."""
    hint: str = ""
    """What to do about it; of a document that was read, what of the file its text lacks. Left out where empty."""
    facts: Facts | None = None
    """What the document says of itself: its title, authors, dates, tags. Left out where it says nothing."""


def row_of(record: Any) -> DocumentRow:
    """Return the row of a `bunko.store.Record`."""
    return DocumentRow(state="failed" if record.error else "read", **_shared(record), size=record.size)


def served_row_of(record: Any) -> ServedDocument:
    """Return the row of a `bunko.store.Record`, as the server lists it."""
    state: Literal["read", "failed"] = "failed" if record.error else "read"
    return ServedDocument(state=state, **_shared(record), file=record.file, bytes=record.size)


def _shared(record: Any) -> dict[str, Any]:
    names = ("path", "format", "language", "pages", "chunks", "indexed_at", "error", "hint")
    return {name: getattr(record, name) for name in names} | {"facts": facts_from(record.facts) or None}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedDocuments:
    """A page of the list of documents."""

    documents: tuple[ServedDocument, ...]
    total: int
    """Documents that match, on all pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    """A part of a document's text."""

    path: str
    """The document's path, relative to the library's folder, with forward slashes."""
    characters: int
    """The length of the whole document, in code points."""
    start: int
    """Where the part starts, in code points."""
    end: int
    """Where it ends."""
    text: str
    """The text from `start` to `end`."""
    format: str
    """The format, such as `pdf`."""
    pages: tuple[Span, ...]
    """The pages that the part touches."""
    headings: tuple[Span, ...]
    """The sections that the part touches."""
    tables: tuple[Span, ...]
    """The tables that the part touches."""


def text_part(document: Document, *, start: int, end: int) -> TextPart:
    """Return a part of a document, with the pages, headings and tables that it touches.

    Offsets beyond the end of the text are moved to its end.
    """
    length = len(document.text)
    start = min(start, length)
    end = max(start, min(end, length))

    def touched(spans: Sequence[Span]) -> tuple[Span, ...]:
        return tuple(span for span in spans if span.end >= start and span.start <= end)

    return TextPart(
        path=document.path,
        characters=length,
        start=start,
        end=end,
        text=document.text[start:end],
        format=document.format,
        pages=touched(document.pages),
        headings=touched(document.headings),
        tables=touched(document.tables),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A heading of a document, about which a question may be asked."""

    heading: str
    """The words of the heading."""
    path: str
    """The document's path, relative to the library's folder, with forward slashes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Headings of several documents."""

    topics: tuple[Topic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """A folder of the server's machine, and the folders in it."""

    path: str
    """The whole path of the folder."""
    parent: str
    """The folder that holds it; empty for the root."""
    folders: tuple[str, ...]
    """The names of the folders in it, without hidden ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """A file that was added to the folder."""

    path: str
    bytes: int


# --- conversations --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRow:
    """A conversation that is kept on the server's disk."""

    id: str
    title: str
    updated: float
    """When it was last changed, in seconds since 1970; a new name or a pin changes nothing."""
    pinned: bool = False
    """Whether it stands above the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptConversation(ConversationRow):
    """A conversation with its turns."""

    turns: tuple[Mapping[str, Any], ...]
    """The turns, as the client sent them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversations:
    """The conversations that are kept, the newest first."""

    conversations: tuple[ConversationRow, ...]
