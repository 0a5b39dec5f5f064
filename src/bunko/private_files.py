"""Read and write the program's own files inside folders that may come from somebody else. Out: bytes, or OSError.

A folder that was received may hold anything under `.bunko`: links to other places, devices, files with two names. None
is followed, opened or written through. A file is created exclusively, for this user alone, and replaces the old one by
its name. Knows nothing of what the files hold.

Windows has no O_NOFOLLOW: there a link is looked for before a file is opened, and a program of the same user that
swaps the file in between is not noticed. Permissions are those of the folder there.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
from pathlib import Path

from bunko.paths import STORE_FOLDER

NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Flags of os.open that keep it from following a link, and from waiting for a pipe's other end."""
_JUNCTIONS = (0xA000000C, 0xA0000003)  # IO_REPARSE_TAG_SYMLINK and IO_REPARSE_TAG_MOUNT_POINT


class LinkFound(OSError):
    """There is a link, or a file of another kind, where the program keeps a file of its own."""

    def __init__(self, path: Path) -> None:
        super().__init__(0, "it is a link, or no plain file", str(path))
        self.path = path


def is_link(path: Path) -> bool:
    """Return whether a path is a symbolic link or a junction, whatever it leads to."""
    try:
        state = os.lstat(path)
    except (OSError, ValueError):
        return False
    return leads_elsewhere(state)


def leads_elsewhere(state: os.stat_result) -> bool:
    """Return whether a state that `os.lstat` returned is that of a symbolic link or a junction."""
    return stat.S_ISLNK(state.st_mode) or getattr(state, "st_reparse_tag", 0) in _JUNCTIONS


def link_above(path: Path) -> Path | None:
    """Return the first link from `.bunko` down to `path`; None if there is none, or no `.bunko` above.

    Links above `.bunko` are the user's own: he named the folder.
    """
    parts = [path, *path.parents]
    tops = [n for n, part in enumerate(parts) if part.name == STORE_FOLDER]
    if not tops:
        return None
    own = reversed(parts[: tops[0] + 1])
    return next((part for part in own if is_link(part)), None)


def is_plain(path: Path) -> bool:
    """Return whether a path is a regular file, and neither it nor anything above it under `.bunko` is a link."""
    try:
        state = os.lstat(path)
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(state.st_mode) and not is_link(path) and link_above(path) is None


def remove_foreign(path: Path) -> None:
    """Delete what is no file of ours at a path: a link, a pipe, a device, a name that a file has beside another.

    Looks once: what another process of ours makes or deletes meanwhile is left alone. Raises OSError, and LinkFound
    for a folder.
    """
    try:
        state = os.lstat(path)
    except FileNotFoundError:
        return
    if leads_elsewhere(state) or not stat.S_ISREG(state.st_mode) or state.st_nlink > 1:
        if stat.S_ISDIR(state.st_mode) and not leads_elsewhere(state):
            raise LinkFound(path)
        path.unlink(missing_ok=True)


def read_plain(path: Path, *, most: int) -> bytes | None:
    """Return a file's first `most` bytes; None where it is missing or is not plain. Raises OSError."""
    if not is_plain(path):
        return None
    with os.fdopen(os.open(path, os.O_RDONLY | NO_LINK), "rb") as file:
        return file.read(most) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None


def write_plain(path: Path, content: bytes) -> None:
    """Replace a file, whatever is there, with one that only this user can read. Raises OSError, LinkFound."""
    if found := link_above(path.parent):
        raise LinkFound(found)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_LINK, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink()


def make_place(path: Path) -> None:
    """Make sure that nothing but a plain file can be opened at `path`: unlink a link, or a name that it shares.

    What the link leads to stays. An empty file is created if there is none; in a folder of this user alone, one that
    others can read is closed to them. Raises OSError, LinkFound.
    """
    if found := link_above(path.parent):
        raise LinkFound(found)
    remove_foreign(path)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_LINK, 0o600))
    if is_open(path) and not is_open(path.parent):
        with contextlib.suppress(OSError):  # it belongs to another user
            path.chmod(0o600)


def make_private(folder: Path) -> None:
    """Create a folder that only this user can enter. One that exists under `.bunko` is closed to others.

    A folder elsewhere was named by the user, who decides who may enter it. Raises OSError, LinkFound.
    """
    if found := link_above(folder):
        raise LinkFound(found)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not folder.is_dir():
        raise NotADirectoryError(20, "there is a file in its place", str(folder))
    if STORE_FOLDER in folder.parts and is_open(folder):
        with contextlib.suppress(OSError):  # read-only, or of another user, as volumes of containers may be
            folder.chmod(0o700)


def is_open(path: Path) -> bool:
    """Return whether others than its owner may use a file or folder. Windows has no such bits."""
    return sys.platform != "win32" and bool(os.lstat(path).st_mode & 0o077)
