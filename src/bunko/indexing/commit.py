"""Write documents to the store in batches, and count what changed. In: read items. Out: rows of the store.

Knows nothing of embeddings.
"""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from bunko.errors import BunkoError, StoreDamaged, StoreError
from bunko.facts import facts_json
from bunko.reading.folder import FileEntry
from bunko.reading.storable import storable_text
from bunko.store import Entry, FileRecord, Record
from bunko.store.rows import outline
from bunko.types import Chunk, Document, FailedFile

# A batch is written when it reaches one of these.
_BATCH_DOCUMENTS = 2_000
_BATCH_CHUNKS = 4_000
_BATCH_CHARACTERS = 4_000_000


@dataclass(slots=True)
class Counts:
    """How many documents a sync changed. A file that can't be read is no document."""

    added: int = 0
    updated: int = 0
    removed: int = 0

    def note(self, before: Record | None, after: Record | None) -> None:
        """Count the change of one document."""
        was, now = before is not None and not before.error, after is not None and not after.error
        self.added += now and not was
        self.updated += now and was
        self.removed += was and not now


class Rows(Protocol):
    """Where documents are written: a Store, or what collects them for one."""

    def write(self, entries: Sequence[Entry], *, replacing: Sequence[str] = ()) -> None:
        """Add documents in place of those at some paths."""
        ...

    def write_chunks(self, entry: Entry) -> None:
        """Add some chunks of a document that is written later."""
        ...

    def remove_documents(self, paths: Sequence[str]) -> None:
        """Delete documents."""
        ...

    def settle_files(self, records: Sequence[FileRecord]) -> None:
        """Add files whose documents are all written."""
        ...

    def share(self) -> None:
        """Let readers see what was written so far."""
        ...


class Batch:
    """Collects documents, the paths that they replace, and complete files, until there are enough for one write."""

    def __init__(self, store: Rows) -> None:
        self._store = store
        self._entries: list[Entry] = []
        self._replaced: list[str] = []
        self._files: list[FileRecord] = []
        self._refused: set[str] = set()
        self._chunks = self._characters = 0

    def replace(self, entry: Entry) -> None:
        """Add a document in place of the one with its path."""
        self._replaced.append(entry.record.path)
        self.add(entry)

    def add_chunked(self, record: Record, document: Document, chunks: Iterable[Chunk], *, replaces: bool) -> Record:
        """Add a document with its chunks, and return its record. The chunks of a large one are written as they come.

        Whatever goes wrong while they are made costs this document: then it is added as one that can't be indexed.
        """
        parts = _parts(chunks)
        languages: Counter[str] = Counter()
        try:
            part = next(parts, [])
            for following in parts:
                self._write_part(Entry(record=record, chunks=part), is_first=not languages)
                languages.update(one.language for one in part)
                part = following
            if is_large := bool(languages):
                self._write_part(Entry(record=record, chunks=part), is_first=False)
            languages.update(one.language for one in part)
        except StoreError as error:
            if not isinstance(error, StoreDamaged):
                raise
            return self._refuse(record, error)
        except BunkoError as error:
            return self._refuse(record, error)
        except Exception as error:  # noqa: BLE001 - see above
            return self._refuse(record, error)
        language = languages.most_common(1)[0][0] if languages else ""
        record = dataclasses.replace(record, chunks=languages.total(), language=language)
        entry = Entry(record=record, document=document, chunks=() if is_large else part)
        (self.replace if replaces and not is_large else self.add)(entry)
        return record

    def _write_part(self, entry: Entry, *, is_first: bool) -> None:
        if is_first:
            self.write()
            self._store.remove_documents([entry.record.path])
        self._store.write_chunks(entry)

    def _refuse(self, record: Record, error: Exception) -> Record:
        record = refused(record, error)
        self.replace(Entry(record=record))  # in place of what was written of it
        return record

    def add(self, entry: Entry) -> None:
        """Add a document; the batch is written when it is full."""
        self._entries.append(entry)
        self._chunks += len(entry.chunks)
        self._characters += len(entry.document.text) if entry.document else 0
        self._characters += sum(map(_weight, entry.chunks))
        if (
            len(self._entries) >= _BATCH_DOCUMENTS
            or self._chunks >= _BATCH_CHUNKS
            or self._characters >= _BATCH_CHARACTERS
        ):
            self.write()

    def remove(self, paths: Sequence[str]) -> None:
        """Delete documents of a file that are gone."""
        self._store.remove_documents(paths)

    def complete(self, file: FileRecord) -> None:
        """Add a file whose documents have all been added."""
        self._files.append(file)

    def write(self) -> None:
        """Write the documents, then the files that they complete. A document that the store refuses is a failed one."""
        try:
            self._store.write(self._entries, replacing=self._replaced)
        except StoreDamaged:
            self._write_one_by_one()
        self._store.settle_files([*map(self._as_written, self._files)])
        self._store.share()
        self._entries, self._replaced, self._files = [], [], []
        self._chunks = self._characters = 0

    def _write_one_by_one(self) -> None:
        """Write what the store takes; raise its error if it takes no record of a failure either: then it is broken."""
        for entry in self._entries:
            replaced = [entry.record.path]  # and what a first attempt left
            try:
                self._store.write([entry], replacing=replaced)
            except StoreDamaged as error:
                failed = refused(entry.record, error)
                self._store.write([Entry(record=failed)], replacing=replaced)
                self._refused.add(failed.file)

    def _as_written(self, file: FileRecord) -> FileRecord:
        return dataclasses.replace(file, failed=True) if file.path in self._refused else file


