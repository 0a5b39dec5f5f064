"""Pipeline 1: bring the index in step with the folder. In: folder, store, embedder. Out: SyncReport.

    list -> compare -> read -> chunk -> store -> embed

Words are indexed first, and can be searched from then on; vectors follow. What has not changed is not read again,
and a passage that was embedded once is never embedded again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from bunko.chunking import chunk
from bunko.errors import LibraryEmpty, ReadError
from bunko.ports import Embedder
from bunko.reading import FileEntry, list_files, read_file
from bunko.settings import Settings
from bunko.store import Entry, Record, Store
from bunko.text import detect_language
from bunko.types import FailedFile, SyncReport

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with a stage ("reading", "embedding"), how much of it is done, and how much there is."""

# Raise it when a change to reading or chunking should reach documents that are indexed already.
_PIPELINE = 3
# A file that was written this shortly before it was indexed may have been written again within the same tick of
# the file system's clock: its time stamp proves nothing.
_RACY_NS = 2_000_000_000
_BATCH_DOCUMENTS = 256
_BATCH_CHUNKS = 2_000
_EMBED_BATCH = 512


def sync(
    root: Path,
    store: Store,
    embedder: Embedder,
    *,
    settings: Settings,
    embed_at_most: int | None = None,
    retry_failed: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> SyncReport:
    """Make the store hold what the folder holds now.

    With more than `embed_at_most` chunks to embed, none is: the report tells how many wait for `embed_missing`.
    A file that could not be read is tried again when it has changed, or with `retry_failed`.
    Raises LibraryNotFound, LibraryEmpty, StoreError; a file's fault is in the report.
    """
    begin = time.monotonic()
    files = list_files(root, ignore=settings.reading.ignore)
    with store.writing():
        store.refresh()
        store.remove_orphans()
        records = store.records()
        fingerprint = _fingerprint(settings)
        present = {file.path for file in files}
        gone = [path for path in records if path not in present]
        store.remove(gone)
        changed, touched = _compare(files, records, fingerprint, retry_failed=retry_failed)
        store.update_records(touched)
        written: list[Record] = []
        for entries in _batches(_read_all(changed, embedder, settings, fingerprint, progress)):
            store.write(entries)
            written += [entry.record for entry in entries]
        if gone or written:
            store.tidy()
        missing = store.missing_vectors(embedder.spec)
        if embed_at_most is None or len(missing) <= embed_at_most:
            _embed(missing, store, embedder, progress)
            missing = {}
    report = _report(records, gone, written, store, begin, unembedded=len(missing))
    _check_read(root, files, report)
    return report


def check_answerable(root: Path) -> None:
    """Raise LibraryNotFound or LibraryEmpty for a folder that there is no use in indexing."""
    if not list_files(root):
        raise _empty(root)


def embed_missing(store: Store, embedder: Embedder, *, progress: Progress = lambda stage, done, total: None) -> int:
    """Make the vectors that a sync left for later, and return how many. Raises StoreBusy if a sync is at work."""
    with store.writing():
        store.refresh()
        missing = store.missing_vectors(embedder.spec)
        _embed(missing, store, embedder, progress)
    return len(missing)


def _fingerprint(settings: Settings) -> str:
    """Return what, beside a file's bytes, decides how it is indexed."""
    parts = (_PIPELINE, settings.chunking, settings.reading.max_characters, settings.reading.max_file_mb)
    return hashlib.blake2b(repr(parts).encode(), digest_size=4).hexdigest()


def _compare(
    files: Sequence[FileEntry], records: dict[str, Record], fingerprint: str, *, retry_failed: bool
) -> tuple[list[FileEntry], list[Record]]:
    """Return the files to read, and the records of files that only have a new time stamp."""
    changed: list[FileEntry] = []
    touched: list[Record] = []
    for file in files:
        record = records.get(file.path)
        if record is None or not record.digest.endswith(fingerprint) or (record.error and retry_failed):
            changed.append(file)
            continue
        settled = record.indexed_at * 1e9 - file.modified_ns > _RACY_NS
        if settled and (file.size, file.modified_ns) == (record.size, record.modified_ns):
            continue
        if file.size != record.size or _digest(file, fingerprint) != record.digest:
            changed.append(file)
        elif file.modified_ns != record.modified_ns:
            touched.append(dataclasses.replace(record, modified_ns=file.modified_ns))
    return changed, touched


def _digest(file: FileEntry, fingerprint: str) -> str:
    digest = hashlib.blake2b(digest_size=16)
    try:
        with file.absolute.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError:
        return "unreadable:" + fingerprint  # reading it will tell why
    return f"{digest.hexdigest()}:{fingerprint}"


def _read_all(
    files: Sequence[FileEntry], embedder: Embedder, settings: Settings, fingerprint: str, progress: Progress
) -> Iterator[Entry]:
    total = sum(file.size for file in files)
    done = 0
    for file in files:
        progress("reading", done, total)
        yield _read(file, embedder, settings, fingerprint)
        done += file.size
    if files:
        progress("reading", total, total)


def _read(file: FileEntry, embedder: Embedder, settings: Settings, fingerprint: str) -> Entry:
    record = Record(
        path=file.path,
        digest=_digest(file, fingerprint),
        size=file.size,
        modified_ns=file.modified_ns,
        indexed_at=time.time(),
    )
    try:
        document = read_file(file.absolute, file.path, settings=settings.reading)
    except ReadError as error:
        return Entry(record=dataclasses.replace(record, error=error.message, hint=error.hint))
    limit = min(settings.chunking.max_tokens, embedder.spec.max_tokens - 8)
    cutting = dataclasses.replace(settings.chunking, max_tokens=limit)
    chunks = chunk(document, count_tokens=embedder.count_tokens, settings=cutting)
    record = dataclasses.replace(
        record,
        format=document.format,
        language=detect_language(document.text),
        chunks=len(chunks),
        pages=len(document.pages),
    )
    return Entry(record=record, document=document, chunks=chunks)


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        batch.append(entry)
        size += len(entry.chunks)
        if len(batch) >= _BATCH_DOCUMENTS or size >= _BATCH_CHUNKS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _embed(missing: dict[str, str], store: Store, embedder: Embedder, progress: Progress) -> None:
    # Texts of like length together: each batch of the embedder is padded to its longest.
    keys = sorted(missing, key=lambda key: (len(missing[key]), key))
    for n in range(0, len(keys), _EMBED_BATCH):
        progress("embedding", n, len(keys))
        batch = keys[n : n + _EMBED_BATCH]
        store.add_vectors(embedder.spec, batch, embedder.embed_passages([missing[key] for key in batch]))
    if keys:
        progress("embedding", len(keys), len(keys))


def _report(
    before: dict[str, Record],
    gone: Sequence[str],
    written: Sequence[Record],
    store: Store,
    begin: float,
    *,
    unembedded: int,
) -> SyncReport:
    """Count documents; a file that can't be read is no document, whatever it was before."""
    after = {path: record for path, record in before.items() if path not in set(gone)}
    after |= {record.path: record for record in written}
    was = {path for path, record in before.items() if not record.error}
    now = {path for path, record in after.items() if not record.error}
    new = {record.path for record in written} & now
    return SyncReport(
        added=len(new - was),
        updated=len(new & was),
        removed=len(was - now),
        unchanged=len(now - new),
        failed=tuple(
            FailedFile(path=path, error=record.error, hint=record.hint)
            for path, record in sorted(after.items())
            if record.error
        ),
        documents=len(now),
        chunks=store.count_chunks(),
        seconds=round(time.monotonic() - begin, 3),
        unembedded=unembedded,
    )


def _check_read(root: Path, files: Sequence[FileEntry], report: SyncReport) -> None:
    if not files:
        raise _empty(root)
    if not report.documents:
        first = report.failed[0]
        raise LibraryEmpty(
            f"None of the {len(files)} files in {str(root)!r} can be read; {first.path}: {first.error}",
            first.hint,
        )


def _empty(root: Path) -> LibraryEmpty:
    return LibraryEmpty(f"There are no files in {str(root)!r}.", "Put documents there, or name another folder.")
