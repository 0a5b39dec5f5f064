"""Pipeline 1: bring the index in step with the folder. In: folder, store, embedder. Out: SyncReport.

    list -> compare -> read -> chunk -> write -> embed

    reading/folder.py   list the files
    compare.py          find the files that have changed
    reading/reader.py   read them, in a process of their own
    chunking.py         cut their documents into chunks
    commit.py           write documents and chunks in batches
    embed.py            embed the chunks that have no vector

Words can be searched once a batch is written; vectors follow. A file that has not changed is not read again, and a
passage is embedded once.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bunko.errors import FilesLost, LibraryEmpty, ReadError, StoreBusy
from bunko.indexing.commit import Batch, Counts, file_record, record_of
from bunko.indexing.compare import Changes, compare, file_digest, fingerprint
from bunko.indexing.embed import Progress, embed, embed_missing
from bunko.language.detection import release_model
from bunko.ports import Embedder
from bunko.reading.folder import FileEntry, Listing, ignore_faults, list_folder
from bunko.settings import Settings
from bunko.store import Entry, Record, Store
from bunko.types import Chunk, Document, FailedFile, SyncReport

# What reads and cuts files is imported where a file has changed: most commands find none.
if TYPE_CHECKING:
    from bunko.reading.reader import Item

__all__ = ["Progress", "embed_missing", "sync"]

# Of so many indexed files, so small a share is left only where something is wrong, or on purpose.
_MANY = 20
_FEW = 0.1


def sync(
    root: Path,
    store: Store,
    embedder: Embedder,
    *,
    settings: Settings,
    embed_at_most: int | None = None,
    retry_failed: bool = False,
    allow_empty: bool = False,
    wait_s: float = 0.0,
    progress: Progress = lambda stage, done, total: None,
) -> SyncReport:
    """Make the store hold what the folder holds now.

    If more than `embed_at_most` chunks need a vector, none is embedded: the report has their number, and
    `embed_missing` embeds them later. A file that could not be read is tried again when it has changed, or with
    `retry_failed`. A folder that has lost nearly all indexed files is an error unless `allow_empty`. The sync waits
    `wait_s` seconds for another writer. Raises LibraryNotFound, LibraryEmpty, FilesLost, StoreError; a file's fault
    is in the report.
    """
    begin = time.monotonic()
    with contextlib.ExitStack() as held:
        # A lease on an object store takes a second, and another writer may take longer: not where nothing has changed.
        if store.published() or not _is_free(store, held):
            listing = list_folder(root, ignore=settings.reading.ignore)
            left = _left_to_embed(listing.files, store, embedder, settings=settings, retry_failed=retry_failed)
            if left == 0 or (left and embed_at_most is not None and left > embed_at_most):
                report = _report(root, store, listing, counts=Counts(), unembedded=left, begin=begin)
                return _checked(root, listing, report)
            held.enter_context(store.writing(wait_s=wait_s))
        listing = list_folder(root, ignore=settings.reading.ignore)
        files = listing.files
        store.refresh()
        unfinished = store.is_unfinished()
        if not unfinished:
            store.check_counts()
        stray = store.repair() if unfinished else set()
        known = store.files()
        if not allow_empty:
            check_not_lost(str(root), listed=len(files), known=len(known), command="bunko index FOLDER")
        changes = compare(files, known, stray=stray, settings=settings, retry_failed=retry_failed)
        counts = Counts()
        if changes or unfinished:
            with store.changing():
                _apply(changes, store, embedder, counts=counts, settings=settings, progress=progress)
                store.tidy()
        missing = store.missing_vectors(embedder.spec).chunks
        if embed_at_most is None or missing <= embed_at_most:
            embed(store, embedder, progress)
            missing = 0
        report = _report(root, store, listing, counts=counts, unembedded=missing, begin=begin)
    return _checked(root, listing, report)


def _is_free(store: Store, held: contextlib.ExitStack) -> bool:
    """Hold the writer's lock until the end of `held`, if nobody else does; return whether it is held."""
    try:
        held.enter_context(store.writing())
    except StoreBusy:
        return False
    return True


def _left_to_embed(
    files: Sequence[FileEntry], store: Store, embedder: Embedder, *, settings: Settings, retry_failed: bool
) -> int | None:
    """Return how many passages have no vector, if nothing else is left for a sync to do; else None."""
    store.refresh()
    if store.is_unfinished() or not files:
        return None
    if compare(files, store.files(), stray=(), settings=settings, retry_failed=retry_failed):
        return None
    return store.missing_vectors(embedder.spec).chunks


def _report(root: Path, store: Store, listing: Listing, *, counts: Counts, unembedded: int, begin: float) -> SyncReport:
    """Return what a sync did."""
    documents, chunks, failed = store.count_documents(), store.count_chunks(), store.failures()
    left_out = (*listing.left_out, *store.left_out())
    return SyncReport(
        added=counts.added,
        updated=counts.updated,
        removed=counts.removed,
        unchanged=documents - counts.added - counts.updated,
        failed=(*ignore_faults(root), *failed),
        left_out=left_out,
        documents=documents,
        chunks=chunks,
        seconds=round(time.monotonic() - begin, 3),
        unembedded=unembedded,
    )


