"""Check whether a call may begin. In: a library or a model. Out: nothing, or the error to raise.

Keeps the state of each model: one that failed to start is not asked again for a few seconds. Knows nothing of turns.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

from bunko.errors import BunkoError, EngineStartFailed, EngineTimeout, NotReady
from bunko.server.hosting.libraries import HostedLibrary

log = logging.getLogger("bunko.server")

ModelState: TypeAlias = Literal["idle", "loading", "loaded", "failed"]

# After a model has failed to start, questions to it are refused for this long.
_REST_S = 5.0
_RESTART_S = 10


class Admission:
    """The state of the server and of its models, by their public names."""

    def __init__(self, models: Iterable[str]) -> None:
        self.stopping = False
        self._states: dict[str, ModelState] = dict.fromkeys(models, "idle")
        self._retry_at: dict[str, float] = {}

    def model_state(self, model: str) -> ModelState:
        """Return whether a model is loaded."""
        return self._states[model]

    def set_model_state(self, model: str, state: ModelState) -> None:
        """Record whether a model is loaded. May be called by any thread."""
        self._states[model] = state

    @contextlib.contextmanager
    def loading(self, model: str) -> Iterator[None]:
        """Record the state of a model while it is loaded. An error is logged: the first question gets it too."""
        self._states[model] = "loading"
        try:
            yield
            self._states[model] = "loaded"
        except BunkoError as error:
            self._states[model] = "failed"
            log.warning("the model does not start", extra={"model": model, "error": str(error)})

    def check_running(self) -> None:
        """Raise NotReady when the server is stopping."""
        if self.stopping:
            raise NotReady("The server is stopping.", "Ask again when it runs.", retry_after_s=_RESTART_S)

    def check_indexed(self, library: HostedLibrary) -> None:
        """Raise NotReady during the first sync of a library, or the error that keeps it from being read."""
        if library.report is not None or library.has_documents():
            return
        if library.state == "indexing":
            progress = library.progress
            done = f" ({progress.done} of {progress.total})" if progress.total else ""
            raise NotReady(
                f"The library {library.name!r} is being indexed for the first time{done}.",
                "Ask again in a moment.",
                retry_after_s=5,
            )
        if library.error:
            raise library.error

    def check_model(self, model: str) -> None:
        """Raise NotReady for a few seconds after a model has failed to start."""
        seconds = self._retry_at.get(model, 0.0) - time.monotonic()
        if seconds > 0:
            raise NotReady(
                f"The model {model} failed to start.",
                "Run `bunko doctor` on the server's machine to see why.",
                retry_after_s=max(1, round(seconds)),
            )

    def failure(self, error: BunkoError, model: str) -> BunkoError:
        """Return the error to raise for a question that failed. A model that did not start is marked as failed."""
        if self.stopping:
            return self.stopped()
        if isinstance(error, EngineStartFailed | EngineTimeout):
            self._states[model] = "failed"
            self._retry_at[model] = time.monotonic() + _REST_S
        return error

    @staticmethod
    def stopped() -> NotReady:
        """Return the error for a call that the end of the server cut short."""
        return NotReady("The server was stopped.", "Ask again when it runs.", retry_after_s=_RESTART_S)
