"""Follow a folder. In: the folder, and what to do when it has changed. Out: what came of it, each time.

The system tells that something has changed, `list_files` tells whether it matters. Knows nothing of indexes.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bunko.errors import BunkoError, LibraryError, LibraryNotFound, StoreBusy
from bunko.reading import list_files
from bunko.reading.folder import IGNORE_FILE
from bunko.settings import ReadingSettings
from bunko.types import FailedFile, SyncReport

# With the fifth of a second until a change is told of, and a small sync, this stays within two seconds.
_QUIET_S = 0.5
_AT_MOST_S = 1.3
_TICK_S = 0.2
_STEP_MS = 100
_POLL_MS = 1000
# Network drives tell nothing of what other machines write, so the list is looked at now and then; seldom enough for
# a large one to cost 2% of the time at the most.
_LOOK_S = 30.0
_LOOK_SHARE = 50
_BUSY_S = 0.5
_RETRY_S = 2.0
_RETRY_AT_MOST_S = 60.0


@dataclass(slots=True, kw_only=True)
class Rest:
    """Tell when a storm of changes is over, or has gone on for long enough. Times are seconds of any clock."""

    first: float | None = None
    last: float = 0.0

    def touch(self, now: float) -> None:
        """Take note of a change."""
        self.first = now if self.first is None else self.first
        self.last = now

    def is_due(self, now: float) -> bool:
        """Tell whether to wait no longer."""
        return self.first is not None and (now - self.last >= _QUIET_S or now - self.first >= _AT_MOST_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What was told in the last fraction of a second; mostly nothing."""

    paths: frozenset[str] = frozenset()
    anything: bool = False
    """Whether more may have changed than was told: the watch has just begun, or the folder is away."""
    problem: LibraryError | None = None


class Follower:
    """Does `sync` whenever the folder has changed and come to rest, until `stop` is set."""

    def __init__(
        self,
        root: Path,
        sync: Callable[[], SyncReport],
        *,
        settings: ReadingSettings,
        store: str,
        stop: threading.Event,
        poll: bool,
    ) -> None:
        """`store` is a path (or URL) whose changes are our own; `poll` looks instead of asking the system to tell."""
        self._root = root
        self._sync = sync
        self._settings = settings
        self._own = f"{_relative(str(Path(store).resolve()), root.resolve())}/"
        self._ticks = ticks(root, stop=stop, poll=poll)
        self._rest = Rest(first=-math.inf)  # the first sync waits for nothing
        self._paths: set[str] = set()
        self._in_step: dict[str, tuple[int, int]] | None = None
        """The files with size and time, listed just before the last sync; None where it has to be done again."""
        self._look_at = math.inf
        self._retry_at = math.inf
        self._retry_s = _RETRY_S
        self._told = ""
        self._failed: tuple[FailedFile, ...] | None = None
        """Of the last sync; None before the first."""

    def run(self) -> Iterator[SyncReport | BunkoError]:
        """Yield a report of the first sync and of every one that changed something, and what went wrong, once.

        Raises what the first sync raises, except StoreBusy: that one is tried again, as is every later one.
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
            if self._rest.is_due(now) or now >= min(self._look_at, self._retry_at):
                yield from self._look()

    def _look(self) -> Iterator[SyncReport | BunkoError]:
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
        if changed or self._told:
            yield report
        self._failed, self._told, self._retry_s = report.failed, "", _RETRY_S

    def _not_done(self, error: BunkoError) -> Iterator[BunkoError]:
        busy = isinstance(error, StoreBusy)
        if self._failed is None and not busy:
            raise error
        self._in_step = None
        if busy:
            self._retry_at = time.monotonic() + _BUSY_S
        else:
            self._retry_at = time.monotonic() + self._retry_s
            self._retry_s = min(2 * self._retry_s, _RETRY_AT_MOST_S)
        if str(error) != self._told:
            self._told = str(error)
            yield error

    def _list(self) -> dict[str, tuple[int, int]]:
        begin = time.monotonic()
        files = {
            file.path: (file.size, file.modified_ns)
            for file in list_files(self._root, ignore=self._settings.ignore)
            if not file.path.startswith(self._own)
        }
        end = time.monotonic()
        self._look_at = end + max(_LOOK_S, _LOOK_SHARE * (end - begin))
        return files

    def _matters(self, path: str) -> bool:
        """Tell whether to look at the list: our own writing and hidden files, but for `.bunkoignore`, are no reason."""
        if path == IGNORE_FILE or path in (self._in_step or ()):
            return True
        return not path.startswith(self._own) and not any(part.startswith(".") for part in path.split("/"))


def ticks(root: Path, *, stop: threading.Event, poll: bool) -> Iterator[Tick]:
    """Yield what the system tells of a folder, relative to it, five times a second: also while it is away.

    A file is followed by way of its folder: editors put a new file in the old one's place.
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
                force_polling=poll or None,
                poll_delay_ms=_POLL_MS,
                recursive=not is_file,
                ignore_permission_denied=True,
            ):
                yield Tick(paths=frozenset(_relative(path, folder) for _, path in changes), anything=not begun)
                begun = True
                # Once another folder, or none, is in its place, this watch is blind. Its number may be the old one's.
                if _identity(folder) != identity or (watchfiles.Change.deleted, str(folder)) in changes:
                    break
        except FileNotFoundError:
            pass
        except (OSError, RuntimeError) as error:  # RuntimeError: what watchfiles makes of most of the system's errors
            if not begun and not poll:
                poll = True
                yield Tick(problem=_cant_tell(root, error))
        if not begun and not stop.wait(_TICK_S):
            yield Tick(anything=True)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _relative(path: str, folder: Path) -> str:
    """Return a path as `list_files` writes it; one that is outside stays as it is, the folder itself is empty."""
    try:
        return "" if path == str(folder) else Path(path).relative_to(folder).as_posix()
    except ValueError:
        return path


def _cant_tell(root: Path, error: Exception) -> LibraryError:
    return LibraryError(
        f"The system can't tell of changes in {str(root)!r} ({error}); it is looked through every second instead.",
        "On Linux a higher fs.inotify.max_user_watches helps.",
    )