def _parts(chunks: Iterable[Chunk]) -> Iterator[list[Chunk]]:
    """Yield the chunks in lists, each as large as a batch."""
    part: list[Chunk] = []
    weight = 0
    for one in chunks:
        part.append(one)
        weight += _weight(one)
        if len(part) >= _BATCH_CHUNKS or weight >= _BATCH_CHARACTERS:
            yield part
            part, weight = [], 0
    if part:
        yield part


def _weight(chunk: Chunk) -> int:
    """Return the characters that a chunk repeats of its document."""
    return len(chunk.text) + len(chunk.heading) + sum(len(section.label) for section in chunk.sections)


def refused(record: Record, error: Exception) -> Record:
    """Return the record of a document that was read, but can't be indexed."""
    detail = " ".join((error.message if isinstance(error, BunkoError) else f"{type(error).__name__}: {error}").split())
    message = storable_text(f"The document can't be indexed: {detail[:300]}")
    return dataclasses.replace(
        record,
        error=message,
        hint="Convert it to plain text, or leave it out with .bunkoignore.",
        digest=_digest_of(record.digest, message),
        chunks=0,
        language="",
    )


def file_record(file: FileEntry, digest: str, *, failed: bool) -> FileRecord:
    """Return a file's row of the manifest."""
    return FileRecord(
        path=file.path,
        digest=digest,
        size=file.size,
        modified_ns=file.modified_ns,
        indexed_at=time.time(),
        failed=failed,
    )


def record_of(file: FileEntry, item: Document | FailedFile, fingerprint: str) -> Record:
    """Return the record of a document before it is chunked."""
    record = Record(path=item.path, file=file.path, size=file.size, indexed_at=time.time())
    if isinstance(item, FailedFile):
        digest = _digest_of(fingerprint, item.error)
        return dataclasses.replace(record, digest=digest, error=item.error, hint=item.hint)
    facts = facts_json(item.facts)
    return dataclasses.replace(
        record,
        digest=_digest_of(fingerprint, item.text, outline(item), *item.left_out, *filter(None, [facts])),
        hint="\n".join(item.left_out),
        facts=facts,
        format=item.format,
        pages=len(item.pages),
        size=file.size if item.path == file.path else len(item.text.encode("utf-8", "surrogatepass")),
    )


def _digest_of(*parts: str) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()
