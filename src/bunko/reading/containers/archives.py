"""Read archives and compressed files, one member at a time. In: a path. Out: the Documents of the members.

No name from the archive is used on disk: members are streamed to temporary files with names of our own. Links, devices
and hidden files are left out.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

from bunko.errors import NeedsPassword, ReadError, UnsupportedFormat
from bunko.reading.containers.members import Context, Items, LimitReached, UniqueNames, read_member, safe_suffix
from bunko.reading.containers.passwords import read_passwords
from bunko.reading.folder import is_hidden
from bunko.reading.text.encoding import decode
from bunko.types import FailedFile, member_path

_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, ValueError, OSError)
_FETCH_AGAIN = "Fetch or pack it again."
_ENCRYPTED = 0x1  # bits of a zip member's flags
_UTF_8_NAME = 0x800


def read_zip(path: Path, relative: str, context: Context) -> Items:
    """Yield the documents of a zip archive. Raises ReadError if it is broken or must not be opened."""
    _refuse(context)
    passwords = _passwords(context)
    try:
        archive = zipfile.ZipFile(path)
    except _DAMAGED as error:
        raise ReadError(f"The archive is damaged: {error}.", _FETCH_AGAIN) from error
    unique = UniqueNames()
    with archive:
        members = archive.infolist()
        for member, name in zip(members, zip_names(members), strict=True):
            inner = safe_path(name)
            if member.is_dir() or _is_link(member) or not _is_wanted(inner):
                continue
            context.budget.take_file()
            opened = partial(_open_zipped, archive, member, passwords)
            yield from _read(opened, member_path(relative, unique(inner)), inner, context.within_archive())


def read_tar(path: Path, relative: str, context: Context) -> Items:
    """Yield the documents of a tar archive, compressed or not. Raises ReadError as read_zip does."""
    _refuse(context)
    unique = UniqueNames()
    try:
        # As a stream: an index of all members would have to unpack everything first.
        with tarfile.open(path, "r|*", encoding="utf-8", errors="surrogateescape") as archive:
            for member in archive:
                inner = safe_path(decode(member.name.encode("utf-8", "surrogateescape")))
                if not member.isreg() or not _is_wanted(inner):
                    context.budget.take_bytes(member.size)  # it is unpacked to find the next member
                    continue
                context.budget.take_file()
                opened = partial(_open_tarred, archive, member)
                yield from _read(opened, member_path(relative, unique(inner)), inner, context.within_archive())
    except _DAMAGED as error:
        raise ReadError(f"The archive is damaged: {error}.", _FETCH_AGAIN) from error


def read_compressed(path: Path, relative: str, context: Context) -> Items:
    """Yield the documents of a single compressed file, such as notes.txt.gz. Raises ReadError."""
    name, _, suffix = relative.rpartition(".")
    for item in _read(partial(_OPENERS[suffix.lower()], path), relative, name, context):
        if isinstance(item, FailedFile) and item.path == relative:
            raise ReadError(item.error, item.hint)
        yield item


_OPENERS: Mapping[str, Callable[[Path], Any]] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}


def refuse_archive(path: Path, relative: str, context: Context) -> Items:
    """Raise UnsupportedFormat for an archive of a kind that is not read, with the cure."""
    del relative, context
    raise UnsupportedFormat(
        f"Archives of the kind {safe_suffix(path.name)} are not opened.", "Unpack it, or pack it as .zip."
    )


def _refuse(context: Context) -> None:
    """Raise UnsupportedFormat if archives are not to be opened, or this one is nested too deep."""
    settings = context.settings
    if not settings.archives:
        raise UnsupportedFormat(
            "Archives are not opened unless asked.", "Open them: bunko index --archives, or reading.archives = true."
        )
    if context.depth >= settings.archive_depth:
        raise UnsupportedFormat(
            f"Archives are read {settings.archive_depth} levels deep, and this one is deeper.",
            "Raise reading.archive_depth to read it.",
        )


def _read(opened: Callable[[], IO[bytes]], relative: str, name: str, context: Context) -> Items:
    """Yield the documents of a member; one that can't be unpacked is a FailedFile."""
    try:
        with opened() as stream:
            yield from read_member(stream, relative, context, name=name)
    except LimitReached:
        raise
    except ReadError as error:
        yield FailedFile(path=relative, error=error.message, hint=error.hint)
    except NotImplementedError as error:
        yield FailedFile(path=relative, error=f"Its compression is not supported: {error}.", hint="Unpack it.")
    except (RuntimeError, *_DAMAGED) as error:
        yield FailedFile(path=relative, error=f"It is damaged: {error}.", hint=_FETCH_AGAIN)


