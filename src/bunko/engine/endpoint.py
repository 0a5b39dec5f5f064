"""Where requests go. In: a URL and a key. Out: an Endpoint, which also makes the error for a lost connection.

There are two: the child process (`process.LlamaProcess`) and a server that somebody else runs (`RemoteServer`).
Opens no connection.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from bunko.errors import EngineError, RemoteUnavailable, SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A server's root URL, without a trailing slash, and its API key."""

    url: str
    key: str = field(default="", repr=False)


class Endpoint(Protocol):
    """A server to send requests to."""

    @property
    def name(self) -> str:
        """Its name in messages."""
        ...

    @property
    def is_local(self) -> bool:
        """True for our own child process: its failures are crashes, and no proxy is used."""
        ...

    def address(self) -> Address:
        """Return where the server is, after starting it if it is our own. Raises EngineError."""
        ...

    def lost(self, reason: str) -> EngineError:
        """Return the error to raise if the server can't be reached, or its answer ended early."""
        ...


class RemoteServer:
    """An OpenAI-compatible server; the URL ends where its paths begin, with or without /v1.

    >>> RemoteServer("http://gpu-box:8080/v1/").address()
    Address(url='http://gpu-box:8080')
    """

    is_local = False
    """Also on this machine: only our own child can be restarted."""

    def __init__(self, url: str, *, key: str = "") -> None:
        # http.client would quote the whole key in its error.
        if not key.isascii() or not key.isprintable() or " " in key:
            raise SettingsError(
                "The API key has characters that are not allowed: spaces, line ends, or letters outside ASCII.",
                "Copy it again into BUNKO_API_KEY, without quotes.",
            )
        self._address = Address(url=url.strip().rstrip("/").removesuffix("/v1").rstrip("/"), key=key)

    @property
    def name(self) -> str:
        """The server's URL, without a password."""
        scheme, _, rest = self._address.url.rpartition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"

    def address(self) -> Address:
        """Return the root of the server and its key."""
        return self._address

    def lost(self, reason: str) -> EngineError:
        """Return RemoteUnavailable."""
        error = RemoteUnavailable(
            f"The server {self.name} can't be reached: {reason}.",
            "Check that it is running, its address, and the network.",
        )
        error.may_pass = True
        return error
