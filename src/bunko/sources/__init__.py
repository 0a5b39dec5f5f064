"""Where documents come from. In: a folder or an address. Out: a Source, which lists files and fetches them.

folder   a folder that every machine sees at the same path
s3       the objects below a prefix of an S3-compatible object store
objects  what all object stores have in common

A new kind is one file here, named like the scheme of its addresses (`gs.py` for `gs://…`), with a function
`open_source(address, *, ignore)`. Knows nothing of documents and indexes.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bunko.errors import UsageError

if TYPE_CHECKING:
    from bunko.reading.folder import FileEntry
    from bunko.types import LeftOut

_ADDRESS = re.compile(r"([a-z][a-z0-9]*)://.", re.ASCII)
_NO_SCHEMES = ("folder", "objects")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file as a source lists it. Values only, so that it can be sent to another machine."""

    path: str
    """Relative, with forward slashes, as documents are named."""
    size: int
    modified_ns: int
    place: bytes = b""
    """Where the source finds it, if that is not its path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceListing:
    """What a source holds."""

    files: Any
    """An Arrow table with a row for each file and the columns of `Listed`."""
    left_out: tuple[LeftOut, ...] = ()
    """What is not read, and why."""


class Source(Protocol):
    """Documents at one address. Opening one reads nothing; it can be opened again on another machine."""

    @property
    def name(self) -> str:
        """Its address, as messages show it."""
        ...

    def listing(self) -> SourceListing:
        """Return what is there now. Raises LibraryNotFound if the place is missing or may not be listed."""
        ...

    def fetch(self, files: Sequence[Listed], into: Path) -> list[FileEntry]:
        """Return the files with paths on this machine, in order; a remote one is copied into the folder `into` first.

        A file that is gone meanwhile keeps a path at which there is nothing: reading it fails, and is reported.
        """
        ...


def open_source(address: str, *, ignore: Sequence[str] = ()) -> Source:
    """Return the source at an address: a folder or, with `://`, what the module of that scheme opens.

    `ignore` are patterns of files to leave out, in gitignore's syntax. Raises UsageError for an unknown scheme.
    """
    found = _ADDRESS.match(address)
    if found is None and "://" not in address:
        from bunko.sources import folder

        return folder.open_source(address, ignore=ignore)
    scheme = found[1] if found else ""
    if not scheme or scheme in _NO_SCHEMES or importlib.util.find_spec(f"{__name__}.{scheme}") is None:
        raise UsageError(
            f"{address!r} is no source of documents that Bunko knows.",
            "Name a folder, or a prefix as s3://bucket/path.",
        )
    source: Source = importlib.import_module(f"{__name__}.{scheme}").open_source(address, ignore=ignore)
    return source


def listing_table(rows: Sequence[Listed]) -> Any:
    """Return files as the Arrow table of a SourceListing."""
    import pyarrow as pa

    return pa.table(
        {
            "path": pa.array([row.path for row in rows], pa.string()),
            "size": pa.array([row.size for row in rows], pa.int64()),
            "modified_ns": pa.array([row.modified_ns for row in rows], pa.int64()),
            "place": pa.array([row.place for row in rows], pa.binary()),
        }
    )
