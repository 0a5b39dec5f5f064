"""Sign what this user's installation made. In: bytes. Out: a signature that no other installation can make.

The key is random, and lies in the user's own data directory, where only he can read it: never in a library. A second
file there notes which index is being written, so that one that was interrupted is known as well. Where the directory
can't be written, there is no key: nothing is signed, and no signature is believed.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import stat
import sys
from functools import cache
from pathlib import Path

KEY_NAME = "index.key"
_KEY_BYTES = 32
_BEING_WRITTEN = "being-written"


def data_directory() -> Path:
    """Return the user's own directory of data that must not be lost, which may not exist."""
    import platformdirs

    return Path(platformdirs.user_data_dir("bunko", appauthor=False))


def user_key() -> bytes | None:
    """Return this user's key, made when it is first needed; None where none can be kept."""
    return _key(data_directory())


@cache
def _key(directory: Path) -> bytes | None:
    path = directory / KEY_NAME
    try:
        if (found := _read(path)) is not None:
            return found
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = directory / f".{KEY_NAME}.{secrets.token_hex(4)}"
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            _name(fresh, path)
        finally:
            with contextlib.suppress(OSError):
                fresh.unlink()
        return _read(path)
    except OSError:
        return None


def _name(fresh: Path, path: Path) -> None:
    """Give a whole file its name, unless another process was faster."""
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    except OSError:  # the file system has no second names
        if not path.exists():
            fresh.replace(path)


def _read(path: Path) -> bytes | None:
    """Return the key in a file; None if there is none. Raises PermissionError for one that others can read or write."""
    try:
        state = path.stat()
        key = path.read_bytes()
    except FileNotFoundError:
        return None
    if sys.platform != "win32" and stat.S_IMODE(state.st_mode) & 0o077:
        path.chmod(0o600)  # a copied key; one that another user owns raises here
    if len(key) < _KEY_BYTES:
        raise PermissionError(1, "the key is too short", str(path))
    return key


def signature(purpose: str, *parts: bytes) -> str:
    """Return the signature of some parts for a purpose, in hexadecimal; empty if there is no key."""
    key = user_key()
    if key is None:
        return ""
    made = hmac.new(key, purpose.encode(), hashlib.sha256)
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return made.hexdigest()


def is_signed(mark: str, purpose: str, *parts: bytes) -> bool:
    """Return whether a signature is this user's."""
    wanted = signature(purpose, *parts)
    return bool(wanted) and hmac.compare_digest(mark.encode("utf-8", "replace"), wanted.encode())


# --- indexes that are being written --------------------------------------------------------------------------------


def note_writing(name: str) -> None:
    """Note that this installation writes the index of this name. The note stays if the process is killed."""
    with contextlib.suppress(OSError):
        path = _note(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)


def forget_writing(name: str) -> None:
    """Remove the note: the index is whole and signed."""
    with contextlib.suppress(OSError):
        _note(name).unlink()


def is_being_written(name: str) -> bool:
    """Return whether this installation is writing the index, or was interrupted."""
    return _note(name).is_file()


def _note(name: str) -> Path:
    return data_directory() / _BEING_WRITTEN / hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
