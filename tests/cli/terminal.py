"""A terminal for tests: the program in a real pty of so many columns, with keys that are pressed."""

from __future__ import annotations

import os
import re
import select
import struct
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.support import REPOSITORY, command, environment

needs_pty = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pty")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r(?!\n)|[\x01\x02\x07]")
UP, LEFT, TAB, CTRL_C, CTRL_D = "\x1b[A", "\x1b[D", "\t", "\x03", "\x04"


class Terminal:
    """A command that runs in a pty. Use it in a `with`."""

    def __init__(
        self,
        *arguments: str | Path,
        columns: int = 80,
        env: Mapping[str, str] | None = None,
        argv: Sequence[str] | None = None,
    ) -> None:
        """Start a command of the program with fake engines, or `argv`."""
        import fcntl
        import pty
        import termios

        words = list(argv) if argv else command(*arguments)
        variables = environment({"TERM": "xterm", "LANG": "C.UTF-8", "COLUMNS": "", "NO_COLOR": "", **(env or {})})
        for name in ("COLUMNS", "NO_COLOR"):
            if not variables.get(name):
                variables.pop(name, None)
        self._pid, self._fd = pty.fork()
        if self._pid == 0:  # pragma: no cover - the child becomes the program
            os.chdir(REPOSITORY)
            os.execvpe(words[0], words, variables)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        self.raw = ""
        self.code: int | None = None

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.code is None:
            os.kill(self._pid, 9)
            os.waitpid(self._pid, 0)
        os.close(self._fd)

    @property
    def text(self) -> str:
        """What is on the screen so far, without colours."""
        return _CONTROL.sub("", self.raw).replace("\r\n", "\n")

    def wait_for(self, words: str, *, seconds: float = 90) -> str:
        """Read until the words are shown, after all that was read before; return what was read."""
        begin, until = len(self.text), time.monotonic() + seconds
        while words not in self.text[begin:]:
            if not self._read(until):
                raise AssertionError(f"{words!r} is not shown in:\n{self.text[begin:]}")
        return self.text[begin:]

    def press(self, keys: str) -> None:
        """Type keys."""
        os.write(self._fd, keys.encode())

    def end(self, *, seconds: float = 90) -> str:
        """Read to the end of the program, and return all that was shown."""
        until = time.monotonic() + seconds
        while self._read(until):
            pass
        _, status = os.waitpid(self._pid, 0)
        self.code = os.waitstatus_to_exitcode(status)
        return self.text

    def _read(self, until: float) -> bool:
        left = until - time.monotonic()
        if left <= 0 or not select.select([self._fd], [], [], left)[0]:
            raise AssertionError(f"nothing came in time:\n{self.text}")
        try:
            piece = os.read(self._fd, 65536)
        except OSError:  # Linux says so at the end
            return False
        self.raw += piece.decode(errors="replace")
        return bool(piece)
