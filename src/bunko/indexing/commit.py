"""Write documents to the store in batches, and count what changed. In: read items. Out: rows of the store.

Knows nothing of embeddings.
"""

from __future__ import annotations

import dataclasses
import hashlib
import time
from dataclasses import dataclass

from bunko.reading.folder import FileEntry
from bunko.store import Entry, FileRecord, Record, Store
from bunko.store.rows import outline
from bunko.types import Document, FailedFile

# A batch is written when it reaches one of these.
_BATCH_DOCUMENTS = 2_000
_BATCH_CHUNKS = 4_000
_BATCH_CHARACTERS = 8_000_000


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


class Batch:
    """Collects documents, the paths that they replace, and complete files, until there are enough for one write."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._entries: list[Entry] = []
        self._replaced: list[str] = []
        self._files: list[FileRecord] = []
        self._chunks = self._characters = 0

    def replace(self, entry: Entry) -> None:
        """Add a document in place of the one with its path."""
        self._replaced.append(entry.record.path)
        self.add(entry)

    def add(self, entry: Entry) -> None:
        """Add a document; the batch is written when it is full."""
        self._entries.append(entry)
        self._chunks += len(entry.chunks)
        self._characters += len(entry.document.text) if entry.document else 0
        if (
            len(self._entries) >= _BATCH_DOCUMENTS
            or self._chunks >= _BATCH_CHUNKS
            or self._characters >= _BATCH_CHARACTERS
        ):
            self.write()

    def complete(self, file: FileRecord) -> None:
        """Add a file whose documents have all been added."""
        self._files.append(file)

    def write(self) -> None:
        """Write the documents, then the files that they complete."""
        self._store.write(self._entries, replacing=self._replaced)
        self._store.settle_files(self._files)
        self._entries, self._replaced, self._files = [], [], []
        self._chunks = self._characters = 0


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
    return dataclasses.replace(
        record,
        digest=_digest_of(fingerprint, item.text, outline(item), *item.left_out),
        hint="\n".join(item.left_out),
        format=item.format,
        pages=len(item.pages),
        size=file.size if item.path == file.path else len(item.text.encode("utf-8", "surrogatepass")),
    )


def _digest_of(*parts: str) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()
