"""Where a library's own files are. In: the folder, or single document, that it is of. Out: paths. Opens nothing."""

from __future__ import annotations

import os
from pathlib import Path

STORE_FOLDER = ".bunko"


def home_of(root: Path) -> Path:
    """Return the folder of Bunko's own files: a single document has one of its own beside it."""
    is_file = os.path.isfile(root)  # noqa: PTH113 (Path.is_file raises where a folder may not be looked into)
    return root.parent / STORE_FOLDER / "files" / root.name if is_file else root / STORE_FOLDER


def config_file(root: Path) -> Path:
    """Return where a library's own settings would be."""
    return home_of(root) / "config.toml"
