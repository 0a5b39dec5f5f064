"""`bunko ask`, `search` and `chat` with --in: several folders at once."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bunko.cli.ask import note_placement, sync_first, warm_up
from bunko.cli.background import leave_rest
from bunko.cli.common import download_progress_from, progress_from, settings_from
from bunko.cli.render import show_answer
from bunko.client.http import names_server
from bunko.engines import Engines
from bunko.errors import UsageError
from bunko.library import Library
from bunko.several import SeveralLibraries
from bunko.several.libraries import names_of
from bunko.several.sets import folders_of
from bunko.stopwatch import Stopwatch

if TYPE_CHECKING:
    from bunko.contract.records import SearchResult


def ask_several(arguments: argparse.Namespace, question: str) -> None:
    """Answer a question from several folders."""
    for name, flag in (("save", "--save"), ("no_rag", "--no-rag")):
        if getattr(arguments, name, None):
            raise UsageError(f"{flag} can't be used with --in.", "Leave one of them out.")
    watch = Stopwatch()
    with _libraries(arguments) as libraries:
        with watch.stage("sync"):
            if libraries.needs_model(question):
                warm_up(arguments, libraries, question)
            waiting = _synced(arguments, libraries)
        show_answer(arguments, libraries.stream(question, watch=watch))
        note_placement(arguments, libraries)
        _leave_rest(arguments, libraries, waiting)


def search_several(arguments: argparse.Namespace, watch: Stopwatch) -> SearchResult:
    """Return the passages of several folders."""
    with _libraries(arguments) as libraries:
        with watch.stage("sync"):
            waiting = _synced(arguments, libraries)
        found = libraries.find(arguments.query, watch=watch)
        _leave_rest(arguments, libraries, waiting)
    return found


@contextlib.contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[SeveralLibraries]:
    """Open the folders for a conversation, their indexes in step."""
    if arguments.folder is not None:
        raise UsageError("Name all folders with --in.", "For example: bunko chat --in reports --in mails")
    with _libraries(arguments) as libraries:
        warm_up(arguments, libraries)
        _leave_rest(arguments, libraries, _synced(arguments, libraries))
        yield libraries


@contextlib.contextmanager
def _libraries(arguments: argparse.Namespace) -> Iterator[SeveralLibraries]:
    if arguments.store:
        raise UsageError("--store can't be used with --in: each folder has an index of its own.", "Leave it out.")
    folders = folders_of(arguments.folders, settings_from(arguments).sets)
    if at := next((folder for folder in folders if names_server(folder)), ""):
        raise UsageError(f"{at} is on a server: --in takes folders of this machine.", "Ask it alone.")
    roots = [Path(folder).expanduser() for folder in folders]
    first = settings_from(arguments, roots[0])
    engines = Engines(first, progress=download_progress_from(arguments), waiting=progress_from(arguments))
    with contextlib.closing(engines):
        each = [
            Library(root, settings=settings_from(arguments, root), engines=engines, progress=progress_from(arguments))
            for root in roots
        ]
        with SeveralLibraries(dict(zip(names_of(roots), each, strict=True)), engines=engines) as libraries:
            yield libraries


def _synced(arguments: argparse.Namespace, libraries: SeveralLibraries) -> dict[str, int]:
    """Bring each index in step; return by name how many passages have no vector yet."""
    return {name: sync_first(arguments, library) for name, library in libraries.libraries.items()}


def _leave_rest(arguments: argparse.Namespace, libraries: SeveralLibraries, waiting: Mapping[str, int]) -> None:
    for name, count in waiting.items():
        if count:
            leave_rest(arguments, libraries.libraries[name], count)
