"""Remember how fast rerankers are on this machine. In: numbers of passages and seconds. Out: passages for a budget.

One small file in the user's cache holds the best speed seen of each reranker, so that a busy moment changes no answer.
A failure counts as an unknown speed.
"""

from __future__ import annotations

from pathlib import Path

from bunko.best_speeds import BestSpeeds

# Passages where no speed is known yet, and the most that are ever read.
FIRST, MOST = 8, 32
# A speed that is better by less than this is not written again.
_BETTER = 1.1


class Pace:
    """How many passages each reranker reads in a second."""

    def __init__(self, file: Path) -> None:
        self._speeds = BestSpeeds(file, better=_BETTER)

    def passages(self, reranker: str, *, budget_s: float) -> int:
        """Return how many passages are read within a budget: at least 2, or nothing could change its place.

        >>> Pace(Path("no such file")).passages("any", budget_s=0.4)
        8
        """
        speed = self._speeds.of(reranker)
        return max(2, min(MOST, int(speed * budget_s))) if speed else FIRST

    def note(self, reranker: str, *, passages: int, seconds: float) -> None:
        """Keep a speed, unless a better one is known, or too few passages say little."""
        if passages >= FIRST // 2 and seconds > 0:
            self._speeds.note(reranker, round(passages / seconds, 1))
