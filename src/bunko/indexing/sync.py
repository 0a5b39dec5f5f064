"""Pipeline 1: bring the index in step with the folder. In: folder, store, embedder. Out: SyncReport.

    list -> compare -> read -> chunk -> store -> embed

Words are indexed first, and can be searched from then on; vectors follow. What has not changed is not read again,
and a passage that was embedded once is never embedded again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bunko.errors import LibraryEmpty
from bunko.indexing.chunking import chunk
from bunko.ports import Embedder
from bunko.reading import FileEntry, list_files
from bunko.reading.folder import content_digest
from bunko.reading.reader import Item, Reader
from bunko.settings import Settings
from bunko.store import Entry, FileRecord, Record
from bunko.store.rows import outline
from bunko.store.store import Store
from bunko.types import Document, FailedFile, SyncReport

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with a stage ("reading" in bytes, "embedding" in characters), how much is done, and how much there is."""

# Raise it when a change to reading or chunking should reach documents that are indexed already.
_PIPELINE = 5
# A file that was written this shortly before it was indexed may have been written again within the same tick of
# the file system's clock: its time stamp proves nothing.
_RACY_NS = 2_000_000_000
# What is held in memory before it is written.
_BATCH_DOCUMENTS = 2_000
_BATCH_CHUNKS = 4_000
_BATCH_CHARACTERS = 8_000_000
# Texts are sorted by length within a window, so that little is padded, and embedded in pieces that soon are done.
_WINDOW = 8_192
_EMBED_BATCH = 512


def sync(
    root: Path,
    store: Store,
    embedder: Embedder,
    *,
    settings: Settings,
    embed_at_most: int | None = None,
    retry_failed: bool = False,
    wait_s: float = 0.0,
    progress: Progress = lambda stage, done, total: None,
) -> SyncReport:
    """Make the store hold what the folder holds now.

    With more than `embed_at_most` chunks to embed, none is: the report tells how many wait for `embed_missing`.
    A file that could not be read is tried again when it has changed, or with `retry_failed`. Another sync that is at
    work is waited for `wait_s` seconds. Raises LibraryNotFound, LibraryEmpty, StoreError; a file's fault is in the
    report.
    """
    begin = time.monotonic()
    with store.writing(wait_s=wait_s):
        files = list_files(root, ignore=settings.reading.ignore)
        store.refresh()
        unfinished = store.is_unfinished()
        stray = store.repair() if unfinished else set()
        known = store.files()
        present = {file.path for file in files}
        gone = sorted({*known, *stray} - present)
        # Who names passwords, or asks for archives to be opened, means the files that failed for want of it.
        retry_failed = retry_failed or settings.reading.archives or bool(settings.reading.password_file)
        changed, touched = _compare(files, known, _fingerprint(settings), retry_failed=retry_failed)
        counts = _Counts()
        if gone or changed or touched or unfinished:
            with store.changing():
                lost = sum(not record.error for record in store.records_in(gone).values())
                store.remove_files(gone)
                store.settle_files(touched)
                counts = _read_into(store, changed, embedder, settings, progress)
                counts.removed += lost
                store.tidy()
        missing = store.missing_vectors(embedder.spec).chunks
        if embed_at_most is None or missing <= embed_at_most:
            _embed(store, embedder, progress)
            missing = 0
        documents, chunks, failed = store.count_documents(), store.count_chunks(), store.failures()
    report = SyncReport(
        added=counts.added,
        updated=counts.updated,
        removed=counts.removed,
        unchanged=documents - counts.added - counts.updated,
        failed=tuple(failed),
        documents=documents,
        chunks=chunks,
        seconds=round(time.monotonic() - begin, 3),
        unembedded=missing,
    )
    _check_read(root, files, report)
    return report


@dataclass(frozen=True, slots=True, kw_only=True)
class InStep:
    """That the index holds what the folder holds."""

    files: tuple[FileEntry, ...]
    unsettled: Mapping[str, str]
    """The content's digest of each file whose time stamp proves nothing, by path."""
    failed: int
    """Documents that could not be read."""


def in_step(root: Path, store: Store, *, settings: Settings) -> InStep | None:
    """Tell that a sync has nothing to do, as far as size and time stamps can tell; None if it has, or may have."""
    files = list_files(root, ignore=settings.reading.ignore)
    known, failed = store.files(), len(store.failures())
    tries_again = failed and (settings.reading.archives or settings.reading.password_file)
    if store.is_unfinished() or tries_again or {file.path for file in files} != known.keys():
        return None
    fingerprint, unsettled = _fingerprint(settings), {}
    for file in files:
        record = known[file.path]
        digest, _, indexed_as = record.digest.partition(":")
        if indexed_as != fingerprint or (file.size, file.modified_ns) != (record.size, record.modified_ns):
            return None
        if not _is_settled(file, record):
            unsettled[file.path] = digest
    return InStep(files=tuple(files), unsettled=unsettled, failed=failed)


