"""Show a download's progress. In: byte counts. Out: a bar on stderr, or nothing. The caller chooses which."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Progress(Protocol):
    """Called once per file. The context manager gives a function to call with the number of new bytes."""

    def __call__(
        self, what: str, *, total: int | None, done: int = 0
    ) -> AbstractContextManager[Callable[[int], object]]:
        """Begin with `done` of `total` bytes (None if unknown)."""
        ...


@contextmanager
def silent(what: str, *, total: int | None, done: int = 0) -> Iterator[Callable[[int], object]]:
    """Show nothing."""
    yield lambda count: None


@contextmanager
def terminal_bar(what: str, *, total: int | None, done: int = 0) -> Iterator[Callable[[int], object]]:
    """Draw a bar on stderr if it is a terminal."""
    from tqdm import tqdm

    with tqdm(desc=what, total=total, initial=done, unit="B", unit_scale=True, disable=None, leave=False) as bar:
        yield bar.update
