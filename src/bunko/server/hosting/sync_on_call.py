"""Sync a library before each call that reads it. In: a served library. Out: nothing, once its index is up to date.

For servers without a follower, such as `bunko mcp`: the next call sees every change of the folder. Used by one event
loop. Knows nothing of what is called.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from typing import Any

from bunko.errors import StoreBusy
from bunko.server.hosting.jobs import in_thread
from bunko.server.hosting.libraries import HostedLibrary

# How long to wait for another process that is writing the index: enough for an update, not for a whole new index.
_WAIT_S = 3.0
# Listing a folder of more documents than this may take a second. It is then listed again only after nine times as long
# as the last sync took, so that at most a tenth of the time goes into it.
_LARGE = 5_000
_REST = 9.0


class SyncOnCall:
    """Keeps one library up to date. Calls that come during a sync wait for that sync together."""

    def __init__(self, library: HostedLibrary) -> None:
        self._library = library
        self._syncing: asyncio.Task[None] | None = None
        self._completing: asyncio.Task[None] | None = None
        self._rests_until = 0.0

    def begin(self) -> asyncio.Task[None]:
        """Begin a sync in the background."""
        self._syncing = _in_background(self._sync())
        return self._syncing

    async def wait(self) -> None:
        """Wait until the index is up to date. Raises what Library.sync raises, except StoreBusy.

        Does not wait for the vectors of many new passages: until they are made, passages are found by their words.
        """
        if time.monotonic() < self._rests_until or _is_running(self._completing):
            return
        syncing = self._syncing if self._syncing and _is_running(self._syncing) else self.begin()
        await asyncio.shield(syncing)  # other calls wait for it too

    async def _sync(self) -> None:
        try:
            report = await in_thread(
                lambda: self._library.sync(vectors="few", retry_failed=False, wait_s=_WAIT_S),
            )
        except StoreBusy:  # another process is syncing: answer from the index as it is
            return
        if report.unembedded:
            self._completing = _in_background(self._complete())
        elif report.unchanged > _LARGE:
            self._rests_until = time.monotonic() + _REST * report.seconds

    async def _complete(self) -> None:
        with contextlib.suppress(StoreBusy):
            await in_thread(self._library.complete)


def _is_running(task: asyncio.Task[None] | None) -> bool:
    return task is not None and not task.done()


def _in_background(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.create_task(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # there may be no call that waits
    return task
