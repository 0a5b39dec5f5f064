"""Keep room for new MCP sessions. In: requests. Out: the same; before a new session, the one longest unused is ended.

Some clients never end their sessions: a hundred of them would lock everybody else out until they expire. A client whose
session was ended gets 404 and begins a new one, as the protocol has it. Knows nothing of tools.
"""

from __future__ import annotations

from collections import Counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADER = b"mcp-session-id"


class SessionRoom:
    """Passes requests on, and ends the session that was used longest ago where a new one would be too many."""

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        """`most` sessions are kept; the application itself must allow more."""
        self._app = app
        self._most = most
        self._sessions: dict[bytes, None] = {}
        """The one used longest ago first."""
        self._at_work: Counter[bytes] = Counter()
        """Calls that are being answered, by session. A stream that only listens is no call."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        session = _session_of(scope["headers"])
        if not session and scope["method"] == "POST":
            await self._make_room(scope)
        if scope["method"] == "POST" and session in self._sessions:
            self._sessions[session] = self._sessions.pop(session)

        async def send_on(message: Message) -> None:
            starts = message["type"] == "http.response.start" and message["status"] < 400
            if starts and scope["method"] == "POST" and (opened := _session_of(message["headers"])):
                self._sessions.setdefault(opened)
            await send(message)

        is_call = scope["method"] == "POST" and bool(session)
        self._at_work[session] += is_call
        try:
            await self._app(scope, receive, send_on)
        finally:
            self._at_work[session] -= is_call
            if not self._at_work[session]:
                del self._at_work[session]
            if scope["method"] == "DELETE":
                self._sessions.pop(session, None)

    async def _make_room(self, scope: Scope) -> None:
        idle = [session for session in self._sessions if not self._at_work[session]]
        for session in idle[: max(0, len(self._sessions) - self._most + 1)]:
            self._sessions.pop(session, None)
            await self._end(session, scope)

    async def _end(self, session: bytes, scope: Scope) -> None:
        """End a session as its client would: with DELETE."""
        kept = [(name, value) for name, value in scope["headers"] if name == b"host"]
        headers = [*kept, (_HEADER, session), (b"accept", b"application/json, text/event-stream")]

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            del message

        await self._app({**scope, "method": "DELETE", "headers": headers, "state": {}}, receive, send)


def _session_of(headers: list[tuple[bytes, bytes]]) -> bytes:
    return next((value for name, value in headers if name.lower() == _HEADER), b"")
