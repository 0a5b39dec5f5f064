"""Index a source with a cluster: the whole run. In: a source, a store, a Ray cluster. Out: a ClusterReport.

    list the source; find what is new, has changed or is gone (plan.py)
    take the lease; take back what a driver that died has left                         store.writing()
    send shares of the files to the nodes (nodes.py), which write fragments (work.py)
    every so often: commit the fragments (fragments.py), publish                       store.share()
    build the indexes on the nodes, publish

Whatever dies, the rows are those of one machine's sync: fragments of a task that died are in no table, commits of a
driver that died are in no published version, and the next run does what the manifest does not have.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from bunko.cluster.nodes import Nodes
from bunko.cluster.plan import MANIFEST, Plan, make_plan
from bunko.cluster.progress import State
from bunko.cluster.shares import Pace
from bunko.cluster.steps import ClusterReport, Steps
from bunko.cluster.work import Job, open_table
from bunko.embedding.choice import embedder_of, with_embedder
from bunko.engines import load_embedder
from bunko.errors import LibraryEmpty
from bunko.indexing.sync import check_not_lost
from bunko.ports import EmbedderSpec
from bunko.settings import AUTO_EMBEDDER, Settings
from bunko.sources import open_source
from bunko.store import Store
from bunko.store.faults import mapped
from bunko.store.remote import is_remote


def index(
    address: str,
    location: str,
    *,
    settings: Settings,
    ray_address: str = "",
    pace: Pace | None = None,
    allow_empty: bool = False,
    retry_failed: bool = False,
    wait_s: float = 0.0,
    metrics: str = "",
    tell: Callable[[State], None] = lambda state: None,
) -> ClusterReport:
    """Make the index at `location` hold what the source at `address` holds now.

    What was committed before an error is kept. Raises UsageError, LibraryNotFound, LibraryEmpty, FilesLost,
    ClusterError, StoreError, ModelError.
    """
    begin = time.monotonic()
    source = open_source(address, ignore=settings.reading.ignore)
    listing = source.listing()
    store = Store(location, wait_s=wait_s)
    settings = _with_embedder(settings, store)
    spec = load_embedder(settings).spec
    with store.writing(wait_s=wait_s):
        store.refresh()
        check = None if allow_empty else source.name
        plan = _plan(listing.files, store, spec, settings=settings, check=check, retry_failed=retry_failed)
        job = Job(source=address, location=location, settings=settings, vectors=spec.table)
        steps = Steps(store, spec, plan, job, pace=pace or Pace(), tell=tell)
        if steps.is_needed():
            with Nodes(ray_address) as nodes, _marked(store), steps.serving(metrics):
                steps.remove()
                steps.read(nodes)
                steps.finish(nodes)
        report = steps.report(left_out=listing.left_out)
    return replace(report, seconds=round(time.monotonic() - begin, 3))


def _with_embedder(settings: Settings, store: Store) -> Settings:
    """Return settings that name an embedder: for `auto`, the one that the index was made with."""
    known = embedder_of(store.embedders()) if settings.embedder == AUTO_EMBEDDER else ""
    return replace(settings, embedder=known) if known else with_embedder(settings, store.location)


def _plan(
    listed: Any, store: Store, spec: EmbedderSpec, *, settings: Settings, check: str | None, retry_failed: bool
) -> Plan:
    """Return what has to be done.

    Raises FilesLost if the source of the name `check` has lost nearly all files, LibraryEmpty if there never were any;
    None: don't check.
    """
    stray = store.repair() if store.is_unfinished() else set()
    table = open_table(store.location, "files")
    with mapped("read", store.location):
        manifest = table.to_table(columns=MANIFEST)
    if check is not None:
        check_not_lost(check, listed=listed.num_rows, known=manifest.num_rows, command="bunko cluster index SOURCE")
        if not listed.num_rows:
            raise LibraryEmpty.without_files(check)
    return make_plan(
        listed,
        manifest,
        stray=stray,
        unembedded=store.files_to_embed(spec),
        settings=settings,
        retry_failed=retry_failed,
    )


def _marked(store: Store) -> AbstractContextManager[None]:
    """Mark an index on a shared folder as unfinished until the block ends. On an object store nothing unfinished is
    published.
    """
    return nullcontext() if is_remote(store.location) else store.changing()
