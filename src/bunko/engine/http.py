"""Send HTTP requests to an engine. In: JSON objects. Out: JSON objects, or streams. All errors are EngineErrors.

The server is not trusted: responses are limited in size and time, redirects are not followed (they would receive the
key), and anything but the expected JSON is an error. Knows nothing of chat or embeddings.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from bunko.engine.endpoint import Address, Endpoint
from bunko.engine.failures import bad_answer, printable, status_error, text_of_page
from bunko.engine.loading import Patience, Waiting, is_loading
from bunko.engine.sockets import OpenSockets
from bunko.errors import EngineError, EngineTimeout, RemoteBadAnswer, RemoteUnavailable
from bunko.network import HEADERS, open_pool
from bunko.settings import GenerationSettings

# urllib3 takes 50 ms to import. A question whose words a reader marks never sends a request.
if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

JsonObject: TypeAlias = dict[str, Any]
Method: TypeAlias = Literal["GET", "POST"]

# A usual event has about 300 bytes. The largest usual body is a batch of embeddings: 64 vectors of 4,096 are 6 MB.
_MAX_LINE = 2**20
_MAX_BODY = 64 * 2**20
_MAX_ERROR_BODY = 64 * 2**10
_READ = 64 * 2**10
_FIELDS = (b"data", b"event", b"error", b"id", b"retry")  # of server-sent events; all other bodies are something else


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Timeouts in seconds."""

    connect_s: float = 10.0
    first_token_s: float = 600.0
    token_s: float = 60.0
    """Between two tokens, and for all requests that generate no text."""
    loading_s: float = 180.0
    """While a server says that it loads its model."""

    @classmethod
    def of(cls, settings: GenerationSettings) -> Timeouts:
        """Return the timeouts in the settings."""
        return cls(
            first_token_s=settings.first_token_timeout_s,
            token_s=settings.token_timeout_s,
            loading_s=settings.start_timeout_s,
        )


class Deadline:
    """A point in time, and its distance in seconds from the start."""

    def __init__(self, seconds: float) -> None:
        self.extend(seconds)

    def extend(self, seconds: float) -> None:
        """Restart, with this many seconds from now."""
        self.seconds = seconds
        self._moment = time.monotonic() + seconds

    def passed(self) -> bool:
        """Return whether the deadline has passed."""
        return time.monotonic() > self._moment


class Connection:
    """Requests to one endpoint. May be used by several threads."""

    def __init__(
        self, endpoint: Endpoint, *, timeouts: Timeouts, waiting: Waiting | None = None, repeats: bool = True
    ) -> None:
        """Connect to nothing yet. `waiting` is called each second while a server loads its model.

        With `repeats`, a request is sent again where the server closes the connection without an answer.
        """
        self.endpoint = endpoint
        self.timeouts = timeouts
        self._repeats = repeats
        self._waiting: Waiting = waiting or (lambda stage, waited, most: None)
        self._pool: PoolManager | None = None
        self._sockets = OpenSockets()

    def get_json(self, path: str) -> JsonObject:
        """GET an object from a path, as in "/props". Raises EngineError."""
        return self._exchange("GET", path, None)

    def post_json(self, path: str, body: Mapping[str, object]) -> JsonObject:
        """POST an object and return the response's object. Raises EngineError."""
        return self._exchange("POST", path, body)

    def probe(self, path: str, body: Mapping[str, object] | None = None) -> JsonObject:
        """Request an optional endpoint; return {} if the server lacks it. Raises EngineError if it is down."""
        deadline = Deadline(self.timeouts.token_s)
        response, _ = self._ready("GET" if body is None else "POST", path, body, deadline)
        try:
            if response.status == 200:
                text = b"".join(_read(response, self.endpoint, deadline, limit=_MAX_BODY))
                return _parse_object(text, self.endpoint)
        except RemoteBadAnswer:
            pass  # for example a web page: some servers return one for every path
        finally:
            response.close()
        return {}

    def stream(self, path: str, body: Mapping[str, object]) -> EventStream:
        """POST an object and return the response's events as a stream. Raises EngineError."""
        deadline = Deadline(self.timeouts.first_token_s)
        return EventStream(self._send("POST", path, body, deadline), self.endpoint, deadline)

    def close(self) -> None:
        """Close idle connections; the next request opens new ones."""
        if self._pool is not None:
            self._pool.clear()

    def interrupt(self) -> None:
        """Abort all requests; threads that wait for one get an EngineError. May be called from any thread."""
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
        """Return a successful response, with its body unread. Raises EngineError."""
        response, text = self._ready(method, path, body, deadline)
        if response.status == 200:
            return response
        raise self._status_error(response, text, path)

    def _status_error(self, response: BaseHTTPResponse, text: bytes, path: str) -> EngineError:
        return status_error(
            response.status, headers=response.headers, body=text, endpoint=self.endpoint, path=path, proxy=self._proxy()
        )

    def _ready(
        self, method: Method, path: str, body: Mapping[str, object] | None, deadline: Deadline
    ) -> tuple[BaseHTTPResponse, bytes]:
        """Return the response, and the body of one that failed, once the server has loaded its model.

        Raises EngineError if there is none, and if loading takes too long.
        """
        patience, interrupts = Patience(self.timeouts.loading_s, self._waiting), self._sockets.shut_times
        while True:
            response = self._attempt(method, path, body, deadline)
            text = b"" if response.status == 200 else self._error_body(response, deadline)
            if self.endpoint.is_local or not is_loading(response.status, text):
                break
            if not patience.pause(lambda: self._sockets.shut_times != interrupts):
                raise self._status_error(response, text, path)
            deadline.extend(deadline.seconds)
        patience.over()
        return response, text

    def _error_body(self, response: BaseHTTPResponse, deadline: Deadline) -> bytes:
        try:
            return b"".join(_read(response, self.endpoint, deadline, limit=_MAX_ERROR_BODY))
        except EngineError:
            return b""  # the status is enough for an error message
        finally:
            response.close()

    def _proxy(self) -> str:
        """Return the proxy that requests go through, without its password; empty if there is none."""
        proxy = getattr(self._pool, "proxy", None)
        return f"{proxy.scheme}://{proxy.netloc}" if proxy else ""

    def _attempt(
        self, method: Method, path: str, body: Mapping[str, object] | None, deadline: Deadline
    ) -> BaseHTTPResponse:
        """Return a response of any status. Raises EngineError if there is none."""
        from urllib3.exceptions import HTTPError, ProtocolError

        address = self.endpoint.address()
        interrupts = self._sockets.shut_times
        try:
            try:
                return self._open(method, address, path, body, deadline)
            except ProtocolError:
                if not self._repeats or self._sockets.shut_times != interrupts:
                    raise
                # The server may have closed an idle connection just as it was reused: retry once on a new one.
                self.close()
                return self._open(method, address, path, body, deadline)
        except (HTTPError, OSError) as error:
            raise _connection_error(error, self.endpoint, deadline, proxy=self._proxy()) from error

    def _open(
        self, method: Method, address: Address, path: str, body: Mapping[str, object] | None, deadline: Deadline
    ) -> BaseHTTPResponse:
        from urllib3 import Timeout

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
            timeout=Timeout(connect=self.timeouts.connect_s, read=deadline.seconds),
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )


