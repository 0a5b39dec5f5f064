"""Documents on an object store. In: a file system of Arrow, and a prefix. Out: a Source.

Objects are listed by one request for each thousand, and each is copied whole before it is read. Their names come from
whoever may write there: a name that is no plain path is left out.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bunko.errors import LibraryNotFound
from bunko.reading.folder import IGNORE_FILE, INDEX_FILES, INDEX_SUFFIX, INDEX_TABLES, FileEntry, is_hidden
from bunko.reading.ignore import MOST_CHARACTERS, IgnorePatterns
from bunko.sources import Listed, SourceListing, listing_table
from bunko.types import LeftOut

_BLOCK = 1 << 20


class ObjectSource:
    """The objects below a prefix."""

    def __init__(self, address: str, *, connect: Callable[[], Any], ignore: Sequence[str]) -> None:
        """`address` has a scheme, a bucket and a prefix; `connect` opens Arrow's file system when it is first used."""
        self._address = address.rstrip("/")
        self._base = self._address.partition("://")[2]
        self._connect = connect
        self._system: Any = None
        self._ignore = tuple(ignore)

    @property
    def name(self) -> str:
        """The address."""
        return self._address

    def listing(self) -> SourceListing:
        """List the objects, without those that are hidden or ignored, and without indexes.

        Raises LibraryNotFound if the bucket is missing, or may not be listed.
        """
        from pyarrow import fs

        try:
            single = self._files().get_file_info(self._base)
            if single.type == fs.FileType.File:
                folder, _, name = self._base.rpartition("/")
                found, base = [(name, single)], folder
            else:
                every = self._files().get_file_info(fs.FileSelector(self._base, recursive=True))
                base = self._base
                found = [(info.path[len(base) + 1 :], info) for info in every if info.type == fs.FileType.File]
            skips = self._skips(base, [path for path, _ in found])
        except OSError as error:
            raise LibraryNotFound(
                f"{self._address} can't be listed: {_first_line(error)}.",
                "Check the address, the keys in the environment (AWS_ACCESS_KEY_ID and the like), and their rights.",
            ) from error
        rows, left_out = [], []
        for path, info in sorted(found, key=lambda one: one[0]):
            if not _is_plain(path):
                left_out.append(LeftOut(path=path, reason="Its name is no path: a part of it is empty, `.` or `..`."))
            elif not skips(path):
                rows.append(Listed(path=path, size=info.size, modified_ns=info.mtime_ns or 0))
        return SourceListing(files=listing_table(rows), left_out=tuple(left_out))

    def fetch(self, files: Sequence[Listed], into: Path) -> list[FileEntry]:
        """Copy the objects into a folder. One that is gone, or can't be read, has no copy there."""
        entries = []
        for file in files:
            target = into / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            self._copy(file.path, target)
            entries.append(FileEntry(path=file.path, absolute=target, size=file.size, modified_ns=file.modified_ns))
        return entries

    def _copy(self, path: str, target: Path) -> None:
        single = self._base.rpartition("/")
        place = self._base if single[2] == path and self._is_file() else f"{self._base}/{path}"
        try:
            with self._files().open_input_stream(place) as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy, _BLOCK)
        except FileNotFoundError:
            target.unlink(missing_ok=True)

    def _is_file(self) -> bool:
        from pyarrow import fs

        return bool(self._files().get_file_info(self._base).type == fs.FileType.File)

    def _files(self) -> Any:
        if self._system is None:
            self._system = self._connect()
        return self._system

    def _skips(self, base: str, paths: Sequence[str]) -> Callable[[str], bool]:
        """Return what tells whether a path is left out, as in a folder: hidden, ignored, or of an index."""
        lines = self._ignore_lines(base) if IGNORE_FILE in paths else []
        patterns = IgnorePatterns([*self._ignore, *lines])
        indexes = _indexes(paths)

        def skips(path: str) -> bool:
            names = path.split("/")
            if any(map(is_hidden, names)):
                return True
            above = ["/".join(names[:n]) for n in range(1, len(names))]
            if "" in indexes and (names[0].endswith(INDEX_SUFFIX) or path in INDEX_FILES):
                return True
            if any(folder in indexes for folder in above):
                return True
            if not patterns:
                return False
            return any(patterns.matches(folder, is_folder=True) for folder in above) or patterns.matches(
                path, is_folder=False
            )

        return skips

    def _ignore_lines(self, base: str) -> list[str]:
        with self._files().open_input_stream(f"{base}/{IGNORE_FILE}") as stream:
            data: bytes = stream.read(4 * MOST_CHARACTERS + 4)
        return data.decode("utf-8-sig", "replace").splitlines()


def _indexes(paths: Sequence[str]) -> set[str]:
    """Return the folders that hold the tables of an index; "" is the prefix itself."""
    held: dict[str, set[str]] = {}
    for path in paths:
        for folder, table in _tables_above(path):
            held.setdefault(folder, set()).add(table)
    return {folder for folder, tables in held.items() if tables.issuperset(INDEX_TABLES)}


def _tables_above(path: str) -> Iterator[tuple[str, str]]:
    names = path.split("/")
    for n, name in enumerate(names[:-2]):
        if name in INDEX_TABLES and names[n + 1] == "_versions":
            yield "/".join(names[:n]), name


def _is_plain(path: str) -> bool:
    return all(name not in ("", ".", "..") for name in path.split("/")) and "\0" not in path


def _first_line(error: OSError) -> str:
    return str(error).splitlines()[0][:300].rstrip(".") if str(error) else type(error).__name__
