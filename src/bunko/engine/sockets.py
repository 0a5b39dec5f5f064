"""Remember which sockets requests go through. In: a pool. Out: the same pool, whose requests can be broken off.

A thread that waits for a server's answer can't be told to stop; the socket that it waits at can be shut. Knows
nothing of what is sent.
"""

from __future__ import annotations

import contextlib
import socket
import weakref
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection


class OpenSockets:
    """The sockets of one pool's connections, for as long as they are open."""

    def __init__(self) -> None:
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self.shut_times = 0
        """How often they were shut."""

    def of(self, pool: urllib3.PoolManager) -> urllib3.PoolManager:
        """Have the pool's connections tell of their sockets, and return it."""
        watched = (
            ("http", urllib3.HTTPConnectionPool, HTTPConnection),
            ("https", urllib3.HTTPSConnectionPool, HTTPSConnection),
        )
        pool.pool_classes_by_scheme = {
            scheme: type(pools.__name__, (pools,), {"ConnectionCls": self._telling(connection)})
            for scheme, pools, connection in watched
        }
        return pool

    def shut(self) -> None:
        """Break off every exchange that is under way. Idle connections are opened anew when they are next used."""
        self.shut_times += 1
        for each in list(self._sockets):
            with contextlib.suppress(OSError):  # it was closed a moment ago
                each.shutdown(socket.SHUT_RDWR)

    def _telling(self, connection: type[Any]) -> type[Any]:
        sockets = self._sockets

        class Telling(connection):  # type: ignore[misc]
            def connect(self) -> None:
                super().connect()
                sockets.add(self.sock)

        return Telling
