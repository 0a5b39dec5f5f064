"""Follow a folder. In: the folder, and a function that syncs it. Out: the report or error of each sync.

The system reports changes; `list_files` shows whether they matter. Knows nothing of indexes.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from bunko.errors import BunkoError, LibraryError, LibraryNotFound, StoreBusy
from bunko.reading.folder import IGNORE_FILE, list_files
from bunko.settings import ReadingSettings
from bunko.types import FailedFile, SyncReport

# With 0.2 s until a change is reported, and a small sync, this stays within two seconds.
_QUIET_S = 0.5
_LONGEST_S = 1.3
_TICK_S = 0.2
_STEP_MS = 100
_POLL_MS = 1000
# Network drives do not report what other machines write, so the folder is listed now and then, with long enough
# pauses that listing a large one takes at most 2% of the time.
_LIST_S = 30.0
_LIST_SHARE = 50
_BUSY_S = 0.5
_RETRY_S = 2.0
_LONGEST_RETRY_S = 60.0


Notice: TypeAlias = Literal["system", "poll"]
"""How changes are noticed: the system reports them, or the folder is checked every second."""


@dataclass(slots=True, kw_only=True)
class Rest:
    """Decide when a burst of changes is over, or has lasted long enough. Times are seconds of any clock."""

    first: float | None = None
    last: float = 0.0

    def touch(self, now: float) -> None:
        """Record a change."""
        self.first = now if self.first is None else self.first
        self.last = now

    def is_due(self, now: float) -> bool:
        """Return whether to sync now."""
        return self.first is not None and (now - self.last >= _QUIET_S or now - self.first >= _LONGEST_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """The changes reported in the last fraction of a second; mostly none."""

    paths: frozenset[str] = frozenset()
    anything: bool = False
    """Whether unreported changes are possible: the watch has just begun, or the folder is missing."""
    problem: LibraryError | None = None


class Follower:
    """Calls `sync` after each burst of changes in a folder, until `stop` is set."""

    def __init__(
        self,
        root: Path,
        sync: Callable[[], SyncReport],
        *,
        settings: ReadingSettings,
        store: str,
        stop: threading.Event,
        notice: Notice,
    ) -> None:
        """`store` is the index's path or URL, whose changes are our own."""
        self._root = root
        self._sync = sync
        self._settings = settings
        self._own = f"{_relative(str(Path(store).resolve()), root.resolve())}/"
        self._ticks = ticks(root, stop=stop, notice=notice)
        self._rest = Rest(first=-math.inf)  # the first sync is due at once
        self._paths: set[str] = set()
        self._in_step: dict[str, tuple[int, int]] | None = None
        """Size and time of the files, listed just before the last sync; None if a sync is due anyway."""
        self._list_at = math.inf
        self._retry_at = math.inf
        self._retry_s = _RETRY_S
        self._last_error = ""
        self._failed: tuple[FailedFile, ...] | None = None
        """The failures of the last sync; None before the first."""

    def run(self) -> Iterator[SyncReport | BunkoError]:
        """Yield the report of the first sync and of each that changed something, and each new error once.

        Raises what the first sync raises, except StoreBusy. After StoreBusy, and after a later error, it tries again.
        """
        for tick in self._ticks:
            now = time.monotonic()
            if tick.problem:
                yield tick.problem
            paths = {path for path in tick.paths if self._matters(path)}
            self._paths |= paths
            if tick.anything:
                self._in_step = None
            if paths or tick.anything:
                self._rest.touch(now)
            if self._rest.is_due(now) or now >= min(self._list_at, self._retry_at):
                yield from self._list_and_sync()

    def _list_and_sync(self) -> Iterator[SyncReport | BunkoError]:
        paths, self._paths, self._rest, self._retry_at = self._paths, set(), Rest(), math.inf
        try:
            files = self._list()
            if files != self._in_step or paths & files.keys():
                yield from self._done(self._sync())
            self._in_step = files
        except BunkoError as error:
            yield from self._not_done(error)
        except OSError as error:  # the folder went away while it was listed
            reason = error.strerror or str(error)
            yield from self._not_done(LibraryNotFound(f"The folder {str(self._root)!r} can't be listed: {reason}."))

    def _done(self, report: SyncReport) -> Iterator[SyncReport]:
        changed = report.added or report.updated or report.removed or report.failed != self._failed
        if changed or self._last_error:
            yield report
        self._failed, self._last_error, self._retry_s = report.failed, "", _RETRY_S

    def _not_done(self, error: BunkoError) -> Iterator[BunkoError]:
        busy = isinstance(error, StoreBusy)
        if self._failed is None and not busy:
            raise error
        self._in_step = None
        if busy:
            self._retry_at = time.monotonic() + _BUSY_S
        else:
            self._retry_at = time.monotonic() + self._retry_s
            self._retry_s = min(2 * self._retry_s, _LONGEST_RETRY_S)
        if str(error) != self._last_error:
            self._last_error = str(error)
            yield error

    def _list(self) -> dict[str, tuple[int, int]]:
        begin = time.monotonic()
        files = {
            file.path: (file.size, file.modified_ns)
            for file in list_files(self._root, ignore=self._settings.ignore)
            if not file.path.startswith(self._own)
        }
        end = time.monotonic()
        self._list_at = end + max(_LIST_S, _LIST_SHARE * (end - begin))
        return files

    def _matters(self, path: str) -> bool:
        """Return whether a path may matter: our own and hidden files, except `.bunkoignore`, do not."""
        if path == IGNORE_FILE or path in (self._in_step or ()):
            return True
        return not path.startswith(self._own) and not any(part.startswith(".") for part in path.split("/"))


def ticks(root: Path, *, stop: threading.Event, notice: Notice) -> Iterator[Tick]:
    """Yield the changes in a folder five times a second, also while it is missing. Paths are relative to it.

    A file is followed through its folder, since editors replace a file by a new one.
    """
    import watchfiles

    is_file = root.is_file()
    folder = root.resolve().parent if is_file else root.resolve()
    while not stop.is_set():
        identity = _identity(folder)
        begun = False
        try:
            for changes in watchfiles.watch(
                folder,
                watch_filter=None,
                debounce=int(_TICK_S * 1000),
                step=_STEP_MS,
                rust_timeout=int(_TICK_S * 1000),
                yield_on_timeout=True,
                stop_event=stop,
                force_polling=notice == "poll" or None,
                poll_delay_ms=_POLL_MS,
                recursive=not is_file,
                ignore_permission_denied=True,
            ):
                yield Tick(paths=frozenset(_relative(path, folder) for _, path in changes), anything=not begun)
                begun = True
                # A watch sees nothing once its folder is replaced or removed. A new one may have the old inode number.
                if _identity(folder) != identity or (watchfiles.Change.deleted, str(folder)) in changes:
                    break
        except FileNotFoundError:
            pass
        except (OSError, RuntimeError) as error:  # RuntimeError: watchfiles raises it for most system errors
            if not begun and notice != "poll":
                notice = "poll"
                yield Tick(problem=_cant_watch(root, error))
        if not begun and not stop.wait(_TICK_S):
            yield Tick(anything=True)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _relative(path: str, folder: Path) -> str:
    """Return a path as `list_files` writes it: "" for the folder itself, unchanged for a path outside of it."""
    try:
        return "" if path == str(folder) else Path(path).relative_to(folder).as_posix()
    except ValueError:
        return path


def _cant_watch(root: Path, error: Exception) -> LibraryError:
    return LibraryError(
        f"The system can't report changes in {str(root)!r} ({error}); Bunko checks the folder every second instead.",
        "On Linux, raise fs.inotify.max_user_watches.",
    )
