"""Wait while a server loads its model. In: failed answers. Out: whether to ask again, and progress meanwhile.

llama-server listens before its model is loaded, and refuses every request until then. Knows no connections.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TypeAlias

from bunko.engine.failures import error_detail

Waiting: TypeAlias = Callable[[str, int, int], None]
"""Called with the name of the stage, seconds waited and most seconds; the stage is over when they are equal."""

STAGE = "waiting for the server's model"
_LOADING = re.compile(r"\bloading\b|warming up|not ready yet|still starting", re.I)
_PAUSE_S, _STEP_S = 1.0, 0.05


def is_loading(status: int, body: bytes) -> bool:
    """Return whether an answer says that the server's model is not loaded yet.

    >>> is_loading(503, b'{"error": {"message": "Loading model"}}'), is_loading(503, b'{"error": "busy"}')
    (True, False)
    """
    return status == 503 and bool(_LOADING.search(error_detail(body)["message"]))


class Patience:
    """How long one request has waited, of the seconds that loading may take."""

    def __init__(self, seconds: float, waiting: Waiting) -> None:
        self._seconds = seconds
        self._waiting = waiting
        self._begun = time.monotonic()
        self._has_waited = False

    def pause(self, stopped: Callable[[], bool]) -> bool:
        """Wait a moment; return False if the time is over, or once `stopped` says so."""
        waited = time.monotonic() - self._begun
        if waited + _PAUSE_S > self._seconds:
            return False
        self._has_waited = True
        self._waiting(STAGE, int(waited), int(self._seconds))
        end = time.monotonic() + _PAUSE_S
        while time.monotonic() < end:
            if stopped():
                return False
            time.sleep(_STEP_S)
        return True

    def over(self) -> None:
        """End the stage, if it had begun."""
        if self._has_waited:
            self._waiting(STAGE, int(self._seconds), int(self._seconds))
