"""Work in a thread, seen from the event loop. In: what makes an iterator. Out: its items, as an asynchronous iterator.

The thread never waits for whoever reads the items: what is not yet read is kept, and that is bounded by what an answer
may hold. Stopping returns at once; the thread ends within a moment, and whoever waits for its end is told then.
Knows nothing of answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")

# How often work that is to stop is interrupted: it may be between two requests to the engine when it is told first.
_AGAIN_S = 0.05
_END = object()


class Job(Generic[Item]):
    """Runs an iterator to its end in a thread of its own."""

    def __init__(
        self,
        make: Callable[[], Iterator[Item]],
        *,
        interrupt: Callable[[], None] = lambda: None,
        at_end: Callable[[], None] = lambda: None,
    ) -> None:
        """`interrupt` breaks off what the thread waits for; `at_end` is called in the event loop."""
        self._make = make
        self._interrupt = interrupt
        self._at_end = at_end
        self._loop = asyncio.get_running_loop()
        self._items: asyncio.Queue[object] = asyncio.Queue()
        self._stopped = threading.Event()
        self._ended = False
        threading.Thread(target=self._run, name="bunko-job", daemon=True).start()

    def stop(self) -> None:
        """Have the thread stop within a moment, and return at once. May be called again."""
        self._stopped.set()
        self._break_off()

    def give_up(self, error: BaseException) -> None:
        """Stop, and raise this where the items are read, without waiting for the thread."""
        self.stop()
        if not self._loop.is_closed():
            self._items.put_nowait(_Raised(error))

    async def items(self) -> AsyncIterator[Item]:
        """Yield what the iterator yields, and raise what it raises. Once."""
        while (item := await self._items.get()) is not _END:
            if isinstance(item, _Raised):
                raise item.error
            yield item  # type: ignore[misc]

    def _break_off(self) -> None:
        if not self._ended and not self._loop.is_closed():
            self._interrupt()
            self._loop.call_later(_AGAIN_S, self._break_off)

    def _run(self) -> None:
        try:
            items = self._make()
            try:
                for item in items:
                    if self._stopped.is_set():
                        break
                    self._tell(self._items.put_nowait, item)
            finally:
                if hasattr(items, "close"):
                    items.close()
        except BaseException as error:  # noqa: BLE001 - raised where the items are read
            self._tell(self._items.put_nowait, _Raised(error))
        finally:
            self._tell(self._finish)

    def _finish(self) -> None:
        self._ended = True
        self._items.put_nowait(_END)
        self._at_end()

    def _tell(self, function: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the program ends
            self._loop.call_soon_threadsafe(function, *arguments)


class _Raised:
    def __init__(self, error: BaseException) -> None:
        self.error = error


async def in_thread(function: Callable[[], Item]) -> Item:
    """Return what a function returns in a thread of its own, which the end of the program does not wait for."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[Item] = loop.create_future()

    def settle(value: Item | None, error: BaseException | None) -> None:
        if result.done():  # nobody waits any more
            return
        if error is not None:
            result.set_exception(error)
        else:
            result.set_result(value)  # type: ignore[arg-type]

    def run() -> None:
        value, failure = None, None
        try:
            value = function()
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            failure = RuntimeError("it stopped") if isinstance(error, StopIteration) else error
        with contextlib.suppress(RuntimeError):  # the loop is closed: the program ends
            loop.call_soon_threadsafe(settle, value, failure)

    threading.Thread(target=run, name="bunko-call", daemon=True).start()
    return await result
