"""Time a model on a machine that others use, too. In: how to measure, how busy the machine is. Out: the better figures.

What other programs take from the processors and the memory makes a model look slow. So it is timed again, and the
reader is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import psutil

from bunko.diagnosis.recommend import Yardstick

BUSY = 0.25
"""Share of the processors that others use, from which a figure is doubtful."""
_LOOK_S = 0.5
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A measurement, and how busy the machine was."""

    yardstick: Yardstick | None
    busy: float
    """Share of the processors that other programs used when it was made, 0 to 1."""
    times: int
    """How often it was measured."""

    @property
    def note(self) -> str:
        """What the reader should know of it; empty for a quiet machine."""
        if self.times < 2:
            return ""
        if self.busy < BUSY:
            return "The machine was busy at first: the speeds are from a second measurement, when it was quieter."
        return (
            f"The machine is busy: other programs use {self.busy:.0%} of its processors. The speeds are the better of "
            "two measurements, and may still be too low. Measure again when it is idle."
        )


def used_by_others() -> float:
    """Return the share of the processors that is in use now, 0 to 1. Takes half a second; this process waits."""
    return float(psutil.cpu_percent(interval=_LOOK_S)) / 100


def timed(
    measure: Callable[[], Yardstick | None],
    *,
    say: Callable[[str], None],
    look: Callable[[], float] = used_by_others,
    patience_s: float = _PATIENCE_S,
) -> Timed:
    """Measure; where the machine is busy, say so, wait a little for a quieter moment, and measure again."""
    busy = look()
    first = measure()
    if first is None or busy < BUSY:
        return Timed(yardstick=first, busy=busy, times=1)
    say(f"The machine is busy: other programs use {busy:.0%} of its processors. Measuring again …")
    until = time.monotonic() + patience_s
    while (busy := look()) >= BUSY and time.monotonic() < until:
        pass
    second = measure()
    return Timed(yardstick=_better(first, second), busy=busy, times=2)


def _better(first: Yardstick, second: Yardstick | None) -> Yardstick:
    """Return the best of both: nothing makes a machine look faster than it is."""
    if second is None:
        return first
    return replace(
        first,
        prompt=max(first.prompt, second.prompt),
        writing=max(first.writing, second.writing),
        bandwidth=max(first.bandwidth, second.bandwidth),
    )
