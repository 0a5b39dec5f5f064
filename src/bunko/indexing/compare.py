"""Find what has changed in a folder since it was indexed. In: its files, the manifest. Out: Changes.

Size and time stamp decide; a file with a new time stamp is hashed. Knows nothing of documents.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bunko.reading.folder import FileEntry, content_digest, list_files
from bunko.settings import Settings
from bunko.store import FileRecord, Store

# Raise it when a change to reading or chunking should reach documents that are indexed already.
_PIPELINE = 7
# A file that was written this shortly before it was indexed may have been written again within the same tick of
# the file system's clock: its time stamp proves nothing.
RACY_NS = 2_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a sync has to do."""

    to_read: list[FileEntry]
    """New files, and files whose content has changed."""
    touched: list[FileRecord]
    """New records of files that only have a new time stamp."""
    gone: list[str]
    """Paths that are indexed, and no longer in the folder."""

    def __bool__(self) -> bool:
        return bool(self.to_read or self.touched or self.gone)


def compare(
    files: Sequence[FileEntry],
    known: Mapping[str, FileRecord],
    *,
    stray: Collection[str],
    settings: Settings,
    retry_failed: bool,
) -> Changes:
    """Compare a folder's files with the manifest. `stray` are files with documents but no row in the manifest."""
    # Naming passwords, or asking for archives to be opened, concerns the files that failed without them.
    retry_failed = retry_failed or settings.reading.archives or bool(settings.reading.password_file)
    indexed_as = fingerprint(settings)
    to_read: list[FileEntry] = []
    touched: list[FileRecord] = []
    for file in files:
        record = known.get(file.path)
        if record is None or not record.digest.endswith(indexed_as) or (record.failed and retry_failed):
            to_read.append(file)
            continue
        if _is_settled(file, record) and (file.size, file.modified_ns) == (record.size, record.modified_ns):
            continue
        if file.size != record.size or file_digest(file, indexed_as) != record.digest:
            to_read.append(file)
        elif file.modified_ns != record.modified_ns:
            touched.append(dataclasses.replace(record, modified_ns=file.modified_ns))
    gone = sorted({*known, *stray} - {file.path for file in files})
    return Changes(to_read=to_read, touched=touched, gone=gone)


@dataclass(frozen=True, slots=True, kw_only=True)
class InStep:
    """The files of a folder whose index is up to date."""

    files: tuple[FileEntry, ...]
    unsettled: Mapping[str, str]
    """The content's digest of each file whose time stamp proves nothing, by path."""
    failed: int
    """The number of documents that could not be read."""


def in_step(root: Path, store: Store, *, settings: Settings) -> InStep | None:
    """Return the files if sizes and time stamps show that a sync would change nothing, else None."""
    files = list_files(root, ignore=settings.reading.ignore)
    known, failed = store.files(), len(store.failures())
    tries_again = failed and (settings.reading.archives or settings.reading.password_file)
    if store.is_unfinished() or tries_again or {file.path for file in files} != known.keys():
        return None
    wanted, unsettled = fingerprint(settings), {}
    for file in files:
        record = known[file.path]
        digest, _, indexed_as = record.digest.partition(":")
        if indexed_as != wanted or (file.size, file.modified_ns) != (record.size, record.modified_ns):
            return None
        if not _is_settled(file, record):
            unsettled[file.path] = digest
    return InStep(files=tuple(files), unsettled=unsettled, failed=failed)


def fingerprint(settings: Settings) -> str:
    """Return a digest of everything but a file's bytes that decides how the file is indexed."""
    reading = settings.reading
    parts = (_PIPELINE, settings.chunking, reading.max_characters, reading.max_file_mb)
    return hashlib.blake2b(repr(parts).encode(), digest_size=4).hexdigest()


def file_digest(file: FileEntry, fingerprint: str) -> str:
    """Return what the manifest compares: the digest of the content, and the fingerprint."""
    return f"{content_digest(file)}:{fingerprint}"


def _is_settled(file: FileEntry, record: FileRecord) -> bool:
    """Return whether the same size and time stamp prove that a file has not changed since."""
    return record.indexed_at * 1e9 - file.modified_ns > RACY_NS
