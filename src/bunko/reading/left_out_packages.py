"""Say which package a file needs that a slim installation lacks. In: its name. Out: the module, or a ReadError.

`requirements/slim.txt` leaves out Kreuzberg, a ninth of the installation, which reads old office files and, with the
Tesseract that it has inside, scans.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from bunko.errors import ReadError
from bunko.installation import this_installation

KREUZBERG = "kreuzberg>=4.10,<5"


def kreuzberg_for(what: str) -> ModuleType:
    """Return Kreuzberg, which reads `what`. Raises ReadError where it is not installed."""
    try:
        return importlib.import_module("kreuzberg")
    except ModuleNotFoundError as error:
        if error.name != "kreuzberg":
            raise
        cure = f"Install it: `{this_installation().install(KREUZBERG)}`, then run `bunko index` again."
        raise ReadError(f"Reading {what} needs the package kreuzberg, which is not installed.", cure) from None