def _open_tarred(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(member)
    if stream is None:
        raise ReadError("It is not a regular file.")
    return stream


# --- names -----------------------------------------------------------------------------------------------------


def zip_names(members: Sequence[zipfile.ZipInfo]) -> list[str]:
    """Return the members' names. Those not marked as UTF-8 are in the encoding of the system that packed them.

    They are decoded together, since one name is short, and all were written on one system.
    """
    raw = [
        member.orig_filename.encode("utf-8" if member.flag_bits & _UTF_8_NAME else "cp437", "replace")
        for member in members
    ]
    guessed = [n for n, member in enumerate(members) if not member.flag_bits & _UTF_8_NAME]
    names = [data.decode("utf-8", "replace") for data in raw]
    together = decode(b"\n".join(raw[n] for n in guessed)).split("\n")
    if len(together) != len(guessed):  # a line break in a name
        together = [decode(raw[n]) for n in guessed]
    for n, name in zip(guessed, together, strict=True):
        names[n] = name
    return names


def safe_path(name: str) -> str:
    r"""Return a member's path with forward slashes and without parts that lead out of the archive.

    >>> safe_path("../../etc/passwd"), safe_path("C:\\docs\\a.txt"), safe_path("/a//./b")
    ('etc/passwd', 'docs/a.txt', 'a/b')
    """
    parts = name.replace("\\", "/").split("/")
    if len(parts[0]) == 2 and parts[0].endswith(":"):
        parts = parts[1:]
    return "/".join(part for part in parts if part not in ("", ".", ".."))


def _is_wanted(inner: str) -> bool:
    return bool(inner) and not any(part == "__MACOSX" or is_hidden(part) for part in inner.split("/"))


def _is_link(member: zipfile.ZipInfo) -> bool:
    return (member.external_attr >> 16) & 0o170000 == 0o120000


# --- passwords -------------------------------------------------------------------------------------------------


def _passwords(context: Context) -> list[bytes]:
    file = context.settings.password_file
    return list(dict.fromkeys(_password_bytes(read_passwords(Path(file)) if file else ())))


def _open_zipped(archive: zipfile.ZipFile, member: zipfile.ZipInfo, passwords: list[bytes]) -> IO[bytes]:
    """Open a member, a locked one with the first password that fits, which is tried first from then on.

    Raises NeedsPassword.
    """
    if not member.flag_bits & _ENCRYPTED:
        return archive.open(member)
    if member.compress_type == 99:
        raise NeedsPassword("It is locked with AES, which Bunko can't open.", "Unpack the archive.")
    for password in list(passwords):
        if _fits(archive, member, password):
            passwords.remove(password)
            passwords.insert(0, password)
            return archive.open(member, pwd=password)
    if passwords:
        raise NeedsPassword("None of the passwords opens it.", "Add its password to the password file.")
    raise NeedsPassword("It is locked with a password.", "Give a file with passwords, one a line: --password-file FILE")


def _password_bytes(passwords: Sequence[str]) -> Iterator[bytes]:
    """Yield the passwords in the encodings of different systems."""
    for password in passwords:
        yield password.encode("utf-8")
        yield password.encode("cp932", "ignore")


def _fits(archive: zipfile.ZipFile, member: zipfile.ZipInfo, password: bytes) -> bool:
    """Return whether a password opens a member. Zip checks one byte only, so the content must unpack as well."""
    try:
        with archive.open(member, pwd=password) as stream:
            stream.read(1 << 12)
    except (RuntimeError, zipfile.BadZipFile, zlib.error, EOFError):
        return False
    return True
