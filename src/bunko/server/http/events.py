"""Server-sent events and JSON. In: names and trees. Out: bytes, and responses that end when the client disconnects.

A comment every ten seconds keeps the connection open. A client that reads nothing for a minute is disconnected.
sse-starlette is not used: docs/decisions/016-serving.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Mapping
from typing import TypeVar

import anyio
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

PING_S = 10.0
_STALLED_S = 60.0
_PING = b": \n\n"

Item = TypeVar("Item")


def json_bytes(value: object) -> bytes:
    r"""Return JSON as UTF-8. Lone surrogates, which file names may contain, are escaped.

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
    """Return one server-sent event. OpenAI's clients expect events without a name."""
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + json_bytes(value) + b"\n\n"


class EventResponse(Response):
    """Sends what an asynchronous generator of bytes yields, and closes it when the client disconnects."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes, None], *, headers: Mapping[str, str] | None = None) -> None:
        self.events = events
        self._has_begun = False
        self._pending: asyncio.Future[bytes | None] | None = None
        self.status_code = 200
        self.background = None
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no", **(headers or {})})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events as they come."""
        sending = asyncio.ensure_future(self._send_all(send))
        disconnected = asyncio.ensure_future(_disconnected(receive))
        try:
            await asyncio.wait((sending, disconnected), return_when=asyncio.FIRST_COMPLETED)
        finally:
            disconnected.cancel()
            await _end(sending)
            if not self._has_begun:
                await self._begin_and_cancel()
            await self.events.aclose()
        if not sending.cancelled():
            sending.result()  # raises its error

    async def _send_all(self, send: Send) -> None:
        try:
            await _send(send, {"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            while (data := await self._next_or_ping()) is not None:
                await _send(send, {"type": "http.response.body", "body": data, "more_body": True})
            await _send(send, {"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:  # TimeoutError is one
            pass  # the client reads no more
        finally:
            if self._pending is not None:
                await _end(self._pending)

    async def _next_or_ping(self) -> bytes | None:
        """Return the next event, a comment if none came for a while, None at the end."""
        self._pending = self._pending or asyncio.ensure_future(self._next())
        done, _ = await asyncio.wait((self._pending,), timeout=PING_S)
        if not done:
            return _PING
        pending, self._pending = self._pending, None
        return pending.result()

    async def _next(self) -> bytes | None:
        self._has_begun = True
        return await anext(self.events, None)

    async def _begin_and_cancel(self) -> None:
        """Begin a generator and cancel it, so that it releases its resources.

        `aclose` does nothing to a generator that has not begun: the answer it was given would be written to the end.
        """
        pending = asyncio.ensure_future(self._next())
        await asyncio.sleep(0)
        await _end(pending)


async def _end(task: asyncio.Future[Item]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    await asyncio.wait((task,))


async def first_of(events: AsyncGenerator[Item, None], *, within_s: float) -> AsyncGenerator[Item, None]:
    """Return the items once the first has come, so that an error before it can still become a status.

    If the first does not come in time, return the items without it: a later error is raised among them.
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
    """Return an awaited result; cancel it and return None if the client disconnects first."""
    disconnected = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait((answer, disconnected), return_when=asyncio.FIRST_COMPLETED)
        return answer.result() if answer.done() else None
    finally:
        disconnected.cancel()
        await _end(answer)


async def _next(events: AsyncGenerator[Item, None]) -> Item:
    return await events.__anext__()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, message: Message) -> None:
    with anyio.fail_after(_STALLED_S):  # asyncio.wait_for may lose a cancellation before Python 3.12
        await send(message)
