"""Answer a saved question again. In: a SavedAnswer, perhaps another folder. Out: what has changed since.

A record of another installation may come from somebody who wants to see the reader's documents: the folder is then
named by the reader, and the models by plain names.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bunko.contract.saved_answer import Replay, SavedAnswer
from bunko.errors import LibraryNotFound, ModelNotFound, NotDownloaded, SavedAnswerError
from bunko.library import Library
from bunko.network import is_address_without_scheme
from bunko.replay.comparing import compare, notes_on
from bunko.replay.deciding_settings import ModelRefused, settings_again
from bunko.replay.recording import Recording
from bunko.replay.saved_file import Read
from bunko.settings import Settings
from bunko.stopwatch import Stopwatch


def replay_answer(
    read: Read,
    *,
    folder: str | Path | None = None,
    overrides: Mapping[str, object] | None = None,
    open_library: Callable[[Path, Settings], Library] | None = None,
    prepare: Callable[[Library], object] | None = None,
) -> Replay:
    """Answer the question of a saved answer again, with its settings, and compare.

    `folder` is where the library is now; None: where it was. `overrides` replace settings, by dotted name.
    `open_library` opens it, with progress bars say; `prepare` brings its index in step, instead of `Library.sync`.
    Raises SavedAnswerError, LibraryError, SettingsError, ModelError, EngineError, StoreError.
    """
    saved = read.saved
    root = _root(read, folder)
    settings = _settings(read, overrides or {})
    with contextlib.ExitStack() as stack, _naming_other_models():
        library = stack.enter_context((open_library or _open)(root, settings))
        if saved.library is not None:
            (prepare or Library.sync)(library)
        recording = Recording(library, saved.question, documents="searched" if saved.library else "none")
        for _ in recording.stream(watch=Stopwatch()):
            pass
        now = recording.saved()
    return _compared(saved, now)


def _compared(saved: SavedAnswer, now: SavedAnswer) -> Replay:
    changes = compare(saved, now)
    return Replay(
        question=saved.question,
        changed=bool(changes),
        changes=changes,
        notes=notes_on(saved, now),
        before=saved.answer.text,
        saved_at=saved.saved_at,
        answer=now.answer,
    )


def _open(root: Path, settings: Settings) -> Library:
    return Library(root, settings=settings)


def _root(read: Read, folder: str | Path | None) -> Path:
    """Return the folder to ask. Raises SavedAnswerError, LibraryNotFound."""
    if folder is not None:
        if isinstance(folder, str) and _is_address(folder):
            raise SavedAnswerError(
                "An answer can't be replayed on a server: its index and its models are there.",
                "Name the folder instead, on the machine where the server runs.",
            )
        return Path(folder).expanduser()
    if read.saved.library is None:
        return Path()
    where = read.saved.library.folder
    if not read.is_own:
        raise SavedAnswerError(
            "Another installation saved this answer, or somebody has changed the file.",
            "Name the folder to ask: bunko replay FILE.json FOLDER",
        )
    if not Path(where).exists():
        raise LibraryNotFound(
            f"The library of this answer, {where!r}, is no longer there.",
            "If it was moved, name its new place: bunko replay FILE.json FOLDER",
        )
    return Path(where)


def _is_address(folder: str) -> bool:
    if folder.startswith(("http://", "https://")):
        return True
    return is_address_without_scheme(folder) and not Path(folder).exists()


def _settings(read: Read, overrides: Mapping[str, object]) -> Settings:
    try:
        return settings_again(read.saved.settings, overrides=overrides, is_own=read.is_own)
    except ModelRefused as error:
        name = error.setting
        raise SavedAnswerError(
            f"Another installation saved this answer, with the {name} {str(read.saved.settings.get(name))!r}, "
            "which is not taken from such a file: it could be a server that gets your documents.",
            f"If you trust it, or to use one of yours: --{name} NAME",
        ) from error


@contextlib.contextmanager
def _naming_other_models() -> Iterator[None]:
    """Add to the error of a model that is missing how to answer with another one."""
    try:
        yield
    except (ModelNotFound, NotDownloaded) as error:
        raise type(error)(error.message, f"{error.hint} To replay with another one: --model or --embedder.") from error
