"""List the files of a library. In: a folder or a file. Out: file entries. Opens none of them."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bunko.errors import LibraryNotFound
from bunko.reading.text.encoding import decode

IGNORE_FILE = ".bunkoignore"
_NOT_DOCUMENTS = frozenset({"node_modules", "__pycache__", "Thumbs.db", "desktop.ini"})
# A folder or file that is there, and can't be listed or looked at: without permission, with too long a path, on a disk
# that fails.
_CLOSED = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.EIO)
_INDEX_TABLE = "documents.lance"
_INDEX_FILES = frozenset({"writer.lock", "writer.pid", "answers.sqlite", "answers.sqlite-journal", "seal.json"})


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


def list_files(root: Path, *, ignore: Iterable[str] = ()) -> list[FileEntry]:
    """Return the files of a library, sorted by path; `root` may be a single file.

    Hidden files, indexes, and files that `.bunkoignore` or `ignore` (gitignore's syntax) match are left out. Links are
    followed only to files inside the folder. A folder that may not be listed, and a path that is too long, are listed
    as files that can't be read. Raises LibraryNotFound if `root` is missing or may not be listed.
    """
    try:
        if root.is_file():
            return [_entry(root, root.name)]
        if not root.is_dir():
            raise LibraryNotFound(f"There is no folder or file {str(root)!r}.", "Check the path.")
        os.listdir(root)  # raises where the folder itself may not be listed; os.walk would hide that
    except FileNotFoundError as error:
        raise LibraryNotFound(f"The folder {str(root)!r} is gone.", "Check the path.") from error
    except PermissionError as error:
        raise LibraryNotFound(f"The folder {str(root)!r} may not be read.", "Check its permissions.") from error
    skips = _IgnoreRules(root, ignore)
    return sorted(_with_unicode_paths(_walk(root, skips)), key=lambda entry: entry.path)


def _walk(root: Path, skips: _IgnoreRules) -> Iterator[FileEntry]:
    real_root = root.resolve()
    closed: list[OSError] = []
    # Links to folders are not entered: no loops, nothing from outside.
    for folder, folders, files in os.walk(root, onerror=closed.append):
        above = Path(folder)
        is_index = _INDEX_TABLE in folders  # put there with --store
        if is_index:
            if above != root:
                folders.clear()
                continue
            folders[:] = [name for name in folders if not name.endswith(".lance")]
        folders[:] = [name for name in folders if not skips(above / name, is_folder=True)]
        for name in files:
            path = above / name
            if skips(path, is_folder=False) or (is_index and name in _INDEX_FILES):
                continue
            try:
                if path.is_symlink() and not path.resolve().is_relative_to(real_root):
                    continue
                if path.is_file():
                    yield _entry(path, path.relative_to(root).as_posix())
            except (OSError, RuntimeError) as error:  # RuntimeError: a link to itself, before Python 3.13
                if getattr(error, "errno", None) in _CLOSED:
                    yield _closed(path, root)
                continue  # else it vanished meanwhile; the next sync lists what is there then
    for fault in closed:
        if fault.errno in _CLOSED and fault.filename:
            yield _closed(Path(fault.filename), root)


def _closed(path: Path, root: Path) -> FileEntry:
    """Return an entry for a file or folder that can't be looked into. Reading it fails, so that it is reported."""
    return FileEntry(path=path.relative_to(root).as_posix(), absolute=path, size=0, modified_ns=0)


def _with_unicode_paths(entries: Iterable[FileEntry]) -> list[FileEntry]:
    """Give names that are not UTF-8, as old archives unpack them, a path that can be stored and printed."""
    listed = list(entries)
    taken = {entry.path for entry in listed}
    for n, entry in enumerate(listed):
        data = os.fsencode(entry.path)
        if entry.path != data.decode("utf-8", "replace"):
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
    def __init__(self, root: Path, patterns: Iterable[str]) -> None:
        self._root = root
        lines = list(patterns)
        if (file := root / IGNORE_FILE).is_file():
            lines += file.read_text(encoding="utf-8", errors="replace").splitlines()
        self._spec = None
        if lines:
            import pathspec

            self._spec = pathspec.GitIgnoreSpec.from_lines(lines)

    def __call__(self, path: Path, *, is_folder: bool) -> bool:
        name = path.name
        if is_hidden(name):
            return True
        if self._spec is None:
            return False
        relative = path.relative_to(self._root).as_posix()
        return bool(self._spec.match_file(relative + "/" if is_folder else relative))
