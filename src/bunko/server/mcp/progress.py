"""Report how far a call is. In: the progress of syncs and downloads. Out: progress notifications that only grow.

Knows nothing of what is called.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TypeAlias

from bunko.errors import BunkoError
from bunko.server.hosting.libraries import Progress

Send: TypeAlias = Callable[[float, str], Awaitable[None]]
"""Called with how far the call is, from 0 to 1, and what it is doing."""

_LOOK_EVERY_S = 0.1
# Between two reports of one stage.
_REPORT_EVERY_S = 0.5
# Each report is larger than the last by at least this, also when stages come in another order.
_STEP = 1e-5
# Where each stage begins and ends on the way from 0 to 1. Models may have to be fetched after files are listed.
_STAGES = {"fetching": (0.0, 0.3), "reading": (0.3, 0.6), "embedding": (0.6, 1.0)}


class Downloads:
    """Writes a line to stderr for each download, and holds its progress."""

    def __init__(self) -> None:
        self.progress = Progress()

    @contextlib.contextmanager
    def __call__(self, what: str, *, total: int | None, done: int = 0) -> Iterator[Callable[[int], object]]:
        """Follow one download; gives a function that takes the number of bytes that have come."""
        sys.stderr.write(f"Fetching {what}.\n")
        received = done

        def add(count: int) -> None:
            nonlocal received
            received += count
            self.progress = Progress(stage="fetching", done=min(received, total or 0), total=total or 2 * received)

        try:
            yield add
        finally:
            self.progress = Progress()


class Reporter:
    """Reports on one call. The numbers only grow, as MCP requires."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._share = -1.0
        self._last = ""

    async def report(self, share: float, what: str) -> None:
        """Report how far the call is, from 0 to 1, if that has changed."""
        if what == self._last:
            return
        self._last, self._share = what, max(share, self._share + _STEP)
        with contextlib.suppress(BunkoError, OSError):
            await self._send(self._share, what)

    @contextlib.asynccontextmanager
    async def following(self, *sources: Callable[[], Progress]) -> AsyncIterator[None]:
        """Report the progress of the first source that has any, until the block ends."""
        task = asyncio.create_task(self._follow(sources))
        try:
            yield
        finally:
            task.cancel()

    async def _follow(self, sources: tuple[Callable[[], Progress], ...]) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            for source in sources:
                progress = source()
                if progress.done < progress.total:
                    begin, end = _STAGES.get(progress.stage, (0.0, 1.0))
                    share = progress.done / progress.total
                    await self.report(begin + (end - begin) * share, f"{progress.stage} {share:.0%}")
                    await asyncio.sleep(_REPORT_EVERY_S - _LOOK_EVERY_S)
                    break