def embed_missing(store: Store, embedder: Embedder, *, progress: Progress = lambda stage, done, total: None) -> int:
    """Make the vectors that a sync left for later, and return how many. Raises StoreBusy if a sync is at work."""
    with store.writing():
        store.refresh()
        return _embed(store, embedder, progress)


# --- compare -------------------------------------------------------------------------------------------------------


def _fingerprint(settings: Settings) -> str:
    """Return what, beside a file's bytes, decides how it is indexed."""
    reading = settings.reading
    parts = (_PIPELINE, settings.chunking, reading.max_characters, reading.max_file_mb)
    return hashlib.blake2b(repr(parts).encode(), digest_size=4).hexdigest()


def _compare(
    files: Sequence[FileEntry], known: Mapping[str, FileRecord], fingerprint: str, *, retry_failed: bool
) -> tuple[list[FileEntry], list[FileRecord]]:
    """Return the files to read, and the records of files that only have a new time stamp."""
    changed: list[FileEntry] = []
    touched: list[FileRecord] = []
    for file in files:
        record = known.get(file.path)
        if record is None or not record.digest.endswith(fingerprint) or (record.failed and retry_failed):
            changed.append(file)
            continue
        if _is_settled(file, record) and (file.size, file.modified_ns) == (record.size, record.modified_ns):
            continue
        if file.size != record.size or _digest(file, fingerprint) != record.digest:
            changed.append(file)
        elif file.modified_ns != record.modified_ns:
            touched.append(dataclasses.replace(record, modified_ns=file.modified_ns))
    return changed, touched


def _is_settled(file: FileEntry, record: FileRecord) -> bool:
    """Tell whether the same size and time stamp prove that a file has not changed since."""
    return record.indexed_at * 1e9 - file.modified_ns > _RACY_NS


def _digest(file: FileEntry, fingerprint: str) -> str:
    return f"{content_digest(file)}:{fingerprint}"


# --- read, chunk, store --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Counts:
    """How many documents a sync changed; a file that can't be read is no document."""

    added: int = 0
    updated: int = 0
    removed: int = 0

    def note(self, before: Record | None, after: Record | None) -> None:
        """Take note of what became of a document."""
        was, now = before is not None and not before.error, after is not None and not after.error
        self.added += now and not was
        self.updated += now and was
        self.removed += was and not now


class _Batch:
    """What is gathered until it is worth a write: documents, the paths they replace, and files that are complete."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._entries: list[Entry] = []
        self._replaced: list[str] = []
        self._files: list[FileRecord] = []
        self._chunks = self._characters = 0

    def add(self, entry: Entry, *, replaces: bool) -> None:
        """Take a document."""
        self._entries.append(entry)
        self._chunks += len(entry.chunks)
        self._characters += len(entry.document.text) if entry.document else 0
        if replaces:
            self._replaced.append(entry.record.path)
        if (
            len(self._entries) >= _BATCH_DOCUMENTS
            or self._chunks >= _BATCH_CHUNKS
            or self._characters >= _BATCH_CHARACTERS
        ):
            self.write()

    def complete(self, file: FileRecord) -> None:
        """Take a file whose documents have all been added."""
        self._files.append(file)

    def write(self) -> None:
        """Write what was gathered: first documents, then the files that they complete."""
        self._store.write(self._entries, replacing=self._replaced)
        self._store.settle_files(self._files)
        self._entries, self._replaced, self._files = [], [], []
        self._chunks = self._characters = 0


def _read_into(
    store: Store, files: Sequence[FileEntry], embedder: Embedder, settings: Settings, progress: Progress
) -> _Counts:
    """Bring the documents of these files into the store. Those that are as they were stay untouched."""
    counts = _Counts()
    fingerprint = _fingerprint(settings)
    paths = [file.path for file in files]
    store.forget_files(paths)
    before: dict[str, dict[str, Record]] = defaultdict(dict)
    for record in store.records_in(paths).values():
        before[record.file][record.path] = record
    total, done = sum(file.size for file in files), 0
    batch = _Batch(store)
    with Reader(settings.reading) as reader:
        digests: dict[str, str] = {}
        for file, items in _by_file(reader.read(_digested(files, digests, fingerprint))):
            progress("reading", done, total)
            known, failed = before.pop(file.path, {}), False
            for item in items:
                record = _record(file, item, fingerprint)
                old = known.pop(record.path, None)
                failed = failed or bool(record.error)
                if old is None or old.digest != record.digest:
                    counts.note(old, record)
                    batch.add(_entry(record, item, embedder, settings), replaces=old is not None)
            for old in known.values():
                counts.note(old, None)
            store.remove_documents(list(known))
            batch.complete(_file_record(file, digests.pop(file.path), failed=failed))
            done += file.size
        batch.write()
    if files:
        progress("reading", total, total)
    return counts


def _digested(files: Iterable[FileEntry], digests: dict[str, str], fingerprint: str) -> Iterator[FileEntry]:
    """Yield files for reading, each digested first: should it change in between, the next sync sees it."""
    for file in files:
        digests[file.path] = _digest(file, fingerprint)
        yield file


def _by_file(items: Iterable[Item]) -> Iterator[tuple[FileEntry, Iterator[Document | FailedFile]]]:
    """Group what a reader yields; the None at a file's end is only there so that every file is heard of."""
    for file, group in itertools.groupby(items, key=lambda item: item[0]):
        yield file, (item for _, item in group if item is not None)


