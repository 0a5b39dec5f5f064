"""The steps of a run with a cluster. In: a plan, the nodes. Out: commits, publications, a ClusterReport.

Knows nothing of how the plan was made; `driver` has the order of the steps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pyarrow.compute as pc

from bunko.cluster.fragments import append, append_vectors, build_indexes
from bunko.cluster.nodes import Nodes, Share
from bunko.cluster.plan import Plan
from bunko.cluster.progress import NOTE, Meter, State
from bunko.cluster.shares import Pace, cut_shares
from bunko.cluster.work import Done, Job, open_table
from bunko.ports import EmbedderSpec
from bunko.store import Store
from bunko.types import FailedFile, LeftOut

Tell = Callable[[State], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterReport:
    """What a run has done."""

    listed: int
    read: int
    """Files that were looked at."""
    removed: int
    documents: int
    chunks: int
    embedded: int
    redone: int
    """Shares that were sent again since a node or a process died."""
    commits: int
    failed: tuple[FailedFile, ...]
    left_out: tuple[LeftOut, ...]
    given_up: tuple[str, ...]
    """Files whose tasks died again and again."""
    hosts: dict[str, int]
    """How many shares each node has done."""
    cpu_s: float
    seconds: float


@dataclass(slots=True, kw_only=True)
class _Totals:
    embedded: int = 0
    commits: int = 0
    cpu_s: float = 0.0
    redone: int = 0
    hosts: dict[str, int] = field(default_factory=dict)
    given_up: list[str] = field(default_factory=list)


class Steps:
    """The steps of a run, and what they have in common."""

    def __init__(self, store: Store, spec: EmbedderSpec, plan: Plan, job: Job, *, pace: Pace, tell: Tell) -> None:
        self._store, self._spec, self._plan, self._job = store, spec, plan, job
        self._pace, self._tell = pace, tell
        self._meter = Meter(files=plan.files.num_rows, size=pc.sum(plan.files["size"]).as_py() or 0)
        self._waiting: list[tuple[Share, Done]] = []
        self._vectors_at = 0
        self.totals = _Totals()

    @contextmanager
    def serving(self, place: str) -> Iterator[None]:
        """Serve metrics until the block ends, if a place is named."""
        server, _ = self._meter.serve(place) if place else (None, 0)
        try:
            yield
        finally:
            if server is not None:
                server.shutdown()

    def report(self, *, left_out: Sequence[LeftOut]) -> ClusterReport:
        """Return what was done, and what the index holds."""
        store, totals = self._store, self.totals
        return ClusterReport(
            listed=self._plan.listed,
            read=self._plan.files.num_rows,
            removed=len(self._plan.gone),
            documents=store.count_documents(),
            chunks=store.count_chunks(),
            embedded=totals.embedded,
            redone=totals.redone,
            commits=totals.commits,
            failed=tuple(store.failures()),
            left_out=(*left_out, *store.left_out()),
            given_up=tuple(totals.given_up),
            hosts=totals.hosts,
            cpu_s=round(totals.cpu_s, 3),
            seconds=0.0,
        )

    def is_needed(self) -> bool:
        """Return whether anything has to be done."""
        if self._plan.files.num_rows or self._plan.gone or self._store.is_unfinished():
            return True
        return self._store.count_chunks() > 0 and not self._store.has_all_vectors(self._spec)

    def remove(self) -> None:
        """Remove what is gone from the source."""
        if self._plan.gone:
            self._store.remove_files(self._plan.gone)
            self._publish()

    def read(self, nodes: Nodes) -> None:
        """Have the nodes index the files, and commit what they have done every so often."""
        self._store.add_vectors(self._spec, [], np.zeros((0, self._spec.dimension), np.float32))  # makes the table
        self._vectors_at = self._version()
        committed = time.monotonic()
        shares = cut_shares(self._plan, self._pace)
        try:
            for finished in nodes.run(self._job, shares, known_at=lambda: self._vectors_at):
                if finished is not None:
                    self._count(finished[1])
                    self._waiting.append(finished)
                self._tell(self._meter.note(nodes=nodes.count(), redone=nodes.redone, is_waiting=nodes.is_waiting))
                if self._waiting and time.monotonic() - committed > self._pace.commit_s:
                    self._commit()
                    committed = time.monotonic()
        finally:
            self.totals.redone = nodes.redone
            self.totals.given_up = [task.file.path for share in nodes.given_up for task in share.tasks]
            if self._waiting:
                self._commit()

    def finish(self, nodes: Nodes) -> None:
        """Build the indexes, and publish the whole."""
        self._store.check_writer()
        built = build_indexes(self._job.location, self._spec.table, workers=max(1, nodes.cores()))
        self._store.refresh()
        if built:
            self._store.vectors_indexed(self._spec, built)
        self._store.tidy()
        self._store.vectors_complete(self._spec)
        self._tell(self._meter.note(is_over=True))
        self._publish()

    def _count(self, done: Done) -> None:
        self._meter.add(files=done.files, bytes=done.bytes, passages=done.chunks, failed=done.failed)
        self.totals.embedded += done.embedded
        self.totals.cpu_s += done.cpu_s
        self.totals.hosts[done.host] = self.totals.hosts.get(done.host, 0) + 1

    def _commit(self) -> None:
        """Commit what waits, and publish it. On a shared folder, what is complete is committed last."""
        done, location = [each for _, each in self._waiting], self._job.location
        known_at = min(share.known_at for share, _ in self._waiting)
        self._store.refresh()
        self._store.remove_files([path for each in done for path in each.replaced])
        for name in ("chunks", self._spec.table, "documents", "files"):
            self._store.check_writer()
            fragments = [one for each in done for one in each.fragments[name]]
            if name == self._spec.table:
                append_vectors(location, name, fragments, known_at=known_at)
            else:
                append(location, name, fragments)
        self._store.refresh()
        self._store.settle_files([record for each in done for record in each.touched])
        self._waiting.clear()
        self.totals.commits += 1
        self._publish()
        self._vectors_at = self._version()

    def _publish(self) -> None:
        self._store.keep_note(NOTE, self._meter.state.as_json())
        self._store.share(at_once=True)

    def _version(self) -> int:
        return int(open_table(self._job.location, self._spec.table).version)
