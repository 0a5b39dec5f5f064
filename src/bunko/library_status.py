"""How far an index is. In: a library. Out: LibraryStatus. Writes nothing, downloads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bunko.errors import ModelError
from bunko.types import FailedFile

if TYPE_CHECKING:
    from bunko.library import Library


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryStatus:
    """How far the index of a library is, as `bunko status` shows it."""

    folder: str
    """The folder of documents, or the single document."""
    index: str
    """Where the index is, or would be."""
    indexed: bool
    """Whether there is an index."""
    documents: int = 0
    """Documents in the index."""
    failed: tuple[FailedFile, ...] = ()
    """Files that could not be read."""
    chunks: int = 0
    """Passages in the index."""
    unembedded: int | None = None
    """Passages that have no vector yet; null where the embedder is not on this machine."""
    changed: int = 0
    """Files that are new, or have changed since they were indexed."""
    gone: int = 0
    """Files in the index that are no longer in the folder."""
    size: int = 0
    """Bytes of the index on disk; 0 for one on an object store."""
    indexed_at: float = 0.0
    """When a document was last indexed, in seconds since 1970; 0 for never."""
    writer: str = ""
    """The process that is writing to the index, such as "Process 12"; empty if there is none."""

    @property
    def is_complete(self) -> bool:
        """Whether a sync would change nothing."""
        return self.indexed and not (self.changed or self.gone or self.unembedded)


def status_of(library: Library, *, index: str) -> LibraryStatus:
    """Return how far the index at `index` is. Raises LibraryNotFound, StoreError."""
    from bunko.indexing.compare import compare
    from bunko.reading.folder import list_files

    files = list_files(library.root, ignore=library.settings.reading.ignore)
    folder = str(library.root)
    if not library.is_indexed:
        return LibraryStatus(folder=folder, index=index, indexed=False, changed=len(files))
    library.refresh()
    store = library.store
    records = store.records()
    changes = compare(files, store.files(), stray=(), settings=library.settings, retry_failed=False)
    return LibraryStatus(
        folder=folder,
        index=index,
        indexed=True,
        documents=store.count_documents(),
        failed=tuple(store.failures()),
        chunks=store.count_chunks(),
        unembedded=_unembedded(library),
        changed=len(changes.to_read),
        gone=len(changes.gone),
        size=_bytes_in(index),
        indexed_at=max((record.indexed_at for record in records.values()), default=0.0),
        writer=_writer(index),
    )


def _unembedded(library: Library) -> int | None:
    try:
        return library.store.missing_vectors(library.embedder.spec).chunks
    except ModelError:
        return None


def _bytes_in(index: str) -> int:
    if "://" in index:
        return 0
    return sum(file.stat().st_size for file in Path(index).rglob("*") if file.is_file() and not file.is_symlink())


def _writer(index: str) -> str:
    if "://" in index:
        from bunko.store.lease import holder
        from bunko.store.remote import connect

        return holder(connect(index), index)
    from bunko.store.writer_lock import writing_process

    return writing_process(Path(index))
