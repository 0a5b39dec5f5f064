"""Send requests to one or more servers of the same model. In: their addresses. Out: what a Connection returns.

Each request goes to the server with the fewest open ones. A request that fails before the first token, because the
server can't be reached or answers with 502 or 503, is sent once more: to another server if there is one. After the
first token nothing is repeated, so no text is written twice. Knows nothing of chat.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from bunko.engine.endpoint import Address, RemoteServer
from bunko.engine.http import Connection, EventStream, JsonObject, Timeouts
from bunko.engine.loading import Waiting
from bunko.errors import EngineError

# A server that has failed is asked after the others for this long.
_AVOIDED_S = 10.0
# Before a single server, which may be a balancer that has just lost an engine, is asked again.
_PAUSE_S = 0.1

Result = TypeVar("Result")


class Servers(RemoteServer):
    """The names and the address of several servers, for messages."""

    def __init__(self, servers: Sequence[RemoteServer]) -> None:
        self._servers = tuple(servers)

    @property
    def name(self) -> str:
        """Their URLs, without passwords."""
        return " or ".join(server.name for server in self._servers)

    def address(self) -> Address:
        """Return the address of the first."""
        return self._servers[0].address()


@dataclass(slots=True, kw_only=True, eq=False)
class _Line:
    """One server, with what is known of how it does."""

    connection: Connection
    eager: Connection
    """To the same server; does not wait while its model loads."""
    open: int = 0
    used: int = 0
    avoided_until: float = field(default=float("-inf"))


class SharedConnection(Connection):
    """Requests to the servers of one model. May be used by several threads."""

    def __init__(self, servers: Sequence[RemoteServer], *, timeouts: Timeouts, waiting: Waiting | None = None) -> None:
        """Connect to nothing yet. `waiting` is called each second while all servers load their model."""
        super().__init__(servers[0] if len(servers) == 1 else Servers(servers), timeouts=timeouts, waiting=waiting)
        at_once = replace(timeouts, loading_s=0.0)
        self._lines = [
            _Line(
                connection=Connection(server, timeouts=timeouts, waiting=waiting, repeats=False),
                eager=Connection(server, timeouts=at_once, repeats=False),
            )
            for server in servers
        ]
        self._lock = threading.Lock()
        self._requests = 0
        self._interrupts = 0

    def get_json(self, path: str) -> JsonObject:
        """GET an object from a path. Raises EngineError."""
        return self._twice(lambda connection: connection.get_json(path))

    def post_json(self, path: str, body: Mapping[str, object]) -> JsonObject:
        """POST an object and return the response's object. Raises EngineError."""
        return self._twice(lambda connection: connection.post_json(path, body))

    def probe(self, path: str, body: Mapping[str, object] | None = None) -> JsonObject:
        """Request an optional endpoint; return {} if the servers lack it. Raises EngineError if they are down."""
        return self._twice(lambda connection: connection.probe(path, body))

    def stream(self, path: str, body: Mapping[str, object]) -> EventStream:
        """POST an object and return the response's events as a stream. Raises EngineError."""
        return _RepeatedStream(self, path, body)

    def close(self) -> None:
        """Close idle connections; the next request opens new ones."""
        for line in self._lines:
            line.connection.close()
            line.eager.close()

    def interrupt(self) -> None:
        """Abort all requests; threads that wait for one get an EngineError. May be called from any thread."""
        self._interrupts += 1
        for line in self._lines:
            line.connection.interrupt()
            line.eager.interrupt()

    def _twice(self, send: Callable[[Connection], Result]) -> Result:
        interrupts = self._interrupts
        try:
            with self.line(None) as line:
                return send(self.first_to(line))
        except EngineError as error:
            self.check(error, line, interrupts)
        with self.line(line) as other:
            return send(other.connection)

    @contextmanager
    def line(self, failed: _Line | None) -> Iterator[_Line]:
        """Yield the server for one request: the one with the fewest open; after a failure, another if there is one."""
        line = self.take(failed)
        try:
            yield line
        finally:
            self.give_back(line)

    def take(self, failed: _Line | None) -> _Line:
        """Return the server for one request. The caller gives it back."""
        if failed is not None and len(self._lines) == 1:
            time.sleep(_PAUSE_S)
        with self._lock:
            now = time.monotonic()
            line = min(self._lines, key=lambda each: (each is failed, each.avoided_until > now, each.open, each.used))
            self._requests += 1
            line.open, line.used = line.open + 1, self._requests
            return line

    def give_back(self, line: _Line) -> None:
        """End a request."""
        with self._lock:
            line.open -= 1

    def first_to(self, line: _Line) -> Connection:
        """Return the connection for the first try: it does not wait for a model to load if there are other servers."""
        return line.connection if len(self._lines) == 1 else line.eager

    def check(self, error: EngineError, line: _Line, interrupts: int) -> None:
        """Return if a request may be sent again; raise its error otherwise."""
        if not error.may_pass or self._interrupts != interrupts:
            raise error
        line.avoided_until = time.monotonic() + _AVOIDED_S
        line.connection.close()
        line.eager.close()

    @property
    def interrupts(self) -> int:
        """How often the requests were interrupted."""
        return self._interrupts


class _RepeatedStream(EventStream):
    """The events of a request, which is sent again if it fails before the first token."""

    def __init__(self, shared: SharedConnection, path: str, body: Mapping[str, object]) -> None:
        self._shared = shared
        self._path, self._body = path, body
        self._interrupts = shared.interrupts
        self._has_begun = self._is_repeated = False
        self._is_open = False
        try:
            self._open(None)
        except EngineError as error:
            self._repeat(error)

    @property
    def is_done(self) -> bool:  # type: ignore[override]
        """Whether the server has said that the answer ends here."""
        return self._events.is_done

    def expect_within(self, seconds: float) -> None:
        """Set the timeout of the next event."""
        self._events.expect_within(seconds)

    def __next__(self) -> JsonObject:
        """Return the next event's object; StopIteration at the end. Raises EngineError."""
        try:
            event = next(self._events)
        except EngineError as error:
            self._repeat(error)
            event = next(self._events)
        except StopIteration:
            if self._has_begun or self.is_done or self._is_repeated:
                raise
            self._repeat(self._line.connection.endpoint.lost("it closed the connection before its answer began"))
            event = next(self._events)
        self._has_begun = self._has_begun or _says_something(event)
        return event

    def close(self) -> None:
        """Close the connection, which stops the engine; do nothing after the last event."""
        if self._is_open:
            self._is_open = False
            self._events.close()
            self._shared.give_back(self._line)

    def _open(self, failed: _Line | None) -> None:
        self._line = line = self._shared.take(failed)
        connection = line.connection if failed else self._shared.first_to(line)
        with contextlib.ExitStack() as undone:
            undone.callback(self._shared.give_back, line)
            self._events = connection.stream(self._path, self._body)
            undone.pop_all()
        self._is_open = True

    def _repeat(self, error: EngineError) -> None:
        """Send the request once more. Raises the error if it may not be repeated."""
        if self._has_begun or self._is_repeated:
            raise error
        self.close()
        self._is_repeated = True
        self._shared.check(error, self._line, self._interrupts)
        self._open(self._line)


def _says_something(event: Mapping[str, Any]) -> bool:
    """Return whether an event has a part of the answer, or its end."""
    choices = event.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if not isinstance(choice, dict):
            return True
        parts = choice.get("delta") or choice.get("message") or {}
        said = [value for name, value in parts.items() if name != "role"] if isinstance(parts, dict) else [parts]
        if any(said) or choice.get("text") or choice.get("finish_reason"):
            return True
    return False
