"""What the commands share. In: parsed flags. Out: settings, libraries, JSON on stdout, notes and progress on stderr."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bunko.askable import ASKABLE, SETTINGS
from bunko.errors import UsageError
from bunko.installation import own_commands
from bunko.paths import config_file

# What takes time to import is imported where it is used: a command that a server answers needs none of it.
if TYPE_CHECKING:
    from bunko.library import Library
    from bunko.models import Progress as DownloadProgress
    from bunko.settings import Settings
    from bunko.types import SyncReport

_UNITS = {"reading": "B", "embedding": " passages", "waiting for the server's model": " s"}
# flag -> setting, for those that a question may not set
_FLAGS = {
    "model": "model",
    "embedder": "embedder",
    "store": "store",
    "offline": "offline",
    "password_file": "reading.password_file",
    "archives": "reading.archives",
    "ocr": "reading.ocr",
    "adapter": "generation.adapters",
    "gpu_layers": "generation.gpu_layers",
    "prompt": "answers.prompt_file",
}


def settings_from(arguments: argparse.Namespace, root: Path | None = None) -> Settings:
    """Return the settings, flags included. Raises SettingsError, UsageError."""
    from bunko.config import load_settings

    return load_settings(library_config=config_file(root) if root else None, overrides=overrides_from(arguments))


def overrides_from(arguments: argparse.Namespace) -> dict[str, object]:
    """Return the settings that the flags give, by dotted name. Raises UsageError."""
    overrides: dict[str, object] = {}
    for pair in arguments.set:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--set {pair} has no value.", "Write --set NAME=VALUE.")
        overrides[name.strip()] = value.strip()
    flags = _FLAGS | {each.field: each.setting for each in ASKABLE}
    values = {name: getattr(arguments, flag, None) for flag, name in flags.items()}
    given = {name: value for name, value in values.items() if value is not None}  # else --set decides
    lists = {name: SETTINGS[name] for name in given if name in SETTINGS and SETTINGS[name].is_list}
    return overrides | given | {name: each.parse(given[name]) for name, each in lists.items()}


def open_from(arguments: argparse.Namespace, folder: str) -> Library:
    """Return a command's library, with progress bars unless --quiet is given."""
    from bunko.library import Library

    root = Path(folder).expanduser()
    return Library(
        root,
        settings=settings_from(arguments, root),
        progress=progress_from(arguments),
        download_progress=download_progress_from(arguments),
    )


def download_progress_from(arguments: argparse.Namespace) -> DownloadProgress:
    """Return how to show the progress of downloads."""
    from bunko.models import silent, terminal_bar

    return silent if arguments.quiet else terminal_bar


def progress_from(arguments: argparse.Namespace) -> Callable[[str, int, int], None]:
    """Return how to show the progress of a sync: a bar on a terminal, nothing elsewhere."""
    if arguments.quiet or not sys.stderr.isatty():
        return lambda stage, done, total: None
    return _Bars()


class _Bars:
    """One bar per stage with the remaining time, removed when the stage is done."""

    def __init__(self) -> None:
        self._stage = ""
        self._bar: Any = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage or self._bar is None:
            from tqdm import tqdm

            unit = _UNITS.get(stage, " documents")
            self._stage = stage
            self._bar = tqdm(desc=stage, total=total, unit=unit, unit_scale=True, leave=False, delay=0.3)
        self._bar.update(done - self._bar.n)
        if done >= total:
            self._bar.close()
            self._bar = None


def print_json(value: object) -> None:
    """Print one JSON object on a line of stdout, and flush it."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def note(arguments: argparse.Namespace, text: str) -> None:
    """Print a note on stderr, unless --quiet is given."""
    if not arguments.quiet:
        shown = for_terminal(own_commands(safe(text)), sys.stderr)
        print(dim(shown, sys.stderr), file=sys.stderr, flush=True)


def note_report(arguments: argparse.Namespace, report: SyncReport, folder: Path) -> None:
    """Print what a sync changed, and how many files could not be read."""
    changes = [f"{count} {what}" for what in ("added", "updated", "removed") if (count := getattr(report, what))]
    if changes:
        documents = counted(report.documents, "document")
        note(arguments, f"{documents} ({', '.join(changes)}) in {report.seconds:.1f} s")
    for text in report.notes:
        note(arguments, text)
    note_failed(arguments, report, folder)


def note_failed(arguments: argparse.Namespace, report: SyncReport, folder: Path) -> None:
    """Print how many files could not be read."""
    if report.failed:
        files = counted(len(report.failed), "file")
        note(arguments, f"{files} could not be read; `bunko index {folder}` lists them with the reasons")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "file"), counted(1200, "file")
    ('1 file', '1,200 files')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def dim(text: str, stream: Any = None) -> str:
    """Return the text in a fainter colour where the stream is a terminal."""
    return _styled(text, "2", stream)


def bold(text: str, stream: Any = None) -> str:
    """Return the text in bold where the stream is a terminal."""
    return _styled(text, "1", stream)


def _styled(text: str, code: str, stream: Any) -> str:
    import os

    stream = stream or sys.stdout
    plain = not text or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"  # no-color.org
    return text if plain or not stream.isatty() else f"\x1b[{code}m{text}\x1b[0m"


def for_terminal(text: str, stream: Any, *, first: str = "", rest: str = "") -> str:
    """Return the text behind `first`; where the stream is a terminal, its lines are broken at words."""
    if not stream.isatty():
        return first + text
    from bunko.language.wrapping import wrapped, wrapped_lines

    return wrapped(text, width(), first=first, rest=rest) if first else wrapped_lines(text, width())


def beside(text: str, left: int) -> str:
    """Return a text that stands after `left` columns of stdout; on a terminal its further lines begin there, too."""
    if not sys.stdout.isatty():
        return text
    from bunko.language.wrapping import wrapped

    return wrapped(text, width() - left, first="", rest=" " * left) if left else wrapped(text, width())


def width() -> int:
    """Return the number of columns for a line of text."""
    return min(wide(), 100)


def wide() -> int:
    """Return the number of columns of the terminal, for tables; 80 where there is none."""
    return shutil.get_terminal_size().columns


def safe(text: str) -> str:
    r"""Remove control characters, with which text from a document or a model could control the terminal.

    >>> safe("a\x1b[31mb"), safe("第一章\u3000総則")
    ('a[31mb', '第一章\u3000総則')
    """
    return "".join(sign for sign in text if sign in "\n\t" or sign.isprintable() or unicodedata.category(sign) == "Zs")
