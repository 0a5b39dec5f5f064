"""One served library. In: its folder and settings. Out: Libraries for the threads that read, and the library's state.

A follower in its own thread keeps the index up to date. A library that can't be opened is tried again, and does not
affect the others. Knows nothing of requests.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from bunko.embedding.choice import with_embedder
from bunko.errors import BunkoError, NotReady, StoreError, StoreNotWritable
from bunko.library import Library
from bunko.library_index import index_location
from bunko.paths import STORE_FOLDER, folder_for
from bunko.server.hosting.session_passwords import SessionPasswords
from bunko.settings import cache_directory
from bunko.types import SyncReport

if TYPE_CHECKING:
    from bunko.engines import Engines
    from bunko.settings import Settings

State: TypeAlias = Literal["indexing", "ready", "failed"]

# A folder that could not be opened or read is tried again after this long.
_RETRY_S = 20.0
# Number of unused Libraries that stay open: opening one takes about ten milliseconds.
_IDLE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a sync is. `stage` is empty when none is running."""

    stage: str = ""
    done: int = 0
    total: int = 0


class HostedLibrary:
    """A library by its name. May be used by several threads."""

    is_replica = False
    """Whether it is a copy that is only read."""
    version = 0
    """The number of the published version that is served; 0 for a folder of this machine."""

    def __init__(self, name: str, root: Path, *, settings: Settings, engines: Engines) -> None:
        """`settings` are the library's own; `engines` are shared by the whole server."""
        self.name = name
        self.root = root
        self.title = root.resolve().name or str(root)
        self.settings = with_embedder(settings, index_location(root, settings))
        self.state: State = "indexing"
        self.error: BunkoError | None = None
        """The last error; None after a sync that succeeded."""
        self.report: SyncReport | None = None
        """Of the last sync; None before the first."""
        self.progress = Progress()
        self._engines = engines
        self._idle: list[Library] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._passwords = SessionPasswords(configured=settings.reading.password_file)

    @property
    def location(self) -> str:
        """Where its index is: a path, or an object store's URL."""
        return index_location(self.root, self.settings)

    @property
    def own_files(self) -> str:
        """The folder beside which this machine keeps its own files of the library: that of the index if it is here."""
        if "://" not in self.location:
            return self.location
        return str(folder_for(self.location, cache_directory(self.settings)) / STORE_FOLDER / "store")

    # --- following the folder -----------------------------------------------------------------------------------

    def follow(self) -> None:
        """Start the thread that keeps the index up to date. It ends with `close`."""
        threading.Thread(target=self._follow, name=f"follow-{self.name}", daemon=True).start()

    def close(self) -> None:
        """Stop the follower and any sync. Returns at once; they end within a moment."""
        self._stop.set()
        self._passwords.close()

    def unlock_with(self, passwords: Iterable[str]) -> None:
        """Try these passwords on locked files from the next sync on, until the server ends. Raises InvalidRequest."""
        with self._lock:
            file = self._passwords.add(passwords)
            self.settings = replace(self.settings, reading=replace(self.settings.reading, password_file=file))
            self._idle.clear()

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                with self._open() as library:
                    for outcome in library.watch(stop=self._stop):
                        is_first = self.report is None
                        self._record(outcome)
                        if is_first and self.report is not None:
                            self._warm_up()
            except BunkoError as error:
                self._fail(error)
            except Exception as error:  # noqa: BLE001 - a fault in one library must not end the others
                self._fail(StoreError(f"Following the folder failed: {type(error).__name__}: {error}"))
            self._stop.wait(_RETRY_S)

    def _record(self, outcome: SyncReport | BunkoError) -> None:
        """Record the outcome of a sync."""
        self.progress = Progress()
        if isinstance(outcome, BunkoError):
            self.error = outcome
        else:
            self.report, self.error, self.state = outcome, None, "ready"

    def _warm_up(self) -> None:
        """Open the index and search it once: the first search takes a second."""
        with contextlib.suppress(BunkoError), self.borrowed() as library:
            library.search("?")

    def _fail(self, error: BunkoError) -> None:
        self.progress = Progress()
        self.error = error
        if isinstance(error, StoreNotWritable) and self._has_index():
            return
        self.state = "failed"

    def _has_index(self) -> bool:
        """Use the index as it is, if there is one: a folder that may only be read can be asked, too."""
        with contextlib.suppress(BunkoError), self.borrowed() as library:
            if library.is_indexed and (documents := library.store.count_documents()):
                self.report = SyncReport(unchanged=documents, documents=documents, chunks=library.store.count_chunks())
                self.state = "ready"
                return True
        return False

    # --- reading ------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def borrowed(self) -> Iterator[Library]:
        """Lend this thread a Library that sees the latest state of the index."""
        with self._lock:
            library = self._idle.pop() if self._idle else None
        library = library or self._open()
        is_usable = True
        try:
            library.refresh()
            yield library
        except StoreError:
            is_usable = False
            raise
        finally:
            if is_usable:
                self._give_back(library)

    def has_documents(self) -> bool:
        """Return whether the index has any documents."""
        try:
            with self.borrowed() as library:
                return library.is_indexed and library.store.count_documents() > 0
        except BunkoError:
            return False

    def sync(
        self,
        *,
        vectors: Literal["all", "few"] = "all",
        retry_failed: bool = True,
        allow_empty: bool = False,
        wait_s: float = 60.0,
    ) -> SyncReport:
        """Bring the index up to date now. Raises what Library.sync raises; NotReady after `close`."""
        try:
            with self.borrowed() as library:
                report = library.sync(
                    vectors=vectors, retry_failed=retry_failed, allow_empty=allow_empty, wait_s=wait_s
                )
        finally:
            self.progress = Progress()
        self._record(report)
        return report

    def complete(self) -> None:
        """Make the vectors that `sync(vectors="few")` left out. Raises what Library.complete raises."""
        try:
            with self.borrowed() as library:
                library.complete()
        finally:
            self.progress = Progress()

    def _give_back(self, library: Library) -> None:
        with self._lock:
            if (library.settings.reading, library.settings.store, library.settings.embedder) != (
                self.settings.reading,
                self.settings.store,
                self.settings.embedder,
            ):
                return  # opened before a password was given, or a copy was there
            if len(self._idle) < _IDLE:
                self._idle.append(library)

    def _open(self) -> Library:
        return Library(self.root, settings=self.settings, engines=self._engines, progress=self._show)

    def _show(self, stage: str, done: int, total: int) -> None:
        if self._stop.is_set():  # ends a sync that is running; what it has written stays
            raise NotReady("The server is stopping.", "Ask again when it runs.", retry_after_s=10)
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
