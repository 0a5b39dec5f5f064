"""Show how far a download is. In: byte counts. Out: a bar on stderr, or nothing. The caller chooses which."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Progress(Protocol):
    """Called once for each file; the context manager that it returns gives a function that takes new bytes."""

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
    """Draw a bar on stderr while it is a terminal; nothing where it is not."""
    from tqdm import tqdm

    with tqdm(desc=what, total=total, initial=done, unit="B", unit_scale=True, disable=None, leave=False) as bar:
        yield bar.update
