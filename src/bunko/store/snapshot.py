"""Keep a copy of a library's published version on this machine's disk. In: a URL, a folder. Out: Published.

The files of Lance's tables never change, so a later version is fetched by its new files alone. A file in the folder
names the version that is there (store/place.py): whoever has the copy open goes to a later one when it is whole. Files
that are in no version any longer stay until the version after, for whoever still reads them.
"""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bunko.errors import DiskFull, NotIndexed, StoreDamaged
from bunko.private_files import make_private, read_plain, write_plain
from bunko.store.control import CONTROL
from bunko.store.faults import mapped
from bunko.store.objects import ObjectFolder
from bunko.store.place import PUBLISHED_FILE
from bunko.store.published import Published, as_json, parse, published
from bunko.store.remote import connect
from bunko.store.tables import table_names

_AT_ONCE = 8
# Bytes that stay free on the disk, for the models and whatever else is there.
_SPARE = 1 << 30
# What a reader of a version opens. The rest is for writers.
_READ = ("data/", "_deletions/", "_indices/")
_VERSIONS = "_versions/"


class Snapshot:
    """A copy of one library, in a folder of its own."""

    def __init__(self, location: str, folder: Path) -> None:
        """Copy nothing yet. Raises StoreError where the place can't be opened."""
        self.folder = folder
        self._location = location
        with mapped("opened", location):
            self._database = connect(location)
            self._objects = ObjectFolder(location)
        self._before: set[str] | None = None  # what the last version had

    @property
    def here(self) -> Published | None:
        """The version that is on this machine; None where none is yet."""
        content = read_plain(self.folder / PUBLISHED_FILE, most=10_000_000)
        return parse(content.decode(), str(self.folder)) if content else None

    def update(self) -> bool:
        """Fetch the published version, unless it is here; return whether the copy has changed.

        Raises NotIndexed where there is no library, DiskFull where it does not fit on the disk, StoreError.
        """
        version = self._wanted()
        here = self.here
        if here is not None and here.tables == version.tables and here.number == version.number:
            return False
        with mapped("copied", self._location):
            wanted = self._listed(version)
            make_private(self.folder)
            self._fetch({name: size for name, size in wanted.items() if not self._has(name, size)})
            write_plain(self.folder / PUBLISHED_FILE, as_json(version).encode())
            self._drop_older(set(wanted))
        return True

    def _wanted(self) -> Published:
        """Return the published version; of a library that was copied there, the latest versions."""
        if version := published(self._database, self._location):
            return version
        with mapped("read", self._location):
            names = [name for name in table_names(self._database) if name != CONTROL]
            tables = {name: int(self._database.open_table(name).version) for name in names}
        if "documents" not in tables:
            raise NotIndexed(
                f"There is no index in {self._location!r}.", f"Create it: bunko index FOLDER --store {self._location}"
            )
        return Published(number=0, at=time.time(), tables=tables)

    def _listed(self, version: Published) -> dict[str, int]:
        """Return the size of each file of a version, by its path. Raises StoreDamaged where its manifest is missing."""
        found: dict[str, int] = {}
        for table, number in version.tables.items():
            listed = self._objects.list(f"{table}.lance")
            manifests = [name for name in listed if name.startswith(_VERSIONS) and version_in(name) == number]
            if not manifests:
                raise StoreDamaged(
                    f"Version {number} of the table {table!r} is not in {self._location!r} any longer.",
                    "If it was cleaned up meanwhile, the next look finds a later one.",
                )
            names = [name for name in listed if name.startswith(_READ)] + manifests
            found |= {f"{table}.lance/{name}": listed[name] for name in names}
        return found

    def _has(self, name: str, size: int) -> bool:
        try:
            return (self.folder / name).stat().st_size == size
        except OSError:
            return False

    def _fetch(self, missing: dict[str, int]) -> None:
        needed, free = sum(missing.values()), shutil.disk_usage(self.folder).free
        if needed + _SPARE > free:
            raise DiskFull(
                f"A copy of the index in {self._location!r} takes {needed / 1e9:.1f} GB more; the disk of "
                f"{str(self.folder)!r} has {free / 1e9:.1f} GB, of which 1 GB stays free.",
                "Name a folder on a larger disk with --cache, or search on the store itself with --cache none.",
            )
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda name: self._objects.fetch(name, self.folder / name), missing))

    def _drop_older(self, wanted: set[str]) -> None:
        """Delete what neither this version nor the one before has."""
        if self._before is not None:
            for path in [*self.folder.glob("*.lance/**/*")]:
                name = path.relative_to(self.folder).as_posix()
                if path.is_file() and name not in wanted and name not in self._before:
                    path.unlink()
        self._before = wanted


def version_in(name: str) -> int:
    """Return the version whose manifest has this name; -1 for another file.

    >>> version_in("_versions/18446744073709551608.manifest"), version_in("_versions/7.manifest")
    (7, 7)
    """
    stem, _, ending = name.rpartition("/")[2].partition(".")
    if ending != "manifest" or not stem.isdecimal():
        return -1
    number = int(stem)
    return number if number < 1 << 63 else (1 << 64) - 1 - number
