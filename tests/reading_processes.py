"""Reading processes that start in a moment, for tests whose subject is not the start of one.

Starting an interpreter and importing the readers takes longer than all else that most tests do. Here one process
imports them, and is forked for each reading process. The rest is real: pipes, frames, limits, sandbox, and its end.
Programs that tests start in processes of their own start their reading processes as users' do, and so do the tests of
`tests/reading`.

    python -m tests.reading_processes SOCKET    the process that is forked; it ends when the other end is closed
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

from bunko.child_environment import kept_environment

WORKER = "bunko.reading.worker"
# What the reading process imports for plain text, and for the formats that tests have most.
_IMPORTED = (WORKER, "bunko.reading.read", "bunko.reading.text.plain", "bunko.reading.pdf.read")
CAN_FORK = sys.platform == "linux" and hasattr(os, "pidfd_open")


class Forked:
    """A forked process, in the place of the Popen that `bunko.child_process.spawn` returns."""

    def __init__(self, pid: int, ends: tuple[int, int, int]) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdin, self.stdout = os.fdopen(ends[0], "wb"), os.fdopen(ends[1], "rb")
        self.stderr = os.fdopen(ends[2], "rb")
        try:
            self._handle = os.pidfd_open(pid)
        except ProcessLookupError:
            self._handle, self.returncode = -1, -signal.SIGKILL

    def __del__(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)

    def poll(self) -> int | None:
        """Return None while it runs. Its exit code is not known here: nobody asks for it."""
        if self.returncode is None and select.select([self._handle], [], [], 0)[0]:
            self.returncode = -signal.SIGKILL
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        if self.returncode is None and not select.select([self._handle], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(WORKER, timeout or 0)
        self.returncode = -signal.SIGKILL
        return self.returncode

    def kill(self) -> None:
        """Send SIGKILL."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)


class Forking:
    """The process that is forked, started with the first one."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def spawn(self, module: str, *, environment: dict[str, str] | None = None) -> Any:
        """Start a reading process, as `bunko.child_process.spawn` does. Raises OSError."""
        if module != WORKER or environment:
            raise ValueError(f"{module} is not a process that reads")
        ends = [os.pipe() for _ in range(3)]
        theirs = [ends[0][0], ends[1][1], ends[2][1]]
        request = json.dumps({"environment": kept_environment(), "folder": str(Path.cwd())}).encode()
        try:
            with self._lock:
                connection = self._connection()
                socket.send_fds(connection, [len(request).to_bytes(4, "big") + request], theirs)
                pid = int.from_bytes(exactly(connection, 4), "big")
        finally:
            for end in theirs:
                os.close(end)
        return Forked(pid, (ends[0][1], ends[1][0], ends[2][0]))

    def close(self) -> None:
        """End the process that is forked."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connection(self) -> socket.socket:
        if self._socket is None:
            self._socket, other = socket.socketpair()
            root = Path(__file__).parent.parent
            path = os.pathsep.join([str(root / "src"), str(root)])
            subprocess.Popen(
                [sys.executable, "-m", "tests.reading_processes", str(other.fileno())],
                pass_fds=[other.fileno()],
                env={**os.environ, "PYTHONPATH": path},
                start_new_session=True,  # Ctrl-C reaches the tests alone
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
            other.close()
        return self._socket


def exactly(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        if not (piece := connection.recv(count - len(found))):
            raise OSError("the process that is forked has ended")
        found += piece
    return found


def main(connection: socket.socket) -> NoReturn:
    """Fork for each request, until there are no more."""
    for name in _IMPORTED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps those that end
    while True:
        data, theirs, _, _ = socket.recv_fds(connection, 4, 3)
        if not data:
            os._exit(0)
        request = json.loads(exactly(connection, int.from_bytes(data, "big")))
        if (pid := os.fork()) == 0:
            connection.close()
            _become(theirs, request)
        for end in theirs:
            os.close(end)
        connection.sendall(pid.to_bytes(4, "big"))


def _become(ends: list[int], request: dict[str, Any]) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    with contextlib.suppress(OSError):
        os.chdir(request["folder"])
    for number, end in enumerate(ends):
        os.dup2(end, number)
        os.close(end)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    try:
        importlib.import_module(WORKER).main()
    finally:
        os._exit(1)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
