"""Speak HTTP with an engine. In: JSON objects. Out: JSON objects, and streams of them. Every failure is an EngineError.

The server is not trusted: answers are bounded in size and in time, redirects are not followed (the key would go
along), and nothing that is not the expected JSON gets through. Knows nothing of chat or embeddings.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import urllib3
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from bunko.engine.endpoint import Address, Endpoint
from bunko.engine.failures import bad_answer, printable, status_error
from bunko.engine.sockets import OpenSockets
from bunko.errors import EngineError, EngineTimeout, RemoteBadAnswer
from bunko.network import HEADERS, open_pool
from bunko.settings import GenerationSettings

JsonObject: TypeAlias = dict[str, Any]
Method: TypeAlias = Literal["GET", "POST"]

# An honest event has some 300 bytes; an honest body at most the vectors of a batch: 64 of 4,096 numbers are 6 MB.
_MAX_LINE = 2**20
_MAX_BODY = 64 * 2**20
_MAX_ERROR_BODY = 64 * 2**10
_READ = 64 * 2**10


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long to wait, in seconds."""

    connect_s: float = 10.0
    first_token_s: float = 600.0
    token_s: float = 60.0
    """Between two tokens, and for every other request."""

    @classmethod
    def of(cls, settings: GenerationSettings) -> Timeouts:
        """Take them from the settings."""
        return cls(first_token_s=settings.first_token_timeout_s, token_s=settings.token_timeout_s)


class Deadline:
    """A moment by which something must have come, and how long that was from its start."""

    def __init__(self, seconds: float) -> None:
        self.extend(seconds)

    def extend(self, seconds: float) -> None:
        """Start anew."""
        self.seconds = seconds
        self._moment = time.monotonic() + seconds

    def passed(self) -> bool:
        """Return whether it is too late."""
        return time.monotonic() > self._moment


class Connection:
    """Requests to one endpoint. May be used by several threads."""

    def __init__(self, endpoint: Endpoint, *, timeouts: Timeouts) -> None:
        self.endpoint = endpoint
        self.timeouts = timeouts
        self._pool: urllib3.PoolManager | None = None
        self._sockets = OpenSockets()

    def get_json(self, path: str) -> JsonObject:
        """Return the object at a path, as in "/props". Raises EngineError."""
        return self._exchange("GET", path, None)

    def post_json(self, path: str, body: Mapping[str, object]) -> JsonObject:
        """Send an object and return the answer's. Raises EngineError."""
        return self._exchange("POST", path, body)

    def probe(self, path: str, body: Mapping[str, object] | None = None) -> JsonObject:
        """Return what not every server has, an empty object if this one has not. Raises EngineError if it is down."""
        deadline = Deadline(self.timeouts.token_s)
        response = self._attempt("GET" if body is None else "POST", path, body, deadline)
        try:
            if response.status == 200:
                text = b"".join(_read(response, self.endpoint, deadline, limit=_MAX_BODY))
                return _parse_object(text, self.endpoint)
        except RemoteBadAnswer:
            pass  # a web page, for example: some servers answer every path with one
        finally:
            response.close()
        return {}

    def stream(self, path: str, body: Mapping[str, object]) -> EventStream:
        """Send an object and return the events of the answer as they come. Raises EngineError."""
        deadline = Deadline(self.timeouts.first_token_s)
        return EventStream(self._send("POST", path, body, deadline), self.endpoint, deadline)

    def close(self) -> None:
        """Close idle connections; the next request opens new ones."""
        if self._pool is not None:
            self._pool.clear()

    def interrupt(self) -> None:
        """Break off every request that is under way: who waits for one gets an EngineError. By any thread."""
        self._sockets.shut()

    def _exchange(self, method: Method, path: str, body: Mapping[str, object] | None) -> JsonObject:
        deadline = Deadline(self.timeouts.token_s)
        response = self._send(method, path, body, deadline)
        try:
            text = b"".join(_read(response, self.endpoint, deadline, limit=_MAX_BODY))
        finally:
            response.close()
        return _parse_object(text, self.endpoint)

    def _send(
        self, method: Method, path: str, body: Mapping[str, object] | None, deadline: Deadline
    ) -> BaseHTTPResponse:
        """Return a successful answer, its body unread. Raises EngineError."""
        response = self._attempt(method, path, body, deadline)
        if response.status == 200:
            return response
        try:
            text = b"".join(_read(response, self.endpoint, deadline, limit=_MAX_ERROR_BODY))
        except EngineError:
            text = b""  # the status says enough
        finally:
            response.close()
        raise status_error(response.status, headers=response.headers, body=text, endpoint=self.endpoint, path=path)

    def _attempt(
        self, method: Method, path: str, body: Mapping[str, object] | None, deadline: Deadline
    ) -> BaseHTTPResponse:
        """Return an answer of whatever status. Raises EngineError if there is none."""
        address = self.endpoint.address()
        interrupts = self._sockets.shut_times
        try:
            try:
                return self._open(method, address, path, body, deadline)
            except ProtocolError:
                if self._sockets.shut_times != interrupts:
                    raise
                # The server may have closed an idle connection just as it was used again: once more, on a new one.
                self.close()
                return self._open(method, address, path, body, deadline)
        except (HTTPError, OSError) as error:
            raise _connection_error(error, self.endpoint, deadline) from error

    def _open(
        self, method: Method, address: Address, path: str, body: Mapping[str, object] | None, deadline: Deadline
    ) -> BaseHTTPResponse:
        if self._pool is None:
            self._pool = self._sockets.of(open_pool(address.url))
        headers = dict(HEADERS)
        if address.key:
            headers["Authorization"] = f"Bearer {address.key}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self._pool.urlopen(
            method,
            address.url + path,
            body=None if body is None else json.dumps(body).encode(),
            headers=headers,
            timeout=urllib3.Timeout(connect=self.timeouts.connect_s, read=deadline.seconds),
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )


