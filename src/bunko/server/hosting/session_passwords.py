"""Passwords that a user gives for locked files, for as long as the server runs. In: passwords. Out: a file's path.

The reader takes passwords from a file. This one is in a folder that only the server's user can open, and is deleted
when the server ends. No message, log or reply contains a password.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bunko.errors import BunkoError, InvalidRequest, StoreNotWritable
from bunko.private_files import write_plain
from bunko.reading.containers.passwords import read_passwords

_MOST = 100
_LONGEST = 500


class SessionPasswords:
    """The passwords of one library. Nothing is written before the first is given."""

    def __init__(self, *, configured: str = "") -> None:
        """`configured`: the file of the settings, whose passwords are tried, too."""
        self._configured = configured
        self._given: dict[str, None] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def add(self, passwords: Iterable[str]) -> str:
        """Add passwords, and return the path of the file with all of them. Raises InvalidRequest."""
        for password in passwords:
            if not password.strip() or len(password) > _LONGEST or "\n" in password or "\r" in password:
                raise InvalidRequest("A password is one line.", "Give it as it is typed.")
            self._given[password] = None
        if len(self._given) > _MOST:
            raise InvalidRequest(f"More than {_MOST} passwords were given.", "Start the server again.")
        return self._written()

    def _written(self) -> str:
        known: list[str] = []
        with contextlib.suppress(BunkoError):
            known = list(read_passwords(Path(self._configured))) if self._configured else []
        try:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="bunko-", ignore_cleanup_errors=True)
            path = Path(self._folder.name) / "passwords"
            write_plain(path, "\n".join([*known, *self._given]).encode())
        except OSError as error:
            raise StoreNotWritable("The passwords can't be kept.", "Check the temporary folder.") from error
        return str(path)

    def close(self) -> None:
        """Forget them, and delete the file."""
        self._given.clear()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
