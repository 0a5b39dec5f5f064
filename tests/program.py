"""The command line with fake engines: python -m tests.program ARGUMENTS.

Environment variables make it fail or wait:
    TEST_KILL_AT=N         SIGKILL itself instead of the N-th change to a table
    TEST_KILL_WITHIN=MS    with TEST_KILL_AT: kill within that change, MS milliseconds after it began
    TEST_KILL_AFTER=T:N    SIGKILL itself after the N-th commit to the table T; `vectors` is that of any embedder
    TEST_LEASE_S=S         the lease on an object store ends after so many seconds
    TEST_KILL_SEAL_AT=N    SIGKILL itself instead of the N-th step of signing an index
    TEST_ENGINES=real      use the real engines
    TEST_REFUSE_NETWORK=1  refuse connections to other machines
    TEST_EMBED_SECONDS=S   each call of the embedder prints a line on stderr, then takes S seconds
    TEST_BACKGROUND_EMBED_SECONDS=S  the same in a process that finishes an index in the background
    TEST_ANSWER_SECONDS=S  each answer prints a line on stderr, then takes S seconds
    TEST_NOISE=1           the embedder prints on stdout, as libraries written for notebooks do
    TEST_WAIT=1            load everything, print a line on stderr, and wait for a byte on stdin
"""

from __future__ import annotations

import functools
import itertools
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from unittest import mock

from bunko.cli import background
from bunko.cli.main import run
from bunko.engines import Engines
from bunko.library import Library
from bunko.ports import GenerationOptions, Pieces
from bunko.testing import FakeEmbedder, FakeGenerator
from bunko.types import Message

if TYPE_CHECKING:
    from bunko.ports import Vectors

_HERE = ("127.0.0.1", "::1", "localhost", None, "")
_CHANGES = ("add", "delete", "update", "optimize", "create_index")


class SlowEmbedder(FakeEmbedder):
    """Takes TEST_EMBED_SECONDS for each batch."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Print that it has begun, wait, embed."""
        if os.environ.get("TEST_NOISE"):
            os.write(1, b"noise on stdout\n")
        seconds = float(os.environ.get("TEST_EMBED_SECONDS", "0"))
        if seconds:
            sys.stderr.write("embedding\n")
            sys.stderr.flush()
            time.sleep(seconds)
        return super().embed_passages(texts)


class SlowGenerator(FakeGenerator):
    """Takes TEST_ANSWER_SECONDS for each answer."""

    def stream(self, messages: Sequence[Message], *, options: GenerationOptions) -> Pieces:
        """Print that it has begun, wait, answer."""
        seconds = float(os.environ.get("TEST_ANSWER_SECONDS", "0"))
        if seconds:
            sys.stderr.write("answering\n")
            sys.stderr.flush()
            time.sleep(seconds)
        yield from super().stream(messages, options=options)


def kill_at(number: int) -> None:
    """Count the changes to LanceDB tables, and kill the process instead of making one of them."""
    from lancedb.db import LanceDBConnection
    from lancedb.table import LanceTable

    count = itertools.count(1)
    within_ms = float(os.environ.get("TEST_KILL_WITHIN", "0"))

    def deadly(change: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(change)
        def counted(*arguments: Any, **named: Any) -> Any:
            if next(count) == number:
                _die(within_ms)
            return change(*arguments, **named)

        return counted

    for owner, name in [*((LanceTable, name) for name in _CHANGES), (LanceDBConnection, "create_table")]:
        setattr(owner, name, deadly(getattr(owner, name)))


def kill_after(table: str, number: int) -> None:
    """Count the commits to one table of an index on an object store, and kill the process after one of them."""
    from lancedb.table import LanceTable

    count = itertools.count(1)

    def deadly(change: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(change)
        def counted(self: Any, *arguments: Any, **named: Any) -> Any:
            result = change(self, *arguments, **named)
            if self.name.partition("_")[0] == table and next(count) == number:
                _die(0)
            return result

        return counted

    for name in ("delete", "_do_merge"):
        setattr(LanceTable, name, deadly(getattr(LanceTable, name)))


def shorten_lease(seconds: float) -> None:
    """Let the lease of an index on an object store end sooner."""
    from bunko.store import lease, remote_place

    setattr(remote_place, "acquire", functools.partial(lease.acquire, lease_s=seconds))  # noqa: B010


def _die(within_ms: float) -> None:
    """Kill this process, now or in a moment, while other threads go on."""
    if within_ms <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
    threading.Timer(within_ms / 1000, os.kill, (os.getpid(), signal.SIGKILL)).start()


def kill_at_seal(number: int) -> None:
    """Count the steps by which an index is signed, and kill the process instead of one of them."""
    from bunko.store import seal

    count = itertools.count(1)

    def deadly(step: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            if next(count) == number:
                _die(0)
            return step(*arguments, **named)

        return counted

    for name in ("write_plain", "note_writing", "forget_writing", "_digest"):
        setattr(seal, name, deadly(getattr(seal, name)))


def refuse_network() -> None:
    """Make connections to other machines, and look-ups of their names, fail."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != getattr(socket, "AF_UNIX", None) and address[0] not in _HERE:
            raise AssertionError(f"refused to connect to {address}")
        connect(self, address)

    def guarded_look_up(host: Any, *arguments: Any, **named: Any) -> Any:
        if host not in _HERE:
            raise AssertionError(f"refused to look up {host}")
        return look_up(host, *arguments, **named)

    # Look-ups of addresses are allowed: create_connection makes them.
    setattr(socket.socket, "connect", guarded)  # noqa: B010 (mypy forbids the assignment)
    setattr(socket, "getaddrinfo", guarded_look_up)  # noqa: B010


if __name__ == "__main__":
    if "--in-background" in sys.argv and (slow := os.environ.get("TEST_BACKGROUND_EMBED_SECONDS")):
        os.environ["TEST_EMBED_SECONDS"] = slow
    background.COMMAND[:] = [sys.executable, "-m", "tests.program", "--in-background"]
    if os.environ.get("TEST_REFUSE_NETWORK"):
        refuse_network()
    if after := os.environ.get("TEST_KILL_AFTER"):
        kill_after(after.partition(":")[0], int(after.partition(":")[2]))
    if seconds := float(os.environ.get("TEST_LEASE_S", "0")):
        shorten_lease(seconds)
    if os.environ.get("TEST_ENGINES") == "real":
        background.main() if sys.argv[1:] == ["--in-background"] else run()
        sys.exit()
    if os.environ.get("TEST_WAIT"):
        import bunko.indexing.sync  # noqa: F401

        sys.stderr.write("ready\n")
        sys.stderr.flush()
        os.read(0, 1)  # not sys.stdin: its encoding is not set yet
    if number := int(os.environ.get("TEST_KILL_AT", "0")):
        kill_at(number)
    if number := int(os.environ.get("TEST_KILL_SEAL_AT", "0")):
        kill_at_seal(number)
    with (
        mock.patch.object(Library, "embedder", SlowEmbedder()),
        mock.patch.object(Library, "_begin_embedder"),  # the real one would be downloaded and loaded
        mock.patch.object(Library, "_reader", return_value=None),
        mock.patch.object(Library, "generator", SlowGenerator()),
        mock.patch.object(Engines, "generator", lambda engines, settings: SlowGenerator()),
        mock.patch.object(Engines, "embedder", lambda engines, settings: SlowEmbedder()),
    ):
        background.main() if sys.argv[1:] == ["--in-background"] else run()
