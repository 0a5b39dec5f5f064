"""Sync an index that may be damaged. In: what `sync` takes, and how to open the index. Out: SyncReport.

A fault that the sync meets is looked for in the whole index; the tables that have it are dropped, and filled again from
the documents. Knows nothing of tables.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Protocol

from bunko.errors import StoreDamaged
from bunko.indexing.sync import Progress, sync
from bunko.ports import Embedder
from bunko.settings import Settings
from bunko.store import Store
from bunko.types import SyncReport


class Opens(Protocol):
    """Opens the index."""

    def __call__(self, *, again: bool, wait_s: float) -> tuple[Store, tuple[str, ...]]:
        """Return the index, and notes on what was wrong with it; `again`: it is damaged. Raises StoreError."""
        ...


def sync_mended(
    root: Path,
    opened: Opens,
    embedder: Embedder,
    *,
    settings: Settings,
    embed_at_most: int | None,
    retry_failed: bool,
    allow_empty: bool,
    wait_s: float,
    progress: Progress,
) -> SyncReport:
    """Sync; where the index is damaged, mend it and sync again. Raises what `sync` raises, and StoreError."""

    def attempt(store: Store) -> SyncReport:
        return sync(
            root,
            store,
            embedder,
            settings=settings,
            embed_at_most=embed_at_most,
            retry_failed=retry_failed,
            allow_empty=allow_empty,
            wait_s=wait_s,
            progress=progress,
        )

    notes: tuple[str, ...] = ()
    try:
        store, notes = opened(again=False, wait_s=wait_s)
        report = attempt(store)
    except StoreDamaged:
        store, mended = opened(again=True, wait_s=wait_s)
        if not mended:  # all of it can be read now: the fault lies elsewhere
            raise
        notes += mended
        report = attempt(store)
    return dataclasses.replace(report, notes=notes)