def _file_record(file: FileEntry, digest: str, *, failed: bool) -> FileRecord:
    return FileRecord(
        path=file.path,
        digest=digest,
        size=file.size,
        modified_ns=file.modified_ns,
        indexed_at=time.time(),
        failed=failed,
    )


def _record(file: FileEntry, item: Document | FailedFile, fingerprint: str) -> Record:
    record = Record(path=item.path, file=file.path, size=file.size, indexed_at=time.time())
    if isinstance(item, FailedFile):
        digest = _digest_of(fingerprint, item.error)
        return dataclasses.replace(record, digest=digest, error=item.error, hint=item.hint)
    return dataclasses.replace(
        record,
        digest=_digest_of(fingerprint, item.text, outline(item)),
        format=item.format,
        pages=len(item.pages),
        size=file.size if item.path == file.path else len(item.text.encode("utf-8", "surrogatepass")),
    )


def _entry(record: Record, item: Document | FailedFile, embedder: Embedder, settings: Settings) -> Entry:
    """Return a document as it is stored, cut into chunks."""
    if isinstance(item, FailedFile):
        return Entry(record=record)
    limit = min(settings.chunking.max_tokens, embedder.spec.max_tokens - 8)
    cutting = dataclasses.replace(settings.chunking, max_tokens=limit)
    chunks = chunk(item, count_tokens=embedder.count_tokens, settings=cutting)
    language = Counter(part.language for part in chunks).most_common(1)[0][0] if chunks else ""
    record = dataclasses.replace(record, chunks=len(chunks), language=language)
    return Entry(record=record, document=item, chunks=chunks)


def _digest_of(*parts: str) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


# --- embed ---------------------------------------------------------------------------------------------------------


def _embed(store: Store, embedder: Embedder, progress: Progress) -> int:
    """Make the vectors that are missing, and return how many."""
    if store.has_all_vectors(embedder.spec):
        return 0
    missing = store.missing_vectors(embedder.spec)
    done = 0
    for texts in store.missing_texts(embedder.spec, window=_WINDOW):
        # Texts of like length together: each batch of the embedder is padded to its longest.
        keys = sorted(texts, key=lambda key: (len(texts[key]), key))
        for n in range(0, len(keys), _EMBED_BATCH):
            progress("embedding", min(done, missing.characters), missing.characters)
            batch = keys[n : n + _EMBED_BATCH]
            store.add_vectors(embedder.spec, batch, embedder.embed_passages([texts[key] for key in batch]))
            done += sum(len(texts[key]) for key in batch)
    store.vectors_complete(embedder.spec)
    if missing.chunks:
        progress("embedding", missing.characters, missing.characters)
    return missing.chunks


def _check_read(root: Path, files: Sequence[FileEntry], report: SyncReport) -> None:
    if not files:
        raise LibraryEmpty.without_files(str(root))
    if not report.documents:
        reason = f"; {report.failed[0].path}: {report.failed[0].error}" if report.failed else "."
        raise LibraryEmpty(
            f"None of the {len(files)} files in {str(root)!r} can be read{reason}",
            report.failed[0].hint if report.failed else "They hold no text.",
        )
