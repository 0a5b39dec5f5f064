"""Show in a notebook how far a sync or a download is. In: stages and counts. Out: a bar below the cell, while it runs.

Outside of a notebook there is nothing to show it in. IPython is used where it runs already, and never imported anew.
The bar is HTML with the browser's own colours, light or dark; it is removed at the end, so that no notebook keeps it.
"""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bunko.notebook_html import bar_html

_AFTER_S = 0.3  # what is done sooner shows no bar
_EVERY_S = 0.2
# The unit of a stage: how to write a count, and its noun.
_UNITS = {"reading": "bytes", "embedding": "characters", "waiting for the server's model": "s"}

Display = Callable[..., Any]
"""`IPython.display.display`."""


def in_notebook() -> bool:
    """Return whether the program runs in a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


class NotebookBars:
    """One bar for the present stage, and one for each download. Thread-safe."""

    def __init__(self, display: Display | None = None, *, unit: str = "documents") -> None:
        """`unit` is that of stages other than a library's own."""
        self._display: Display = display or importlib.import_module("IPython.display").display
        self._unit = unit
        self._stage: _Bar | None = None
        self._lock = threading.Lock()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that `done` of `total` are done; a stage that is done has no bar."""
        with self._lock:
            if self._stage is None or self._stage.what != stage:
                if self._stage:
                    self._stage.close()
                self._stage = _Bar(stage, total, unit=_UNITS.get(stage, self._unit), display=self._display)
            self._stage.show(done)
            if done >= total:
                self._stage.close()
                self._stage = None

    @contextmanager
    def download(self, what: str, *, total: int | None, done: int = 0) -> Iterator[Callable[[int], object]]:
        """Show a download, as `bunko.models.Progress` says it."""
        bar = _Bar(what, total or 0, unit="bytes", display=self._display)
        count = done

        def add(more: int) -> None:
            nonlocal count
            with self._lock:
                count += more
                bar.show(count)

        try:
            yield add
        finally:
            with self._lock:
                bar.close()


class _Bar:
    """A bar below the cell that runs: it appears once there is something to wait for."""

    def __init__(self, what: str, total: int, *, unit: str, display: Display) -> None:
        self.what = what
        self._total, self._unit, self._display = total, unit, display
        self._begun = self._shown = time.monotonic()
        self._first: int | None = None
        self._handle: Any = None

    def show(self, done: int) -> None:
        now = time.monotonic()
        self._first = done if self._first is None else self._first
        if now - self._begun < _AFTER_S or now - self._shown < _EVERY_S:
            return
        self._shown = now
        picture = _Picture(self._html(done, now), self._line(done, now))
        if self._handle is None:
            self._handle = self._display(picture, display_id=True)
        else:
            self._handle.update(picture)

    def close(self) -> None:
        """Remove the bar."""
        if self._handle is not None:
            self._handle.update(_Picture("", ""))
            self._handle = None

    def _html(self, done: int, now: float) -> str:
        return bar_html(self._line(done, now), done=done, total=self._total)

    def _line(self, done: int, now: float) -> str:
        """Return such as "reading: 3.1 of 8.0 MB, 4 s left"."""
        counts = f"{_written(done, self._unit)}"
        if self._total:
            counts = f"{counts} of {_written(self._total, self._unit)}"
        speed = (done - (self._first or 0)) / (now - self._begun)
        left = f", {_duration((self._total - done) / speed)} left" if self._total and speed > 0 else ""
        return f"{self.what}: {counts}{left}"


class _Picture:
    """What IPython shows: HTML, and a line where there is none."""

    def __init__(self, html: str, line: str) -> None:
        self._html, self._text = html, line

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        return self._text


def _written(count: int, unit: str) -> str:
    return f"{count / 1e6:,.1f} MB" if unit == "bytes" else f"{count:,} {unit}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
