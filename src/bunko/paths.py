"""Where a library keeps its own files. In: its folder, or single document. Out: paths. Opens nothing."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

STORE_FOLDER = ".bunko"


def home_of(root: Path) -> Path:
    """Return the folder of Bunko's own files: in the library's folder, or beside its single document."""
    is_file = os.path.isfile(root)  # noqa: PTH113 (Path.is_file raises where the folder can't be read)
    return root.parent / STORE_FOLDER / "files" / root.name if is_file else root / STORE_FOLDER


def config_file(root: Path) -> Path:
    """Return the path of a library's own config file, whether or not it exists."""
    return home_of(root) / "config.toml"


def folder_for(location: str, cache: Path) -> Path:
    """Return the folder of this machine's own files of a library on an object store, in the cache; it may not exist."""
    name = hashlib.blake2b(location.rstrip("/").encode(), digest_size=8).hexdigest()
    return cache / "libraries" / f"{location.rstrip('/').rpartition('/')[2]}-{name}"
