"""Remember how fast models read on this machine. In: tokens and times of prompts. Out: tokens per second.

One small file in the user's cache holds the fastest reading seen of each model: a busy moment says nothing of the
machine, and an answer should not change with it. A failure counts as an unknown speed.
"""

from __future__ import annotations

import json
from pathlib import Path

from bunko.private_files import make_private, read_plain, write_plain

# A short prompt is read at a lower speed: the time to start weighs more.
_LEAST_TOKENS = 128
_KEPT = 64
_MOST_BYTES = 64 << 10


class ReadingSpeeds:
    """The speeds of the models that have run on this machine, in tokens per second."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def of(self, key: str) -> float:
        """Return the speed of a model with its parameters; 0 if it is not known."""
        return self._all().get(key, 0.0)

    def note(self, key: str, *, tokens: int, milliseconds: float) -> None:
        """Keep the speed of a prompt, unless a faster one is known, or the prompt was short."""
        if tokens < _LEAST_TOKENS or milliseconds <= 0:
            return
        speed, known = round(1000 * tokens / milliseconds, 1), self._all()
        if speed <= known.pop(key, 0.0):
            return
        kept = [*known.items(), (key, speed)][-_KEPT:]
        try:
            make_private(self._file.parent)
            write_plain(self._file, json.dumps(dict(kept), indent=1).encode())
        except OSError:
            pass

    def _all(self) -> dict[str, float]:
        try:
            found = json.loads(read_plain(self._file, most=_MOST_BYTES) or b"{}")
            return {str(key): float(speed) for key, speed in found.items() if float(speed) > 0}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
