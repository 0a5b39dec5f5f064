"""What is published of an index, who writes to it, and how far a cluster is. In: its address. Out: ClusterStatus.

Creates nothing, and needs no cluster.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bunko.cluster.progress import NOTE, State, state_from
from bunko.errors import NotIndexed
from bunko.store import Store
from bunko.store.lease import holder
from bunko.store.remote import connect, is_remote
from bunko.store.writer_lock import writing_process


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterStatus:
    """How an index is that a cluster writes."""

    location: str
    published: int | None
    """The number of the published version; None on a shared folder, which has none."""
    published_at: float | None
    """When it was published, in seconds since 1970."""
    writer: str
    """Who writes to it now, such as "Process 12 on hill"; empty: nobody."""
    documents: int
    chunks: int
    failed: int
    embedders: tuple[str, ...]
    run: State | None
    """How far the last run of `bunko cluster index` was when it last committed; None: there was none."""

    @property
    def is_interrupted(self) -> bool:
        """Whether the last run has ended before it was complete."""
        return self.run is not None and not self.run.is_over and not self.writer


def read_status(location: str) -> ClusterStatus:
    """Return how an index is. Raises NotIndexed if there is none, StoreError."""
    if not is_remote(location) and not Path(location, "documents.lance").is_dir():
        raise NotIndexed(f"There is no index in {location!r}.", "Create it: bunko cluster index SOURCE --store URL")
    store = Store(location, access="read")
    published = store.published()
    writer = holder(connect(location), location) if is_remote(location) else writing_process(Path(location))
    return ClusterStatus(
        location=location,
        published=published.number if published else None,
        published_at=published.at if published else None,
        writer=writer,
        documents=store.count_documents(),
        chunks=store.count_chunks(),
        failed=len(store.failures()),
        embedders=tuple(store.embedders()),
        run=state_from(store.note(NOTE)),
    )