class EventStream:
    """An iterator over the server-sent events of one response, as objects. Closing it stops the engine."""

    def __init__(self, response: BaseHTTPResponse, endpoint: Endpoint, deadline: Deadline) -> None:
        self._response = response
        self._endpoint = endpoint
        self._deadline = deadline
        self._lines = self._read_lines()
        self.is_done = False
        """Whether the server has said that the answer ends here."""

    def expect_within(self, seconds: float) -> None:
        """Set the timeout of the next event."""
        if seconds != self._deadline.seconds:
            # The socket's timeout detects a silent server. The deadline is needed too, since pings reset that timeout.
            # A connection that closes after its response has no socket here, and keeps its first, longer timeout.
            socket = getattr(self._response.connection, "sock", None)
            if socket is not None:
                socket.settimeout(seconds)
        self._deadline.extend(seconds)

    def __iter__(self) -> Iterator[JsonObject]:
        return self

    def __next__(self) -> JsonObject:
        """Return the next event's object; StopIteration at the end. Raises EngineError.

        A server that sends a whole JSON object, not a stream, gives one event.
        """
        kind = b""
        for line in self._lines:
            # All known servers put an event on one line; comments are ignored.
            name, _, value = line.partition(b":")
            value = value.strip()
            if name == b"event":
                kind = value
            elif name.strip() and name not in _FIELDS:
                return self._whole(line)
            if name not in (b"data", b"error"):
                continue
            if value == b"[DONE]":
                self.is_done = True
                if not self._endpoint.is_local:  # some keep the connection open
                    break
                continue
            event = _parse_object(value, self._endpoint)
            if b"error" in (name, kind) or event.get("error"):
                raise status_error(0, headers={}, body=value, endpoint=self._endpoint)
            return event
        raise StopIteration

    def _whole(self, begun: bytes) -> JsonObject:
        """Return a body that is no stream as one event."""
        body = b"\n".join((begun, *self._lines))
        event = _parse_object(body, self._endpoint)
        if event.get("error") or not event.get("choices"):
            raise status_error(0, headers={}, body=body, endpoint=self._endpoint)
        self.is_done = True
        return event

    def close(self) -> None:
        """Close the connection, which stops the engine; do nothing after the last event."""
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
    """Yield a body's bytes as they arrive. Raises EngineError if it is too long, too slow or incomplete."""
    from urllib3.exceptions import HTTPError

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
        page = text_of_page(text[:4_000]) if b"<" in text[:200] else ""
        what = f"a web page, “{page[:120]}”" if page else repr(printable(text[:80].decode(errors="replace")))
        raise bad_answer(endpoint, what) from error
    if not isinstance(value, dict):
        raise bad_answer(endpoint, f"a JSON {type(value).__name__}")
    return value


def _connection_error(error: Exception, endpoint: Endpoint, deadline: Deadline, *, proxy: str = "") -> EngineError:
    from urllib3.exceptions import ProxyError, ReadTimeoutError

    if proxy and isinstance(error, ProxyError):
        reason = printable(str(error.original_error)).rpartition("): ")[2].rstrip(".")
        return RemoteUnavailable(
            f"The server {endpoint.name} can't be reached: the proxy {proxy}, which the environment names, does not "
            f"serve it ({reason}).",
            "Check the proxy's address and login in HTTPS_PROXY or HTTP_PROXY. If the server needs no proxy, put its "
            "host into NO_PROXY.",
        )
    if isinstance(error, ReadTimeoutError):
        return _too_slow(endpoint, deadline)
    # urllib3 puts its objects before the reason, as in "HTTPConnection(host='x'): Failed to resolve".
    reason = printable(str(error)).rpartition("): ")[2] or type(error).__name__
    return endpoint.lost(reason.rstrip("."))


def _too_slow(endpoint: Endpoint, deadline: Deadline) -> EngineTimeout:
    sender = "The engine" if endpoint.is_local else f"The server {endpoint.name}"
    return EngineTimeout(
        f"{sender} sent nothing for {deadline.seconds:g} seconds.",
        "Ask for less, or raise BUNKO_GENERATION__FIRST_TOKEN_TIMEOUT_S or BUNKO_GENERATION__TOKEN_TIMEOUT_S.",
    )
