"""Track the sockets of a connection pool. In: a pool. Out: the same pool, whose requests can be interrupted.

A thread that waits for a server can't be interrupted, but the socket that it waits for can be shut. Knows nothing of
what is sent.
"""

from __future__ import annotations

import contextlib
import socket
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from urllib3 import PoolManager


class OpenSockets:
    """The open sockets of one pool."""

    def __init__(self) -> None:
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self.shut_times = 0
        """How often they were shut."""

    def of(self, pool: PoolManager) -> PoolManager:
        """Track the sockets of a pool, and return it."""
        import urllib3
        from urllib3.connection import HTTPConnection, HTTPSConnection

        watched = (
            ("http", urllib3.HTTPConnectionPool, HTTPConnection),
            ("https", urllib3.HTTPSConnectionPool, HTTPSConnection),
        )
        pool.pool_classes_by_scheme = {
            scheme: type(pools.__name__, (pools,), {"ConnectionCls": self._tracked(connection)})
            for scheme, pools, connection in watched
        }
        return pool

    def shut(self) -> None:
        """Interrupt every running request. Idle connections are opened again when they are next used."""
        self.shut_times += 1
        for each in list(self._sockets):
            with contextlib.suppress(OSError):  # it was just closed
                each.shutdown(socket.SHUT_RDWR)

    def _tracked(self, connection: type[Any]) -> type[Any]:
        sockets = self._sockets

        class Tracked(connection):  # type: ignore[misc]
            def connect(self) -> None:
                super().connect()
                sockets.add(self.sock)

        return Tracked
