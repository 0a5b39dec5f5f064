"""List the files of a library. In: a folder or a file. Out: file entries. Opens none of them."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bunko.errors import LibraryNotFound, SettingsError
from bunko.reading.ignore import MOST_CHARACTERS, IgnorePatterns
from bunko.reading.links import LinksAndPipes
from bunko.types import FailedFile, LeftOut

IGNORE_FILE = ".bunkoignore"
_NOT_DOCUMENTS = frozenset({"node_modules", "__pycache__", "Thumbs.db", "desktop.ini"})
INDEX_SUFFIX = ".lance"
"""The ending of the folders in which LanceDB keeps the tables of an index."""
# A folder or file that is there, and can't be listed or looked at: without permission, with too long a path, on a disk
# that fails.
_CLOSED = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.EIO)
INDEX_TABLES = ("documents.lance", "chunks.lance", "files.lance")
INDEX_FILES = frozenset(
    "writer.lock writer.pid completing.lock completing.pid answers.sqlite answers.sqlite-journal seal.json".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """A file as the folder lists it. `path` is relative, with forward slashes."""

    path: str
    absolute: Path
    size: int
    modified_ns: int


def content_digest(file: FileEntry) -> str:
    """Return a digest of a file's bytes, or "unreadable"."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        with file.absolute.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError:
        return "unreadable"  # the reader reports why
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a folder holds."""

    files: list[FileEntry]
    """The files of the library, sorted by path."""
    left_out: tuple[LeftOut, ...] = ()
    """Links, pipes and the like that are not read, sorted by path; not those that are hidden or ignored."""

    @property
    def first_left_out(self) -> str:
        """The first thing that is left out, as the end of a sentence; empty if there is none."""
        return f"; {self.left_out[0].path}: {self.left_out[0].reason}" if self.left_out else ""


def list_files(root: Path, *, ignore: Iterable[str] = ()) -> list[FileEntry]:
    """Return the files of a library, sorted by path. Raises LibraryNotFound as `list_folder` does."""
    return list_folder(root, ignore=ignore).files


def list_folder(root: Path, *, ignore: Iterable[str] = ()) -> Listing:
    """Return the files of a library, and what is left out; `root` may be a single file.

    Hidden files, indexes, and files that `.bunkoignore` or `ignore` (gitignore's syntax) match are not listed. Links
    are followed only to files inside the folder. A folder that may not be listed, and a path that is too long, are
    among the files, and can't be read. Raises LibraryNotFound if `root` is missing or may not be listed, SettingsError
    for what is no pattern in `ignore`.
    """
    try:
        if root.is_file():
            return Listing(files=[_entry(root, root.name)])
        if not root.is_dir():
            raise LibraryNotFound(f"There is no folder or file {str(root)!r}.", "Check the path.")
        os.listdir(root)  # raises where the folder itself may not be listed; os.walk would hide that
    except FileNotFoundError as error:
        raise LibraryNotFound(f"The folder {str(root)!r} is gone.", "Check the path.") from error
    except PermissionError as error:
        raise LibraryNotFound(f"The folder {str(root)!r} may not be read.", "Check its permissions.") from error
    skips = _IgnoreRules(root, ignore)
    skipped = LinksAndPipes(root)
    files = sorted(_with_unicode_paths(_walk(root, skips, skipped)), key=lambda entry: entry.path)
    return Listing(files=files, left_out=skipped.sorted())


def _walk(root: Path, skips: _IgnoreRules, skipped: LinksAndPipes) -> Iterator[FileEntry]:
    closed: list[OSError] = []
    # Links to folders are not entered: no loops, nothing from outside.
    for folder, folders, files in os.walk(root, onerror=closed.append):
        above = Path(folder)
        is_index = _is_index(above, folders)  # put there with --store
        if is_index:
            if above != root:
                folders.clear()
                continue
            folders[:] = [name for name in folders if not name.endswith(INDEX_SUFFIX)]
        folders[:] = [name for name in folders if not skips(above / name, is_folder=True)]
        folders[:] = [name for name in folders if not skipped.is_linked_folder(above / name)]
        for name in files:
            path = above / name
            if skips(path, is_folder=False) or (is_index and name in INDEX_FILES):
                continue
            try:
                if skipped.is_readable(path):
                    yield _entry(path, path.relative_to(root).as_posix())
            except OSError as error:
                if error.errno in _CLOSED:
                    yield _closed(path, root)
                continue  # else it vanished meanwhile; the next sync lists what is there then
    for fault in closed:
        if fault.errno in _CLOSED and fault.filename:
            yield _closed(Path(fault.filename), root)


def _closed(path: Path, root: Path) -> FileEntry:
    """Return an entry for a file or folder that can't be looked into. Reading it fails, so that it is reported."""
    return FileEntry(path=path.relative_to(root).as_posix(), absolute=path, size=0, modified_ns=0)


def _is_index(folder: Path, names: Iterable[str]) -> bool:
    """Return whether a folder holds the tables of an index. A folder that only has such a name hides no documents."""
    return set(INDEX_TABLES) <= set(names) and all((folder / name / "_versions").is_dir() for name in INDEX_TABLES)


def _with_unicode_paths(entries: Iterable[FileEntry]) -> list[FileEntry]:
    """Give names that are not UTF-8, as old archives unpack them, a path that can be stored and printed."""
    listed = list(entries)
    taken = {entry.path for entry in listed}
    for n, entry in enumerate(listed):
        data = os.fsencode(entry.path)
        if entry.path != data.decode("utf-8", "replace"):
            from bunko.reading.text.encoding import decode

            readable = "/".join(decode(part) for part in data.split(b"/"))
            path = data.decode("utf-8", "backslashreplace") if readable in taken else readable
            taken.add(path)
            listed[n] = replace(entry, path=path)
    return listed


def is_hidden(name: str) -> bool:
    """Return whether a file or folder is hidden, or a leftover of a program.

    >>> is_hidden(".git"), is_hidden("~$report.docx"), is_hidden("report.docx")
    (True, True, False)
    """
    return name.startswith((".", "~$")) or name in _NOT_DOCUMENTS


def _entry(path: Path, relative: str) -> FileEntry:
    status = path.stat()
    return FileEntry(path=relative, absolute=path, size=status.st_size, modified_ns=status.st_mtime_ns)


class _IgnoreRules:
    """What is left out: the patterns of the settings first, so that those of the folder can make exceptions."""

    def __init__(self, root: Path, patterns: Iterable[str]) -> None:
        self._root = root
        own = list(patterns)
        for fault in IgnorePatterns(own).faults:
            raise SettingsError(
                f"reading.ignore has {fault.line!r}, which is not a pattern: {fault.reason}.",
                "The patterns are those of .gitignore.",
            )
        self._patterns = IgnorePatterns([*own, *_lines_of(root / IGNORE_FILE)])

    def __call__(self, path: Path, *, is_folder: bool) -> bool:
        if is_hidden(path.name):
            return True
        if not self._patterns:
            return False
        return self._patterns.matches(path.relative_to(self._root).as_posix(), is_folder=is_folder)


def ignore_faults(root: Path) -> tuple[FailedFile, ...]:
    """Return why `.bunkoignore`, or lines of it, can't be used; empty if all can."""
    path = root / IGNORE_FILE
    if path.is_symlink():
        return (_fault("It is a link, which is not followed.", "Put the file itself there."),)
    return tuple(
        _fault(
            f"Line {fault.number}, {fault.line!r}, is not used: {fault.reason}.", "Its syntax is that of .gitignore."
        )
        for fault in IgnorePatterns(_lines_of(path)).faults
    )


def _fault(error: str, hint: str) -> FailedFile:
    return FailedFile(path=IGNORE_FILE, error=error, hint=hint)


def _lines_of(path: Path) -> list[str]:
    """Return the lines of a folder's ignore file, a little more of them than are used; none of a link or a device."""
    try:
        if path.is_symlink() or not path.is_file():
            return []
        with path.open("rb") as file:
            data = file.read(4 * MOST_CHARACTERS + 4)
    except OSError:
        return []
    return data.decode("utf-8-sig", "replace").splitlines()
