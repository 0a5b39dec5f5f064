"""Medians, a budget of seconds, and how busy the machine is. Knows nothing of models."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

from bunko.diagnosis.bench.records import Figure, Load

Say: TypeAlias = Callable[[str], None]
"""Shows progress: what is measured now."""

REPEATS = 3
_CLEAR_RUNS = 3
_SAMPLE_S = 1.0
# Below this share of the processors, other programs make a difference of less than the spread of the repeats.
_BUSY_SHARE = 0.15


def figure(values: Sequence[float]) -> Figure:
    """Summarise repeats.

    >>> figure([3.0, 1.0, 2.0])
    Figure(median=2.0, least=1.0, most=3.0, runs=3)
    """
    return Figure(median=statistics.median(values), least=min(values), most=max(values), runs=len(values))


class Budget:
    """Seconds to spend. What does not fit is left out, never cut short."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._began = time.monotonic()

    def spent(self) -> float:
        """Return the seconds since the beginning."""
        return time.monotonic() - self._began

    def left(self) -> float:
        """Return the seconds that remain; negative if too many were spent."""
        return self.seconds - self.spent()

    def repeats(self, cost_s: float, *, share: float = 1.0, most: int = REPEATS) -> int:
        """Return how many runs of this cost fit into a share of what is left; 0 if none does."""
        return max(0, min(most, int(share * self.left() / max(cost_s, 1e-3))))


def is_clear(one: Figure, other: Figure) -> bool:
    """Return whether every run of one was faster than every run of the other; three runs of each are needed.

    Of two settings that are equally fast, one in ten looks different so: 2 of the 20 orders of six runs.

    >>> one = figure([1.0, 2.0, 2.5])
    >>> is_clear(one, figure([3.0, 4.0, 5.0])), is_clear(one, figure([2.0, 4.0, 5.0])), is_clear(one, figure([9.0]))
    (True, False, False)
    """
    return min(one.runs, other.runs) >= _CLEAR_RUNS and (one.most < other.least or other.most < one.least)


def machine_load() -> Load:
    """Return how busy the machine is now; the load average still tells of the minute before. Takes a second."""
    import psutil

    average = psutil.getloadavg()[0]
    share = psutil.cpu_percent(interval=_SAMPLE_S) / 100
    return Load(
        average=round(average, 2),
        busy_share=round(share, 3),
        is_busy=share > _BUSY_SHARE,
    )