def _apply(
    changes: Changes, store: Store, embedder: Embedder, *, counts: Counts, settings: Settings, progress: Progress
) -> None:
    """Remove deleted files, then read, chunk and write changed ones."""
    counts.removed += sum(not record.error for record in store.records_in(changes.gone).values())
    store.remove_files(changes.gone)
    store.settle_files(changes.touched)
    paths = [file.path for file in changes.to_read]
    store.forget_files(paths)
    before: dict[str, dict[str, Record]] = defaultdict(dict)
    for record in store.records_in(paths).values():
        before[record.file][record.path] = record
    read_into(
        Batch(store),
        changes.to_read,
        before=before,
        embedder=embedder,
        counts=counts,
        settings=settings,
        progress=progress,
    )
    release_model()


def read_into(
    batch: Batch,
    files: Sequence[FileEntry],
    *,
    before: dict[str, dict[str, Record]],
    embedder: Embedder,
    counts: Counts,
    settings: Settings,
    progress: Progress = lambda stage, done, total: None,
) -> None:
    """Read files, cut their documents into chunks, and write them by a batch.

    `before` has the records of the documents that are stored of each file, by path; those in it that are gone are
    removed, and those that are as they were are not written again.
    """
    if not files:
        batch.write()
        return
    from bunko.reading.reader import Reader

    total, done = sum(file.size for file in files), 0
    with Reader(settings.reading) as reader:
        indexed_as, digests = fingerprint(settings), dict[str, str]()
        for file, items in _by_file(reader.read(_digested(files, digests, indexed_as))):
            progress("reading", done, total)
            known, failed = before.pop(file.path, {}), False
            for item in items:
                record = record_of(file, item, indexed_as)
                old = known.pop(record.path, None)
                if old is None or old.digest != record.digest:  # a document that is as it was stays untouched
                    record = _add(item, record, old=old, batch=batch, embedder=embedder, settings=settings)
                    counts.note(old, record)
                failed = failed or bool(record.error)
            for old in known.values():
                counts.note(old, None)
            batch.remove(list(known))
            batch.complete(file_record(file, digests.pop(file.path), failed=failed))
            done += file.size
        batch.write()
    progress("reading", total, total)


def _digested(files: Iterable[FileEntry], digests: dict[str, str], indexed_as: str) -> Iterator[FileEntry]:
    """Yield files for reading, and note the digest of each before: a change in between is found by the next sync."""
    for file in files:
        digests[file.path] = file_digest(file, indexed_as)
        yield file


def _by_file(items: Iterable[Item]) -> Iterator[tuple[FileEntry, Iterator[Document | FailedFile]]]:
    """Group what a reader yields by file. It ends each file with None, so that an empty one is listed as well."""
    for file, group in itertools.groupby(items, key=lambda item: item[0]):
        yield file, (item for _, item in group if item is not None)


def _add(
    item: Document | FailedFile,
    record: Record,
    *,
    old: Record | None,
    batch: Batch,
    embedder: Embedder,
    settings: Settings,
) -> Record:
    """Add a document with its chunks to the batch, and return its record."""
    if isinstance(item, FailedFile):
        (batch.replace if old else batch.add)(Entry(record=record))
        return record
    from bunko.indexing.chunking import chunks_of

    limit = min(settings.chunking.max_tokens, embedder.spec.max_tokens - 8)
    cutting = dataclasses.replace(settings.chunking, max_tokens=limit)
    chunks = chunks_of(item, count_tokens=embedder.count_tokens, settings=cutting)
    return batch.add_chunked(record, item, in_time(chunks, settings.reading.timeout_s), replaces=old is not None)


def in_time(chunks: Iterable[Chunk], timeout_s: float) -> Iterator[Chunk]:
    """Yield the chunks. Raises ReadError where making them takes too long."""
    spent, begin = 0.0, time.monotonic()
    for one in chunks:
        spent += time.monotonic() - begin
        if timeout_s and spent > timeout_s:
            raise ReadError(f"Cutting it into passages took longer than {timeout_s:g} seconds.")
        yield one
        begin = time.monotonic()  # writing them is not the document's fault


def check_not_lost(source: str, *, listed: int, known: int, command: str) -> None:
    """Raise FilesLost where so few files are left that the source is rather not what it was, as an unmounted disk."""
    if listed == 0 < known or (known >= _MANY and listed < _FEW * known):
        left = (
            f"{listed} of the {known} indexed files are left"
            if listed
            else f"None of the {known} indexed files is left"
        )
        raise FilesLost(
            f"{left} in {source!r}. The index is kept as it is.",
            "If a disk or network drive is missing there, connect it. If they were deleted on purpose: "
            f"{command} --allow-empty",
        )


def _checked(root: Path, listing: Listing, report: SyncReport) -> SyncReport:
    """Return the report. Raises LibraryEmpty where there is nothing to answer from."""
    if not listing.files:
        raise LibraryEmpty.without_files(str(root), but=listing.first_left_out)
    if not report.documents:
        reason = f"; {report.failed[0].path}: {report.failed[0].error}" if report.failed else "."
        raise LibraryEmpty(
            f"None of the {len(listing.files)} files in {str(root)!r} can be read{reason}",
            report.failed[0].hint if report.failed else "They hold no text.",
        )
    return report
