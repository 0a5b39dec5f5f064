"""Remember how fast rerankers are on this machine. In: numbers of passages and seconds. Out: passages for a budget.

One small file in the user's cache holds the best speed seen of each reranker, so that a busy moment changes no answer.
A failure counts as an unknown speed.
"""

from __future__ import annotations

import json
from pathlib import Path

from bunko.private_files import make_private, read_plain, write_plain

# Passages where no speed is known yet, and the most that are ever read.
FIRST, MOST = 8, 32
_KEPT = 64
_MOST_BYTES = 64 << 10
# A speed that is better by less than this is not written again.
_BETTER = 1.1


class Pace:
    """How many passages each reranker reads in a second."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def passages(self, reranker: str, *, budget_s: float) -> int:
        """Return how many passages are read within a budget: at least 2, or nothing could change its place.

        >>> Pace(Path("no such file")).passages("any", budget_s=0.4)
        8
        """
        speed = self._all().get(reranker)
        return FIRST if speed is None else max(2, min(MOST, int(speed * budget_s)))

    def note(self, reranker: str, *, passages: int, seconds: float) -> None:
        """Keep a speed, unless a better one is known, or too few passages say little."""
        if passages < FIRST // 2 or seconds <= 0:
            return
        speed, known = round(passages / seconds, 1), self._all()
        if speed <= _BETTER * known.pop(reranker, 0.0):
            return
        kept = [*known.items(), (reranker, speed)][-_KEPT:]
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
