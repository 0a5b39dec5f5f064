"""Send requests to a `bunko serve`. In: paths and JSON. Out: JSON, and streams of events. Raises only BunkoError.

Uses only the standard library, since a command that lets a server do the work must start quickly.
Knows nothing of answers and documents. Not safe for several threads at once.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import quote, urlencode, urlsplit

from bunko.errors import BunkoError, EngineTimeout, RemoteBadAnswer, RemoteUnavailable, SettingsError
from bunko.network import HEADERS, is_address_without_scheme, is_loopback

Method: TypeAlias = Literal["GET", "POST"]

_CONNECT_S = 10.0
# The server sends a comment every ten seconds while it works on an answer.
_SILENCE_S = 60.0
# A response in one piece: a first sync of a large folder takes long, and sends no comments meanwhile.
RESPONSE_S = 3600.0
_MOST_BYTES = 256 * 2**20
_READ = 64 * 2**10


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A server's address, one of its libraries, and the token for it."""

    scheme: str
    host: str
    port: int | None
    library: str = ""
    """Empty: the server's only library."""
    token: str = field(default="", repr=False)

    @property
    def is_here(self) -> bool:
        """Whether the server is on this machine."""
        return is_loopback(self.host)

    @property
    def url(self) -> str:
        """The server's address, without library and token."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{name}" + (f":{self.port}" if self.port else "")


def is_url(text: str) -> bool:
    """Return whether this is a server's address, not a folder.

    >>> is_url("http://localhost:8642/reports"), is_url("reports")
    (True, False)
    """
    return text.startswith(("http://", "https://"))


def names_server(folder: str) -> bool:
    """Return whether this is a server's address, with or without http://, and not a folder of that name."""
    return is_url(folder) or (is_address_without_scheme(folder) and not Path(folder).exists())


def place_of(url: str, *, token: str = "") -> Place:
    """Parse an address as `bunko serve` prints it, or with a library's name at its end. Raises SettingsError.

    >>> place_of("http://localhost:8642/reports#token=secret").library
    'reports'
    """
    from urllib.parse import parse_qs, unquote

    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    library = unquote(parts.path.strip("/"))
    if parts.scheme not in ("http", "https") or not parts.hostname or "/" in library or parts.query or parts.username:
        raise SettingsError(
            "This is not the address of a library.", "Write http://HOST:PORT/LIBRARY, as in http://127.0.0.1:8642/"
        )
    token = token or (parse_qs(parts.fragment).get("token") or [""])[0]
    if not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError("The token contains a character that is not allowed.", "Copy it again, without quotes.")
    return Place(scheme=parts.scheme, host=parts.hostname, port=port, library=library, token=token)


def path_of(*parts: str, **query: object) -> str:
    """Return a path of the server's API.

    >>> path_of("libraries", "a b", "text", path="c/d.txt", start=0)
    '/api/libraries/a%20b/text?path=c%2Fd.txt&start=0'
    """
    path = "/api/" + "/".join(quote(part, safe="") for part in parts)
    return f"{path}?{urlencode(query, errors='surrogatepass')}" if query else path


class Caller:
    """Sends requests to one server."""

    def __init__(self, place: Place, *, silence_s: float = _SILENCE_S) -> None:
        """`silence_s` is how long the server may send nothing while it works on an answer."""
        self.place = place
        self._silence_s = silence_s

    def get(self, path: str) -> Any:
        """Return the JSON at a path. Raises BunkoError."""
        return self._whole("GET", path, None, timeout_s=self._silence_s)

    def post(self, path: str, body: Mapping[str, object], *, timeout_s: float = RESPONSE_S) -> Any:
        """Send JSON and return the JSON of the response. Raises BunkoError."""
        return self._whole("POST", path, body, timeout_s=timeout_s)

    def events(self, path: str, body: Mapping[str, object]) -> Iterator[tuple[str, Any]]:
        """Send JSON and yield the events of the response: name and JSON. Closing the iterator stops the server's work.

        An error of the server is raised by the first `next`. Raises BunkoError.
        """
        connection, response = self._send("POST", path, body, timeout_s=self._silence_s)
        try:
            yield from self._read_events(response)
        except (OSError, HTTPException, ValueError) as error:  # ValueError: closed by another thread
            raise self._lost(error, "it broke off its response") from error
        finally:
            response.close()
            connection.close()

    def _whole(self, method: Method, path: str, body: Mapping[str, object] | None, *, timeout_s: float) -> Any:
        connection, response = self._send(method, path, body, timeout_s=timeout_s)
        try:
            return self._json(self._all(response))
        except (OSError, HTTPException) as error:
            raise self._lost(error, "it broke off its response") from error
        finally:
            response.close()
            connection.close()

    def _send(
        self, method: Method, path: str, body: Mapping[str, object] | None, *, timeout_s: float
    ) -> tuple[HTTPConnection, HTTPResponse]:
        """Return a successful response, its body unread. Raises BunkoError."""
        headers = {"Accept": "application/json", **HEADERS}
        if self.place.token:
            headers["Authorization"] = f"Bearer {self.place.token}"
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        connection = self._connection()
        try:
            connection.connect()
            connection.sock.settimeout(timeout_s)
            connection.request(method, path, body=data, headers=headers)
            response = connection.getresponse()
            if response.status == 200:
                return connection, response
            reason = self._all(response)
        except (OSError, HTTPException) as error:
            connection.close()
            raise self._lost(error, str(error) or type(error).__name__) from error
        connection.close()
        raise self._refused(response, reason)

    def _connection(self) -> HTTPConnection:
        if self.place.scheme == "https":
            context = ssl.create_default_context()
            return HTTPSConnection(self.place.host, self.place.port, timeout=_CONNECT_S, context=context)
        return HTTPConnection(self.place.host, self.place.port, timeout=_CONNECT_S)

    def _all(self, response: HTTPResponse) -> bytes:
        data = response.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise self._bad(f"more than {_MOST_BYTES:,} bytes")
        return data

    def _read_events(self, response: HTTPResponse) -> Iterator[tuple[str, Any]]:
        name, received = "", 0
        while line := response.readline(_MOST_BYTES):
            received += len(line)
            if received > _MOST_BYTES:
                raise self._bad(f"more than {_MOST_BYTES:,} bytes")
            kind, _, value = line.strip().partition(b":")
            if kind == b"event":
                name = value.strip().decode(errors="replace")
            elif kind == b"data":
                yield name, self._json(value)
                name = ""

    def _json(self, data: bytes) -> Any:
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise self._bad("something that is not JSON") from error

    # --- errors -------------------------------------------------------------------------------------------------

    def _refused(self, response: HTTPResponse, reason: bytes) -> BunkoError:
        try:
            tree = json.loads(reason)
        except ValueError:
            return self._bad(f"HTTP status {response.status} without a reason")
        from bunko.contract.parse import error_from

        after = response.headers.get("Retry-After", "")
        return error_from(tree, retry_after_s=int(after) if after.isdecimal() else 0)

    def _bad(self, what: str) -> BunkoError:
        return RemoteBadAnswer(
            f"The server {self.place.url} sent {what}.", "Check that it is a `bunko serve` of this version."
        )

    def _lost(self, error: Exception, reason: str) -> BunkoError:
        if isinstance(error, socket.timeout | TimeoutError):
            return EngineTimeout(
                f"The server {self.place.url} did not respond in time.", "Try again later, or check its log."
            )
        return RemoteUnavailable(
            f"The server {self.place.url} can't be reached: {reason}.",
            "Check that `bunko serve` is running there, and that its address and the network are right.",
        )
