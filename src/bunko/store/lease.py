"""Let one process at a time write to a library on an object store. In: a database. Out: a Lease.

The lease is in a row (store/control.py) and ends by itself: its holder renews it from a thread, and a holder that was
killed is followed by another once it has run out. Each holder has a token of its own. A holder that was paused for too
long finds another token in the row: what it publishes then is refused (store/published.py), so clocks that differ can
cost work, and never rows. Knows nothing of what the tables hold.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bunko.errors import LeaseLost, StoreBusy, StoreError
from bunko.store import control
from bunko.store.faults import mapped

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

LEASE_S = 60.0
"""Seconds without a renewal after which another process may write."""
_RENEWALS = 4  # in that time
_ASK_AGAIN_S = 0.5
# Each renewal is a version of the row's table: they are cleaned up after so many.
_TIDY_AFTER = 50
_KEPT = timedelta(minutes=10)


class Lease:
    """The right to write to one library, renewed by a thread until it is released. Use it in a `with`."""

    def __init__(self, table: Any, location: str, *, token: int, lease_s: float, since: float) -> None:
        """`acquire` makes one. `table` is that of the row; `since` is when it was taken, by the monotonic clock."""
        self.token = token
        self._table = table
        self._location = location
        self._lease_s = lease_s
        self._until = since + lease_s
        self._lost = False
        self._released = threading.Event()
        self._lock = threading.Lock()  # a publication and a renewal change the same row
        self._thread = threading.Thread(target=self._keep, name="bunko-lease", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def check(self) -> None:
        """Raise LeaseLost if the lease ran out or was taken over. Call it before each change of the library."""
        if self._lost or time.monotonic() > self._until:
            raise self._error()

    def swap(self, values: dict[str, object], **expected: int) -> bool:
        """Change the row for this holder alone; return whether it had the expected numbers.

        Raises LeaseLost if another process holds the lease.
        """
        self.check()
        with self._lock, mapped("written", self._location):
            if control.swap(self._table, values, token=self.token, **expected):
                return True
            if control.read(self._table).token != self.token:
                self._lost = True
                raise self._error()
        return False

    def release(self) -> None:
        """End the lease, so that another process can write at once. Does nothing where it was lost. Never raises."""
        if self._released.is_set():
            return
        self._released.set()
        self._thread.join()
        if self._lost:
            return
        try:
            with mapped("written", self._location):
                control.swap(self._table, {"holder": "", "expires_ms": 0}, token=self.token)
                if self._table.version % _TIDY_AFTER < _RENEWALS:
                    self._table.optimize(cleanup_older_than=_KEPT)
        except StoreError:  # it ends by itself
            pass

    def _keep(self) -> None:
        while not self._released.wait(self._lease_s / _RENEWALS):
            begin = time.monotonic()
            expires = _in(self._lease_s)
            try:
                with self._lock, mapped("written", self._location):
                    is_ours = control.swap(self._table, {"expires_ms": expires}, token=self.token)
            except StoreError:  # unreachable for a moment: try again while the lease lasts
                continue
            if not is_ours:
                self._lost = True
                return
            self._until = begin + self._lease_s

    def _error(self) -> LeaseLost:
        return LeaseLost(
            f"Another process has taken over the index in {self._location!r}: this one did not renew its lease for "
            f"{self._lease_s:g} seconds. What it had not published is dropped.",
            "Run the command again. If it happens often, look at the connection to the store.",
        )


def acquire(database: Any, location: str, *, wait_s: float = 0.0, lease_s: float = LEASE_S) -> Lease:
    """Take the lease of the library at `location`; wait up to `wait_s` seconds while another process has it.

    `database` is LanceDB's connection. Raises StoreBusy, which names the holder; StoreError.
    """
    deadline = time.monotonic() + wait_s
    with mapped("locked", location):
        table = control.open_control(database)
    while True:
        with mapped("locked", location):
            row = control.read(table)
        if not row.holder or row.expires_ms < _in(0):
            begin = time.monotonic()
            values: dict[str, object] = {"holder": _myself(), "token": row.token + 1, "expires_ms": _in(lease_s)}
            with contextlib.suppress(StoreBusy), mapped("locked", location):  # busy: another one takes it just now
                if control.swap(table, values, token=row.token, expires_ms=row.expires_ms):
                    return Lease(table, location, token=row.token + 1, lease_s=lease_s, since=begin)
            with mapped("locked", location):
                row = control.read(table)
        if time.monotonic() >= deadline:
            raise _busy(row, location)
        time.sleep(min(_ASK_AGAIN_S, max(0.0, deadline - time.monotonic())))


def _busy(row: control.Row, location: str) -> StoreBusy:
    left = (row.expires_ms - _in(0)) / 1000
    ends = f" If it was killed, its lease ends in {left:.0f} seconds." if row.holder and left > 0 else ""
    return StoreBusy(
        f"{row.holder or 'Another process'} is writing to the index in {location!r}.{ends}",
        "Wait for it to finish, or ask what is there already with --no-sync.",
    )


def holder(database: Any, location: str) -> str:
    """Return who is writing to a library, such as "Process 12 on hill"; empty if nobody is. Raises StoreError."""
    with mapped("read", location):
        if not control.exists(database):
            return ""
        row = control.read(database.open_table(control.CONTROL))
    return row.holder if row.expires_ms >= _in(0) else ""


def _myself() -> str:
    return f"Process {os.getpid()} on {socket.gethostname()}"


def _in(seconds: float) -> int:
    return int((time.time() + seconds) * 1000)
