"""What a notebook shows of an error. In: an error. Out: lines: where it was called, what is wrong, what to do."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bunko.errors import BunkoError

_PACKAGE = str(Path(__file__).parent)


def short_traceback(error: BunkoError) -> list[str]:
    """Return the lines. With BUNKO_DEBUG set, the whole traceback."""
    if os.environ.get("BUNKO_DEBUG"):
        return "".join(traceback.format_exception(error)).splitlines()
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_PACKAGE)]
    called = frames[-1] if frames else None
    where = [f"line {called.lineno}: {called.line}"] if called and called.line else []
    return [*where, f"{type(error).__name__}: {error.message}", *([error.hint] if error.hint else [])]
