"""A folder of documents, listed as `bunko index` lists it. Every machine has to see it at the same path."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from bunko.reading.folder import FileEntry, list_folder
from bunko.sources import Listed, Source, SourceListing, listing_table


class FolderSource:
    """A folder, or a single file."""

    def __init__(self, root: Path, *, ignore: Sequence[str]) -> None:
        self._root = root
        self._ignore = tuple(ignore)

    @property
    def name(self) -> str:
        """Its path."""
        return str(self._root)

    def listing(self) -> SourceListing:
        """List the folder; see `bunko.reading.folder.list_folder`."""
        found = list_folder(self._root, ignore=self._ignore)
        return SourceListing(files=listing_table([self._listed(file) for file in found.files]), left_out=found.left_out)

    def fetch(self, files: Sequence[Listed], into: Path) -> list[FileEntry]:
        """Return the files where they are."""
        alone = self._root.parent if self._root.is_file() else self._root
        return [
            FileEntry(
                path=file.path,
                absolute=alone / (os.fsdecode(file.place) or file.path),
                size=file.size,
                modified_ns=file.modified_ns,
            )
            for file in files
        ]

    def _listed(self, file: FileEntry) -> Listed:
        """Return what is listed; a name that is not UTF-8 has a path of its own making, and keeps its bytes."""
        place = os.fsencode(file.absolute)
        plain = place.endswith(os.fsencode(Path(file.path)))
        relative = b"" if plain else os.fsencode(file.absolute.relative_to(self._root))
        return Listed(path=file.path, size=file.size, modified_ns=file.modified_ns, place=relative)


def open_source(address: str, *, ignore: Sequence[str]) -> Source:
    """Return the folder at a path."""
    return FolderSource(Path(address).expanduser().absolute(), ignore=ignore)
