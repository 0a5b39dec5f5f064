"""Server-sent events, and JSON. In: names and trees. Out: bytes, and a response that ends when its reader has gone.

A comment every ten seconds keeps the connection. A reader that takes nothing for a minute is let go.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Mapping
from typing import TypeVar

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

PING_S = 10.0
_STALLED_S = 60.0
_PING = b": \n\n"

Item = TypeVar("Item")


def json_bytes(value: object) -> bytes:
    r"""Return JSON as UTF-8. Halves of characters, as names of files may have them, are escaped.

    >>> json_bytes({"a": "é\udc80"})
    b'{"a":"\\u00e9\\udc80"}'
    """
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


class JsonResponse(Response):
    """A JSON object with its status."""

    media_type = "application/json"

    def __init__(self, value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(json_bytes(value), status_code=status, headers=dict(headers or {}))


def event_bytes(name: str, value: object) -> bytes:
    """Return one server-sent event; without a name, as OpenAI's clients want it."""
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + json_bytes(value) + b"\n\n"


class EventResponse(Response):
    """Sends what an asynchronous generator of bytes yields, and closes it when the reader goes away."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes, None], *, headers: Mapping[str, str] | None = None) -> None:
        self.events = events
        self._begun = False
        self._coming: asyncio.Future[bytes | None] | None = None
        self.status_code = 200
        self.background = None
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no", **(headers or {})})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events as they come."""
        sending = asyncio.ensure_future(self._send_all(send))
        leaving = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            await _end(sending)
            if not self._begun:
                await self._begin_and_break_off()
            await self.events.aclose()
        if not sending.cancelled():
            sending.result()  # raises what was wrong

    async def _send_all(self, send: Send) -> None:
        try:
            await _send(send, {"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            while (data := await self._next_or_ping()) is not None:
                await _send(send, {"type": "http.response.body", "body": data, "more_body": True})
            await _send(send, {"type": "http.response.body", "body": b"", "more_body": False})
        except (asyncio.TimeoutError, OSError):
            pass  # it takes nothing more: let go of it
        finally:
            if self._coming is not None:
                await _end(self._coming)

    async def _next_or_ping(self) -> bytes | None:
        """Return the next event, a comment if there was none for a while, None at the end."""
        self._coming = self._coming or asyncio.ensure_future(self._next())
        done, _ = await asyncio.wait((self._coming,), timeout=PING_S)
        if not done:
            return _PING
        coming, self._coming = self._coming, None
        return coming.result()

    async def _next(self) -> bytes | None:
        self._begun = True
        return await anext(self.events, None)

    async def _begin_and_break_off(self) -> None:
        """Close a generator that has not begun.

        Closing it would do nothing: what it was given, an answer that is being written, would go on to its end.
        """
        coming = asyncio.ensure_future(self._next())
        await asyncio.sleep(0)
        await _end(coming)


async def _end(task: asyncio.Future[Item]) -> None:
    """Cancel a task, and wait until it has ended."""
    task.cancel()
    await asyncio.wait((task,))


async def first_of(events: AsyncGenerator[Item, None], *, within_s: float) -> AsyncGenerator[Item, None]:
    """Wait for the first item, so that what is raised before it can still become a status; then return them all.

    Where it does not come in time, the items are returned all the same, and what is raised comes among them.
    """
    first = asyncio.ensure_future(_next(events))
    async with contextlib.AsyncExitStack() as at_an_error:
        at_an_error.push_async_callback(events.aclose)
        at_an_error.push_async_callback(_end, first)
        await asyncio.wait((first,), timeout=within_s)
        if first.done():
            with contextlib.suppress(StopAsyncIteration):
                first.result()
        at_an_error.pop_all()
    return _all(first, events)


async def _all(first: asyncio.Future[Item], events: AsyncGenerator[Item, None]) -> AsyncGenerator[Item, None]:
    try:
        yield await first
        async for item in events:
            yield item
    except StopAsyncIteration:
        return
    finally:
        await _end(first)
        await events.aclose()


async def until_gone(receive: Receive, answer: asyncio.Future[Item]) -> Item | None:
    """Return what is awaited; None where the client went away first, and then it is cancelled."""
    leaving = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait((answer, leaving), return_when=asyncio.FIRST_COMPLETED)
        return answer.result() if answer.done() else None
    finally:
        leaving.cancel()
        await _end(answer)


async def _next(events: AsyncGenerator[Item, None]) -> Item:
    return await events.__anext__()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, message: Message) -> None:
    await asyncio.wait_for(send(message), _STALLED_S)
