"""`bunko ask --save` and `bunko replay`."""

from __future__ import annotations

import argparse
import shlex
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bunko.cli.ask import complete, note_placement, sync_first, warm_up
from bunko.cli.common import (
    bold,
    dim,
    download_progress_from,
    note,
    open_from,
    overrides_from,
    print_json,
    progress_from,
    safe,
    settings_from,
)
from bunko.cli.render import show_answer
from bunko.contract.saved_answer import Change, Replay
from bunko.contract.serialise import to_json
from bunko.replay.recording import Recording
from bunko.replay.replaying import replay_answer
from bunko.replay.saved_file import check_place, read_saved, write_saved
from bunko.stopwatch import Stopwatch

if TYPE_CHECKING:
    from bunko.library import Library
    from bunko.settings import Settings


def ask_and_save(arguments: argparse.Namespace, folder: str, question: str) -> None:
    """Answer a question here, and save the answer with everything that it was made from."""
    place = check_place(arguments.save, root=None if arguments.no_rag else Path(folder).expanduser())
    watch = Stopwatch()
    with _opened(arguments, folder) as library:
        if not arguments.no_rag:
            with watch.stage("sync"):
                if library.needs_model(question):
                    warm_up(arguments, library, question)
                _sync_all(arguments, library)
        recording = Recording(library, question, documents="none" if arguments.no_rag else "searched")
        show_answer(arguments, recording.stream(watch=watch))
        note_placement(arguments, library)
        write_saved(recording.saved(), place)
    note(arguments, f"Saved. To answer again and compare: bunko replay {shlex.quote(str(place))}")


def run_replay(arguments: argparse.Namespace) -> int:
    """Answer a saved question again; return 1 if anything has changed."""
    overrides = overrides_from(arguments)
    replay = replay_answer(
        read_saved(arguments.file),
        folder=arguments.folder,
        overrides=overrides,
        open_library=lambda root, settings: _library(arguments, root, settings),
        prepare=lambda library: _sync_all(arguments, library),
    )
    if arguments.json:
        print_json(to_json(replay))
    else:
        _show(replay)
    for text in replay.notes:
        note(arguments, text)
    return 1 if replay.changed else 0


def _opened(arguments: argparse.Namespace, folder: str) -> Library:
    if not arguments.no_rag:
        return open_from(arguments, folder)
    root = Path(folder or ".").expanduser()
    return _library(arguments, root, settings_from(arguments, root if folder else None))


def _library(arguments: argparse.Namespace, root: Path, settings: Settings) -> Library:
    from bunko.library import Library

    return Library(
        root,
        settings=settings,
        progress=progress_from(arguments),
        download_progress=download_progress_from(arguments),
    )


def _sync_all(arguments: argparse.Namespace, library: Library) -> None:
    """Bring the index in step, all vectors included: an answer from a part of them could not be given again."""
    if sync_first(arguments, library):
        complete(library)


def _show(replay: Replay) -> None:
    when = datetime.fromtimestamp(replay.saved_at).strftime("%Y-%m-%d %H:%M")
    print(f"{bold('Question')}\n{safe(replay.question)}\n")
    same = replay.before == replay.answer.text
    print(f"{bold(f'Answer of {when}')}{dim(', and now') if same else ''}\n{safe(replay.before)}\n")
    if not same:
        print(f"{bold('Answer now')}\n{safe(replay.answer.text)}\n")
    if not replay.changes:
        print("Nothing has changed.")
        return
    print(bold("Changed"))
    for change in replay.changes:
        _show_change(change)


def _show_change(change: Change) -> None:
    print(f"- {change.what}: {safe(change.message)}")
    if change.what in ("passages", "evidence", "prompt"):
        print(dim(safe(f"    then: {change.before}\n    now:  {change.now}")))
