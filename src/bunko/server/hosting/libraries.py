"""One library that is served. In: its folder and settings. Out: Libraries for the threads that read, and its state.

A follower in a thread of its own keeps the index in step with the folder. A library that can't be opened is tried
again, and keeps no other from being served. Knows nothing of requests.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from bunko.errors import BunkoError, StoreError
from bunko.library import Library, index_location
from bunko.types import SyncReport

if TYPE_CHECKING:
    from bunko.engines import Engines
    from bunko.settings import Settings

State: TypeAlias = Literal["indexing", "ready", "failed"]

# What could not be opened or read is tried again after this long.
_AGAIN_S = 20.0
# Libraries that nobody reads at the moment are kept open, so many: opening one takes some ten milliseconds.
_IDLE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a sync is."""

    stage: str = ""
    done: int = 0
    total: int = 0


class HostedLibrary:
    """A library by its name. May be used by several threads."""

    def __init__(self, name: str, root: Path, *, settings: Settings, engines: Engines) -> None:
        """`settings` are the library's own, `engines` those of the whole server."""
        self.name = name
        self.root = root
        self.title = root.resolve().name or str(root)
        self.settings = settings
        self.state: State = "indexing"
        self.error: BunkoError | None = None
        """Why it is in the state "failed", or what went wrong last; None if nothing did."""
        self.report: SyncReport | None = None
        """Of the last sync; None before the first."""
        self.progress = Progress()
        self._engines = engines
        self._idle: list[Library] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._follower: threading.Thread | None = None

    @property
    def location(self) -> str:
        """Where its index is: a path, or an object store's URL."""
        return index_location(self.root, self.settings)

    # --- following the folder -----------------------------------------------------------------------------------

    def follow(self) -> None:
        """Begin to keep the index in step with the folder, in a thread that ends with `close`."""
        self._follower = threading.Thread(target=self._follow, name=f"follow-{self.name}", daemon=True)
        self._follower.start()

    def close(self) -> None:
        """Tell the follower to end, without waiting for it."""
        self._stop.set()

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                with self._open() as library:
                    for outcome in library.watch(stop=self._stop):
                        self._take(outcome)
            except BunkoError as error:
                self._fail(error)
            except Exception as error:  # noqa: BLE001 - a fault of ours in one library must not end the others
                self._fail(StoreError(f"Following the folder failed: {type(error).__name__}: {error}"))
            self._stop.wait(_AGAIN_S)

    def _take(self, outcome: SyncReport | BunkoError) -> None:
        """Take note of what a sync came to."""
        self.progress = Progress()
        if isinstance(outcome, BunkoError):
            self.error = outcome
            return
        if self.report is None:
            self._warm_up()
        self.report, self.error, self.state = outcome, None, "ready"

    def _warm_up(self) -> None:
        """Open the index for the first question, and look something up in it: the first time takes a second."""
        with contextlib.suppress(BunkoError), self.borrowed() as library:
            library.search("?")

    def _fail(self, error: BunkoError) -> None:
        self.progress = Progress()
        self.error, self.state = error, "failed"

    # --- reading ------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def borrowed(self, settings: Settings | None = None) -> Iterator[Library]:
        """Give a thread a Library of its own, that sees the index as it is now, with these settings."""
        with self._lock:
            library = self._idle.pop() if self._idle else None
        library = library or self._open()
        library.settings = settings or self.settings
        library.__dict__.pop("generator", None)  # it is another model's, perhaps; the engines know them all
        is_whole = True
        try:
            library.refresh()
            yield library
        except StoreError:
            is_whole = False
            raise
        finally:
            if is_whole:
                self._give_back(library)

    def has_documents(self) -> bool:
        """Tell whether there is anything in the index to answer from."""
        try:
            with self.borrowed() as library:
                return library.is_indexed and library.store.count_documents() > 0
        except BunkoError:
            return False

    def sync(self, *, retry_failed: bool = True, wait_s: float = 60.0) -> SyncReport:
        """Bring the index in step now. Raises what Library.sync raises."""
        with self.borrowed() as library:
            report = library.sync(retry_failed=retry_failed, wait_s=wait_s)
        self._take(report)
        return report

    def _give_back(self, library: Library) -> None:
        with self._lock:
            if len(self._idle) < _IDLE:
                self._idle.append(library)

    def _open(self) -> Library:
        return Library(self.root, settings=self.settings, engines=self._engines, progress=self._show)

    def _show(self, stage: str, done: int, total: int) -> None:
        self.progress = Progress(stage=stage, done=done, total=total)


def names_for(roots: list[Path]) -> list[str]:
    """Return a name for each folder: its own, with a number where two have the same.

    >>> names_for([Path("a/docs"), Path("b/docs"), Path("c/old docs")])
    ['docs', 'docs-2', 'old-docs']
    """
    names: list[str] = []
    for root in roots:
        plain = root.resolve().name or "library"
        base = (
            "-".join("".join(sign if sign.isalnum() or sign in "._-" else " " for sign in plain).split()) or "library"
        )
        name, n = base, 1
        while name in names:
            n += 1
            name = f"{base}-{n}"
        names.append(name)
    return names
