"""Time the stages of an answer. In: the names of stages. Out: milliseconds. Knows nothing of what they do."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator


class Stopwatch:
    """Measures consecutive stages with a monotonic clock, and the total independently of their sum."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._stages: dict[str, float] = {}

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the duration of the block to a stage."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, (time.perf_counter() - begin) * 1000)

    def add(self, name: str, milliseconds: float) -> None:
        """Add a duration that was measured elsewhere."""
        self._stages[name] = self._stages.get(name, 0.0) + milliseconds

    def timings(self) -> dict[str, float]:
        """Return milliseconds by stage, in the order of their first runs, and "total" since the start."""
        stages = {name: round(value, 3) for name, value in self._stages.items()}
        return stages | {"total": round((time.perf_counter() - self._start) * 1000, 3)}
