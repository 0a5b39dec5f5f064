"""Libraries that users make from the page. In: a name, or a folder of this machine. Out: folders, remembered on disk.

A new library is a folder in the user's data directory. Removing one from the list deletes no file. Knows nothing of
HTTP.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from bunko.errors import InvalidRequest, LibraryNotFound, NameTaken, StoreNotWritable
from bunko.paths import STORE_FOLDER
from bunko.private_files import LinkFound, make_private, read_plain, write_plain

_LIST = "libraries.json"
_MOST_BYTES = 1_000_000
_MOST = 200
_MOST_FOLDERS = 500


def data_folder() -> Path:
    """Return the folder of the libraries that were made from the page."""
    import platformdirs

    return Path(platformdirs.user_data_dir("bunko", appauthor=False)) / "libraries"


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeLibraries:
    """The libraries that were made or chosen on the page, in the order in which they were."""

    home: Path

    def folders(self) -> list[Path]:
        """Return those that still exist."""
        return [folder for folder in self._listed() if folder.is_dir()]

    def make(self, name: str) -> Path:
        """Make an empty folder. Raises InvalidRequest, NameTaken, StoreNotWritable."""
        from bunko.server.native.uploads import safe_path

        name = safe_path(name.strip())
        if "/" in name:
            raise InvalidRequest(f"The name {name[:100]!r} has a slash.", "Give a plain name, such as Reports.")
        folder = self.home / name
        if folder.is_dir() and folder in self._listed():
            raise NameTaken(f"There is a library {name[:100]!r} already.", "Give another name.")
        try:
            make_private(self.home)
            folder.mkdir(exist_ok=True)  # one that was removed from the list comes back with its files
        except (OSError, LinkFound) as error:
            raise StoreNotWritable(f"The library can't be made: {error}.", "Check the data directory.") from error
        self.remember(folder)
        return folder

    def choose(self, folder: str) -> Path:
        """Return a folder of this machine, which is remembered. Raises LibraryNotFound, InvalidRequest."""
        path = absolute(folder)
        if not path.is_dir():
            raise LibraryNotFound(f"There is no folder {folder[:200]!r}.", "Choose one that exists.")
        if path.parent == path or STORE_FOLDER in path.parts:
            raise InvalidRequest(f"{folder[:200]!r} can't be a library.", "Choose a folder of documents.")
        self.remember(path)
        return path

    def remember(self, folder: Path) -> None:
        """Add a folder to the list."""
        listed = self._listed()
        if folder not in listed:
            self._write([*listed, folder])

    def forget(self, folder: Path) -> None:
        """Take a folder off the list. Its files stay."""
        listed = self._listed()
        if folder in listed:
            self._write([one for one in listed if one != folder])

    def _listed(self) -> list[Path]:
        with contextlib.suppress(OSError, ValueError, TypeError, LinkFound):
            content = read_plain(self.home / _LIST, most=_MOST_BYTES)
            tree = json.loads(content or b"[]")
            return [Path(str(one)) for one in tree][:_MOST]
        return []

    def _write(self, folders: list[Path]) -> None:
        try:
            make_private(self.home)
            write_plain(self.home / _LIST, json.dumps([str(one) for one in folders[-_MOST:]]).encode())
        except (OSError, LinkFound) as error:
            raise StoreNotWritable(f"The list of libraries can't be written: {error}.") from error


def absolute(folder: str) -> Path:
    """Return a folder's absolute path, with links followed. Raises InvalidRequest."""
    try:
        path = Path(folder).expanduser()
        if not path.is_absolute():
            raise InvalidRequest("The path of a folder begins at the root.", "Give the whole path.")
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise InvalidRequest(f"{folder[:200]!r} is no path of a folder.", "Give the whole path.") from error


def subfolders(folder: Path) -> list[str]:
    """Return the names of the folders in a folder that are not hidden. Raises LibraryNotFound."""
    try:
        with os.scandir(folder) as entries:
            names = [one.name for one in entries if not one.name.startswith(".") and one.is_dir()]
    except OSError as error:
        raise LibraryNotFound(f"{str(folder)!r} can't be read: {error.strerror or error}.") from error
    return sorted(names, key=str.casefold)[:_MOST_FOLDERS]
