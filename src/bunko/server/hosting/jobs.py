"""Run work in threads for the event loop. In: a function that makes an iterator. Out: its items, asynchronously.

The thread never waits for the reader: items that are not read yet are kept, as many as an answer has. Stopping returns
at once, and the thread ends within a moment. Knows nothing of answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Generic, TypeVar

from bunko.child_process import leave

Item = TypeVar("Item")

# Work that is to stop is interrupted this often: the first time it may be between two requests to the engine.
_INTERRUPT_EVERY_S = 0.05
# How long the end of the program waits for threads that are still at work.
_THREADS_END_S = 0.5
_THREADS = ("bunko-", "follow-", "load-")
_END = object()


class Job(Generic[Item]):
    """Runs an iterator to its end in its own thread."""

    def __init__(
        self,
        make: Callable[[], Iterator[Item]],
        *,
        interrupt: Callable[[], None] = lambda: None,
        at_end: Callable[[], None] = lambda: None,
    ) -> None:
        """`interrupt` ends what the thread waits for; `at_end` is called in the event loop."""
        self._make = make
        self._interrupt = interrupt
        self._at_end = at_end
        self._loop = asyncio.get_running_loop()
        self._items: asyncio.Queue[object] = asyncio.Queue()
        self._stopped = threading.Event()
        self._ended = False
        threading.Thread(target=self._run, name="bunko-job", daemon=True).start()

    def stop(self) -> None:
        """Make the thread stop within a moment, and return at once. May be called again."""
        self._stopped.set()
        self._interrupt_until_end()

    def give_up(self, error: BaseException) -> None:
        """Stop, and raise an error where the items are read, without waiting for the thread."""
        self.stop()
        if not self._loop.is_closed():
            self._items.put_nowait(_Raised(error))

    async def items(self) -> AsyncIterator[Item]:
        """Yield the iterator's items, and raise its error. Call it once."""
        while (item := await self._items.get()) is not _END:
            if isinstance(item, _Raised):
                raise item.error
            yield item  # type: ignore[misc]

    def _interrupt_until_end(self) -> None:
        if not self._ended and not self._loop.is_closed():
            self._interrupt()
            self._loop.call_later(_INTERRUPT_EVERY_S, self._interrupt_until_end)

    def _run(self) -> None:
        try:
            items = self._make()
            try:
                for item in items:
                    if self._stopped.is_set():
                        break
                    self._in_loop(self._items.put_nowait, item)
            finally:
                if hasattr(items, "close"):
                    items.close()
        except BaseException as error:  # noqa: BLE001 - raised where the items are read
            self._in_loop(self._items.put_nowait, _Raised(error))
        finally:
            self._in_loop(self._finish)

    def _finish(self) -> None:
        self._ended = True
        self._items.put_nowait(_END)
        self._at_end()

    def _in_loop(self, function: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the program ends
            self._loop.call_soon_threadsafe(function, *arguments)


class _Raised:
    def __init__(self, error: BaseException) -> None:
        self.error = error


async def in_thread(function: Callable[[], Item]) -> Item:
    """Return a function's result from its own thread. The end of the program does not wait for that thread."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[Item] = loop.create_future()

    def settle(value: Item | None, error: BaseException | None) -> None:
        if result.done():  # the caller was cancelled
            return
        if error is not None:
            result.set_exception(error)
        else:
            result.set_result(value)  # type: ignore[arg-type]

    def run() -> None:
        value, failure = None, None
        try:
            value = function()
        except BaseException as error:  # noqa: BLE001 - raised in the caller
            failure = RuntimeError("it stopped") if isinstance(error, StopIteration) else error
        with contextlib.suppress(RuntimeError):  # the loop is closed: the program ends
            loop.call_soon_threadsafe(settle, value, failure)

    threading.Thread(target=run, name="bunko-call", daemon=True).start()
    return await result


class Threads:
    """Runs functions in threads of their own, `limit` at a time."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._free: asyncio.Semaphore | None = None

    async def call(self, function: Callable[[], Item]) -> Item:
        """Return a function's result, once a thread is free."""
        self._free = self._free or asyncio.Semaphore(self._limit)
        async with self._free:
            return await in_thread(function)


def leave_if_busy(code: int = 0) -> None:
    """End the process at once if a thread is still at work, such as a sync: the next sync continues it."""
    until = time.monotonic() + _THREADS_END_S
    while time.monotonic() < until:
        if not any(thread.name.startswith(_THREADS) for thread in threading.enumerate()):
            return
        time.sleep(0.02)
    sys.stdout.flush()
    leave(code)
