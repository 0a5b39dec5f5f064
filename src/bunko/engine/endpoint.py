"""Where requests go. In: an address and a key. Out: the same, and the right error when it can't be reached.

Two kinds: the child process (`process.LlamaProcess`) and a server that somebody else runs (`RemoteServer`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from bunko.errors import EngineError, RemoteUnavailable, SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A server's root, without a slash at its end, and the key that it asks for."""

    url: str
    key: str = field(default="", repr=False)


class Endpoint(Protocol):
    """A server to send requests to."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    @property
    def is_local(self) -> bool:
        """True for a process of our own: its failures are crashes, and no proxy stands between."""
        ...

    def address(self) -> Address:
        """Return where the server is, starting it first where that is ours to do. Raises EngineError."""
        ...

    def lost(self, reason: str) -> EngineError:
        """Return the error to raise when the server could not be reached, or broke off its answer."""
        ...


class RemoteServer:
    """An OpenAI-compatible server; the URL ends where its paths begin, with or without /v1.

    >>> RemoteServer("http://gpu-box:8080/v1/").address()
    Address(url='http://gpu-box:8080')
    """

    is_local = False
    """Not even on this machine: a server that is not our child is not ours to restart."""

    def __init__(self, url: str, *, key: str = "") -> None:
        # http.client would quote the whole key in its complaint.
        if not key.isascii() or not key.isprintable() or " " in key:
            raise SettingsError(
                "The API key has characters that no key has: spaces, line ends, or letters outside ASCII.",
                "Copy it again into BUNKO_API_KEY, without quotes.",
            )
        self._address = Address(url=url.strip().rstrip("/").removesuffix("/v1").rstrip("/"), key=key)

    @property
    def name(self) -> str:
        """The server's URL, without a password if there is one in it."""
        scheme, _, rest = self._address.url.rpartition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"

    def address(self) -> Address:
        """Return the root of the server and its key."""
        return self._address

    def lost(self, reason: str) -> EngineError:
        """Return RemoteUnavailable."""
        return RemoteUnavailable(
            f"The server {self.name} can't be reached: {reason}.",
            "Check that it is running, and that its address and the network are right.",
        )
