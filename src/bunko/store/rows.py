"""Define the columns of the tables, and convert records to rows and back. Knows no database."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from bunko.facts import facts_from
from bunko.language.resemblance import sketch
from bunko.language.words import normalise, spellings
from bunko.types import Chunk, Document, Span

FORMAT = 5
FORMAT_KEY = b"bunko.format"
EMBEDDER_KEY = b"bunko.embedder"

FILES = pa.schema(
    [
        ("path", pa.string()),
        ("digest", pa.string()),
        ("size", pa.int64()),
        ("modified_ns", pa.int64()),
        ("indexed_at", pa.float64()),
        ("failed", pa.bool_()),
    ]
).with_metadata({FORMAT_KEY: str(FORMAT)})
DOCUMENTS = pa.schema(
    [
        ("path", pa.string()),
        ("file", pa.string()),
        ("digest", pa.string()),
        ("format", pa.string()),
        ("language", pa.string()),
        ("chunks", pa.int32()),
        ("pages", pa.int32()),
        ("size", pa.int64()),
        ("indexed_at", pa.float64()),
        ("error", pa.string()),  # empty for a document that was read
        ("hint", pa.string()),
        ("facts", pa.large_string()),  # as JSON, empty where there are none
        ("sketch", pa.binary()),  # shows which texts are alike; empty for a short one
        ("text", pa.large_string()),
        ("outline", pa.large_string()),  # pages, headings and tables, as JSON
    ]
)
CHUNKS = pa.schema(
    [
        ("key", pa.string()),
        ("path", pa.string()),
        ("file", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("page", pa.int32()),
        ("heading", pa.string()),
        ("sections", pa.large_string()),  # as JSON, each [start, end, label, level]
        ("language", pa.string()),
        ("text", pa.large_string()),
        ("search", pa.large_string()),  # what the full-text index covers: names, headings, text; other spellings
    ]
)
STATE = pa.schema([("name", pa.string()), ("value", pa.string())])
CHUNK_COLUMNS = [name for name in CHUNKS.names if name not in ("file", "search")]
PRIMARY_KEYS = {"files": ("path",), "documents": ("path",), "chunks": ("path", "start"), "state": ("name",)}
"""The columns by which a row of a table is replaced."""
VECTOR_KEY = ("key",)
"""That of the tables of vectors."""
_PRIMARY_KEY = {b"lance-schema:unenforced-primary-key": b"true"}
_NO_VERSIONS = ("mail", "jsonl")
"""Formats whose documents are no versions of each other where they are alike: a reply quotes, records have one form."""
_OUTLINE = ("pages", "headings", "tables")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """A row of the manifest: shows whether a file has changed since it was indexed."""

    path: str
    digest: str
    size: int
    modified_ns: int
    indexed_at: float = 0.0
    """Seconds since the epoch."""
    failed: bool = False
    """Whether the file, or a part of it, could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A document without its text. One that could not be read has an `error`."""

    path: str
    file: str
    """The path of the file that holds it: equal to `path`, except in archives and the like."""
    digest: str = ""
    """Of its text and of how it was chunked."""
    format: str = ""
    language: str = ""
    chunks: int = 0
    pages: int = 0
    size: int = 0
    """Bytes of the file, or of the text if the file holds many documents."""
    indexed_at: float = 0.0
    error: str = ""
    hint: str = ""
    """What to do about the error; of a document that was read, its `left_out`, one line each."""
    facts: str = ""
    """What it says of itself, as JSON: `bunko.facts.facts_from` reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What filters compare of a document."""

    path: str
    file: str
    format: str
    language: str
    error: str
    facts: str
    modified_s: float
    """When its file was last written, in seconds since 1970."""
    library: str = ""
    """The name of its library, with which its path begins where several are asked."""

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that a filter may name it by."""
        return (self.path, self.path[len(self.library) + 1 :]) if self.library else (self.path,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A document to write: record, text and chunks. A failed one has a record only."""

    record: Record
    document: Document | None = None
    chunks: Sequence[Chunk] = ()


LISTED_COLUMNS = ["path", "file", "format", "language", "error", "facts"]
RECORD_COLUMNS = [field.name for field in dataclasses.fields(Record)]


def with_primary_key(schema: Any, columns: Sequence[str]) -> Any:
    """Return a schema by which two writers who merge the same new row at once don't double it (docs/decisions/018)."""
    fields = [
        field.with_nullable(False).with_metadata(_PRIMARY_KEY) if field.name in columns else field for field in schema
    ]
    return pa.schema(fields, metadata=schema.metadata)


def file_table(records: Sequence[FileRecord]) -> Any:
    """Return rows of the manifest as an Arrow table."""
    return pa.Table.from_pylist([dataclasses.asdict(record) for record in records], schema=FILES)


def document_table(entries: Sequence[Entry]) -> Any:
    """Return documents with their texts as an Arrow table."""
    return pa.Table.from_pylist([_document_row(entry) for entry in entries], schema=DOCUMENTS)


def chunk_table(entries: Sequence[Entry]) -> Any:
    """Return the chunks of documents as an Arrow table."""
    rows = [_chunk_row(chunk, entry.record.file) for entry in entries for chunk in entry.chunks]
    return pa.Table.from_pylist(rows, schema=CHUNKS)


def _document_row(entry: Entry) -> dict[str, object]:
    document = entry.document
    return {name: getattr(entry.record, name) for name in RECORD_COLUMNS} | {
        "sketch": sketch(document.text) if document and document.format not in _NO_VERSIONS else b"",
        "text": document.text if document else "",
        "outline": outline(document) if document else "{}",
    }


def outline(document: Document) -> str:
    """Return a document's pages, headings and tables as JSON, each [start, end, label, level]."""
    return json.dumps({name: _lists(getattr(document, name)) for name in _OUTLINE}, ensure_ascii=False)


def document_from(row: dict[str, Any]) -> Document:
    """Return a document from its row."""
    spans = spans_from(row["outline"])
    return Document(
        path=row["path"],
        text=row["text"],
        format=row["format"],
        facts=facts_from(row["facts"]),
        pages=spans["pages"],
        headings=spans["headings"],
        tables=spans["tables"],
    )


def spans_from(outline: str) -> dict[str, tuple[Span, ...]]:
    """Return the pages, headings and tables of a document from its outline."""
    lists = json.loads(outline)
    return {name: _spans(lists[name]) for name in _OUTLINE}


def _lists(spans: Iterable[Span]) -> list[tuple[int, int, str, int]]:
    return [(span.start, span.end, span.label, span.level) for span in spans]


def _spans(lists: Iterable[tuple[int, int, str, int]]) -> tuple[Span, ...]:
    return tuple(Span(start=start, end=end, label=label, level=level) for start, end, label, level in lists)


def _chunk_row(chunk: Chunk, file: str) -> dict[str, object]:
    row = {name: getattr(chunk, name) for name in CHUNK_COLUMNS}
    row["sections"] = json.dumps(_lists(chunk.sections), ensure_ascii=False) if chunk.sections else ""
    text = f"{chunk.file_words}\n{chunk.in_context}"
    return row | {"file": file, "search": normalise(f"{text}\n{spellings(text)}".rstrip())}


def format_of(files: Any) -> int:
    """Return the format of an index, from its table of files; 0 if it says none."""
    return int((files.schema.metadata or {}).get(FORMAT_KEY, b"0"))


def chunk_from(row: dict[str, Any]) -> Chunk:
    """Return a chunk from its row."""
    sections = _spans(json.loads(row["sections"])) if row["sections"] else ()
    return Chunk(**{name: row[name] for name in CHUNK_COLUMNS} | {"sections": sections})
