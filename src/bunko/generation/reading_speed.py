"""Remember how fast models read on this machine. In: tokens and times of prompts. Out: tokens per second.

One small file in the user's cache holds the fastest reading seen of each model: a busy moment says nothing of the
machine, and an answer should not change with it. A failure counts as an unknown speed.
"""

from __future__ import annotations

from pathlib import Path

from bunko.best_speeds import BestSpeeds

# A short prompt is read at a lower speed: the time to start weighs more.
_LEAST_TOKENS = 128


class ReadingSpeeds:
    """The speeds of the models that have run on this machine, in tokens per second."""

    def __init__(self, file: Path) -> None:
        self._speeds = BestSpeeds(file)

    def of(self, key: str) -> float:
        """Return the speed of a model with its parameters; 0 if it is not known."""
        return self._speeds.of(key)

    def note(self, key: str, *, tokens: int, milliseconds: float) -> None:
        """Keep the speed of a prompt, unless a faster one is known, or the prompt was short."""
        if tokens >= _LEAST_TOKENS and milliseconds > 0:
            self._speeds.note(key, round(1000 * tokens / milliseconds, 1))
