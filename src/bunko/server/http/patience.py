"""Time limits for what a client sends. In: connections and bodies. Out: those that arrive in time.

A client that sends a byte a minute would hold a connection, and what waits for it, for good. Knows nothing of routes.
"""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 30.0
"""Time for the head of a request."""
BODY_S = 30.0
"""Time for a body, beside what its size takes at `LEAST_RATE`."""
LEAST_RATE = 10_000
"""Bytes a second: a slow telephone line."""

_SOON_S = 0.1
"""What has arrived is taken, even where the server itself was late."""


def in_time(receive: Receive) -> Receive:
    """Return a `receive` that raises HTTPException 408 for a body that does not arrive in time."""
    begin = asyncio.get_running_loop().time()
    received = 0
    complete = False

    async def timed() -> Message:
        nonlocal received, complete
        if complete:  # what follows is the client's departure, which may take any time
            return await receive()
        left = begin + BODY_S + received / LEAST_RATE - asyncio.get_running_loop().time()
        try:
            message = await asyncio.wait_for(receive(), max(_SOON_S, left))
        except asyncio.TimeoutError as error:
            raise HTTPException(408, "The body did not arrive in time.") from error
        received += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        return message

    return timed


class Protocol(H11Protocol):
    """Closes a connection on which the head of a request does not arrive in time."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if not self._waits():
            self._forget()
        elif self._timer is None and not self.transport.is_closing():
            self._timer = self.loop.call_later(HEAD_S, self._give_up)

    def _waits(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _give_up(self) -> None:
        self._timer = None
        if self._waits():
            self.transport.close()

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
