"""Remember the best speeds seen on this machine. In: names and speeds. Out: speeds.

A small file in the user's cache holds them: a busy moment says nothing of the machine, and an answer should not change
with it. A failure counts as an unknown speed.
"""

from __future__ import annotations

import json
from pathlib import Path

from bunko.private_files import make_private, read_plain, write_plain

_KEPT = 64
_MOST_BYTES = 64 << 10


class BestSpeeds:
    """The best speed of each name. A speed has to be `better` times as high as the known one to be written."""

    def __init__(self, file: Path, *, better: float = 1.0) -> None:
        self._file = file
        self._better = better

    def of(self, name: str) -> float:
        """Return the best speed; 0 if none is known."""
        return self._all().get(name, 0.0)

    def note(self, name: str, speed: float) -> None:
        """Keep a speed, unless a better one is known."""
        known = self._all()
        if speed <= self._better * known.pop(name, 0.0):
            return
        kept = [*known.items(), (name, speed)][-_KEPT:]
        try:
            make_private(self._file.parent)
            write_plain(self._file, json.dumps(dict(kept), indent=1).encode())
        except OSError:
            pass

    def _all(self) -> dict[str, float]:
        try:
            found = json.loads(read_plain(self._file, most=_MOST_BYTES) or b"{}")
            return {str(name): float(speed) for name, speed in found.items() if float(speed) > 0}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
