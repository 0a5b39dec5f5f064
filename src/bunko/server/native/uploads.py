"""Write uploaded files into a library's folder. In: a name and chunks of bytes. Out: a complete file, or none.

Names come from outside: only paths inside the folder are accepted, and only names that every system allows. Knows
nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import secrets
import unicodedata
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

from bunko.errors import (
    DiskFull,
    InvalidRequest,
    NameTaken,
    StoreNotWritable,
    UploadRefused,
    UploadTooLarge,
)
from bunko.reading.folder import INDEX_SUFFIX, is_hidden
from bunko.server.hosting.jobs import in_thread

Existing: TypeAlias = Literal["refuse", "replace"]
"""What happens to a file of the same name."""

# Windows reserves these names for devices, with any suffix.
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³")})
_NOT_IN_NAMES = frozenset('<>:"|?*\\')
_LONGEST_NAME = 200  # bytes; a temporary name is a little longer, and systems stop at 255
_DEEPEST = 10
# A client that sends nothing for this long is disconnected.
_SILENT_S = 60.0


def safe_path(path: str) -> str:
    r"""Return a path below a folder in the form in which it is stored. Raises InvalidRequest for any other.

    >>> safe_path("minutes/May 2024.pdf")
    'minutes/May 2024.pdf'
    >>> safe_path("../x.txt")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    bunko.errors.InvalidRequest: The name '../x.txt' can't be taken: '..' is no name. ...
    """
    path = unicodedata.normalize("NFC", path)
    parts = path.split("/")
    reason = "it is too deep" if len(parts) > _DEEPEST else next(filter(None, map(_fault, parts)), "")
    if reason:
        shown = path[:100].encode("unicode_escape").decode() if not path.isprintable() else path[:100]
        raise InvalidRequest(f"The name {shown!r} can't be taken: {reason}.", _PLAIN)
    return path


_PLAIN = 'Give a plain name, such as "minutes/2024-05.pdf".'


def _fault(part: str) -> str:
    """Return why a part of a path is not a valid name; empty if it is."""
    if not part:
        return "it begins or ends with a slash, or has two of them, or is empty"
    if part in (".", "..") or part.startswith("."):
        return f"{part!r} is no name" if part in (".", "..") else "names with a dot before them are hidden"
    if part[-1] in ". " or part[0] == " ":
        return "a part of it ends in a dot, or with a space around it"
    if any(sign in _NOT_IN_NAMES for sign in part):
        return "it has a sign that not every system allows"
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for sign in part):
        return "it has a sign that can't be seen"
    if is_hidden(part) or part.casefold().endswith(INDEX_SUFFIX):
        return "Bunko keeps or leaves out files of this name"
    if part.partition(".")[0].rstrip().lower() in _DEVICES:
        return "it is the name of a device"
    if len(part.encode()) > _LONGEST_NAME:
        return "it is too long"
    return ""


def check_kind(path: str, endings: list[str]) -> None:
    """Raise UploadRefused for a kind of file that can't be read."""
    if not path.lower().endswith(tuple(endings)):
        ending = Path(path).suffix or "no ending"
        raise UploadRefused(f"A file with {ending} can't be read.", "GET /api/about lists the suffixes that can.")


def check_length(length: str, most_bytes: int) -> None:
    """Raise UploadTooLarge where the Content-Length header is above the limit."""
    if length.isascii() and length.isdecimal() and int(length) > most_bytes:
        raise UploadTooLarge(
            f"{int(length):,} bytes are more than the limit of {most_bytes:,}.", "Send a smaller file."
        )


def target_in(root: Path, path: str, *, existing: Existing) -> Path:
    """Return where to write a file. Raises InvalidRequest where a link is in the path, NameTaken, UploadRefused."""
    if not root.is_dir():
        raise UploadRefused("This library is a single file.", "Serve a folder to add to it.")
    target = root.joinpath(*path.split("/"))
    here = root
    for part in path.split("/"):
        here /= part
        if here.is_symlink():
            raise InvalidRequest(f"A part of {path!r} is a link.", "Give another name.")
        if here != target and here.exists() and not here.is_dir():
            raise NameTaken(f"A part of {path!r} is a file.", "Give another name.")
    if not target.parent.resolve().is_relative_to(root.resolve()):
        raise InvalidRequest(f"{path!r} leads out of the folder.", _PLAIN)
    if target.is_dir() or (target.exists() and existing == "refuse"):
        raise NameTaken(f"{path!r} exists already.", "Add ?replace=true to replace it.")
    return target


async def receive(chunks: AsyncIterator[bytes], target: Path, *, most_bytes: int, existing: Existing) -> int:
    """Write a file under a temporary name, and rename it once it is complete; return its size.

    Raises UploadTooLarge, NameTaken, DiskFull, StoreNotWritable, InvalidRequest where the client stops sending.
    """
    fresh = target.with_name(f".bunko-upload-{secrets.token_hex(8)}")
    size = 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINKS, 0o644), "wb") as file:
            while (chunk := await _next(chunks)) is not None:
                size += len(chunk)
                if size > most_bytes:
                    raise UploadTooLarge(f"The file is larger than {most_bytes:,} bytes.", "Send a smaller one.")
                await in_thread(partial(file.write, chunk))
        _put(fresh, target, existing=existing)
    except FileExistsError as error:
        raise NameTaken(f"{target.name!r} exists already.", "Add ?replace=true to replace it.") from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull("No space is left for the file.", "Free space on the server's disk.") from error
        raise StoreNotWritable(f"The file can't be written: {error.strerror or error}.", "Check the folder.") from error
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink()
    return size


_NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def _put(fresh: Path, target: Path, *, existing: Existing) -> None:
    if existing == "replace":
        fresh.replace(target)
    elif os.name == "nt":
        fresh.rename(target)  # raises FileExistsError there
    else:
        os.link(fresh, target)  # unlike a rename, this fails where the file exists by now


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    try:
        return await asyncio.wait_for(chunks.__anext__(), _SILENT_S)
    except StopAsyncIteration:
        return None
    except asyncio.TimeoutError as error:
        raise InvalidRequest("The rest of the file did not arrive.", "Send it again.") from error