class EventStream:
    """The server-sent events of one answer: an iterator of objects. Closing it makes the engine stop."""

    def __init__(self, response: BaseHTTPResponse, endpoint: Endpoint, deadline: Deadline) -> None:
        self._response = response
        self._endpoint = endpoint
        self._deadline = deadline
        self._lines = self._read_lines()

    def expect_within(self, seconds: float) -> None:
        """Say how long the next event may take."""
        if seconds != self._deadline.seconds:
            # The socket's own limit is for a server that falls silent; pings do not count, so there is a deadline
            # too. A connection that ends with the answer can't be reached here and keeps its first, longer limit.
            socket = getattr(self._response.connection, "sock", None)
            if socket is not None:
                socket.settimeout(seconds)
        self._deadline.extend(seconds)

    def __iter__(self) -> Iterator[JsonObject]:
        return self

    def __next__(self) -> JsonObject:
        """Return the next event's object; StopIteration at the end. Raises EngineError."""
        for line in self._lines:
            # Every server of this family puts an event on one line; other fields, and comments, say nothing.
            name, _, value = line.partition(b":")
            if name not in (b"data", b"error") or value.strip() == b"[DONE]":
                continue
            event = _parse_object(value, self._endpoint)
            if name == b"error" or event.get("error"):
                raise status_error(0, headers={}, body=value, endpoint=self._endpoint)
            return event
        raise StopIteration

    def close(self) -> None:
        """Break off the connection, which makes the engine stop; after the end, do nothing."""
        self._response.close()

    def _read_lines(self) -> Iterator[bytes]:
        rest = b""
        for data in _read(self._response, self._endpoint, self._deadline, limit=_MAX_BODY):
            *lines, rest = (rest + data).split(b"\n")
            yield from lines
            if len(rest) > _MAX_LINE:
                raise bad_answer(self._endpoint, f"a line of more than {_MAX_LINE:,} bytes")
        yield rest


def _read(response: BaseHTTPResponse, endpoint: Endpoint, deadline: Deadline, *, limit: int) -> Iterator[bytes]:
    """Yield a body's bytes as they arrive. Raises EngineError for one that is too long, too slow or broken off."""
    received = 0
    try:
        while data := response.read1(_READ):
            received += len(data)
            if received > limit:
                raise bad_answer(endpoint, f"more than {limit:,} bytes")
            yield data
            if deadline.passed():
                raise _too_slow(endpoint, deadline)
    except (HTTPError, OSError) as error:
        raise _connection_error(error, endpoint, deadline) from error


def _parse_object(text: bytes, endpoint: Endpoint) -> JsonObject:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise bad_answer(endpoint, f"{printable(text[:80].decode(errors='replace'))!r}") from error
    if not isinstance(value, dict):
        raise bad_answer(endpoint, f"a JSON {type(value).__name__}")
    return value


def _connection_error(error: Exception, endpoint: Endpoint, deadline: Deadline) -> EngineError:
    if isinstance(error, ReadTimeoutError):
        return _too_slow(endpoint, deadline)
    # urllib3 puts its own objects before the reason, as in "HTTPConnection(host='x'): Failed to resolve".
    reason = printable(str(error)).rpartition("): ")[2] or type(error).__name__
    return endpoint.lost(reason.rstrip("."))


def _too_slow(endpoint: Endpoint, deadline: Deadline) -> EngineTimeout:
    who = "The engine" if endpoint.is_local else f"The server {endpoint.name}"
    return EngineTimeout(
        f"{who} sent nothing more for {deadline.seconds:g} seconds.",
        "Ask for less, or allow more: BUNKO_GENERATION__FIRST_TOKEN_TIMEOUT_S, BUNKO_GENERATION__TOKEN_TIMEOUT_S.",
    )
