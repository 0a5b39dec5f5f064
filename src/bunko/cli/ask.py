"""`bunko ask` and `bunko search`."""

from __future__ import annotations

import argparse
import contextlib
import gc
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bunko.cli.background import leave_rest
from bunko.cli.common import note, note_report, open_from, print_json, settings_from
from bunko.cli.render import render_hits, scope_line, show_answer
from bunko.cli.resident import ask_server, library_at, search_server
from bunko.errors import QuestionError, StoreBusy, StoreNotWritable, UsageError
from bunko.notes.answer_words import words_for
from bunko.stopwatch import Stopwatch

# What takes time to import is imported where it is used: a command that a server answers needs none of it.
if TYPE_CHECKING:
    from bunko.contract.records import SearchResult
    from bunko.library import Library
    from bunko.settings import Settings
    from bunko.types import SyncReport

# Another process that updates the index is soon done; one that builds it is not waited for.
_WAIT_S = 3.0
# Objects. Hardly any of a short command can be freed: looking for them at Python's 700 takes a twentieth of its time.
_COLLECT_AFTER = 50_000


def run_ask(arguments: argparse.Namespace) -> int:
    """Answer one question."""
    gc.set_threshold(_COLLECT_AFTER)
    folder, question = _folder_and_question(arguments)
    if arguments.folders:
        from bunko.cli.several import ask_several

        ask_several(arguments, question)
    elif arguments.save:
        from bunko.cli.replay import ask_and_save

        ask_and_save(arguments, folder, question)
    elif arguments.no_rag:
        _ask_model(arguments, folder, question)
    elif library := library_at(arguments, folder):
        with library:
            show_answer(arguments, library.stream(question, answers="new" if arguments.no_cache else "kept"))
    elif (events := ask_server(arguments, Path(folder).expanduser(), question)) is not None:
        show_answer(arguments, events)
    else:
        _ask_here(arguments, folder, question)
    return 0


def _ask_model(arguments: argparse.Namespace, folder: str, question: str) -> None:
    from bunko.answering.alone import answer_without_documents
    from bunko.library import Library
    from bunko.models.modelfile import with_modelfile

    watch = Stopwatch()
    library = Library(Path(folder or "."), settings=settings_from(arguments, Path(folder) if folder else None))
    with library:
        settings = with_modelfile(library.settings)
        events = answer_without_documents(question, library.generator, settings=settings, watch=watch)
        show_answer(arguments, events)
        note_placement(arguments, library)


def _ask_here(arguments: argparse.Namespace, folder: str, question: str) -> None:
    watch = Stopwatch()
    with open_from(arguments, folder) as library:
        if not (arguments.no_cache or arguments.no_sync) and (known := library.recall(question, watch=watch)):
            show_answer(arguments, known)
            return
        with watch.stage("sync"):
            if library.needs_model(question):
                warm_up(arguments, library, question)
            waiting = sync_first(arguments, library)
        events = library.stream(question, watch=watch, answers="new" if arguments.no_cache else "kept")
        answer = show_answer(arguments, events)
        note_placement(arguments, library)
        if answer.finish_reason != "none":  # the model was asked
            _note_starter(arguments, library.settings)
        if not (arguments.no_cache or arguments.no_sync or waiting):
            library.keep_folder()
        if waiting:
            leave_rest(arguments, library, waiting)


def run_search(arguments: argparse.Namespace) -> int:
    """Find passages."""
    gc.set_threshold(_COLLECT_AFTER)
    arguments.folder, arguments.query = _folder_and_query(arguments)
    if not arguments.query.strip():
        raise QuestionError("The query is empty.", 'For example: bunko search FOLDER "budget 2024"')
    watch = Stopwatch()
    if arguments.folders:
        from bunko.cli.several import search_several

        show_found(arguments, search_several(arguments, watch), watch)
        return 0
    if library_there := library_at(arguments, arguments.folder):
        with library_there:
            show_found(arguments, library_there.find(arguments.query, watch=watch), watch)
        return 0
    root = Path(arguments.folder).expanduser()
    if (found := search_server(arguments, root, arguments.query, watch=watch)) is not None:
        show_found(arguments, found, watch)
        return 0
    watch = Stopwatch()
    with open_from(arguments, arguments.folder) as library:
        with watch.stage("sync"):
            waiting = sync_first(arguments, library)
        show_found(arguments, library.find(arguments.query, watch=watch), watch)
        if waiting:
            leave_rest(arguments, library, waiting)
    return 0


def show_found(arguments: argparse.Namespace, found: SearchResult, watch: Stopwatch) -> None:
    """Print what a search found."""
    if arguments.json:
        from bunko.contract.serialise import to_json

        print_json(to_json(replace(found, timings=watch.timings())))
    else:
        if found.scope and not arguments.quiet:
            print(scope_line(found.scope, words_for(found.query)), end="\n\n")
        scores: Literal["shown", "hidden"] = "shown" if arguments.verbose else "hidden"
        render_hits(found.hits, scores=scores, words=words_for(found.query))


def warm_up(arguments: argparse.Namespace, library: Library, question: str = "") -> None:
    """Start to load the models, and prepare them for `question`; the index is updated meanwhile."""
    if not arguments.no_sync:
        library.check_folder()  # before a model is downloaded for an empty folder
    library.warm_up(question)


def sync_first(arguments: argparse.Namespace, library: Library) -> int:
    """Bring the index in step, unless --no-sync is given; return how many passages have no vector yet."""
    if arguments.no_sync:
        return 0
    try:
        report = _synced(arguments, library)
    except StoreBusy as error:
        note(arguments, f"{error.message} The answer is from what is indexed so far.")
        return 0
    except StoreNotWritable as error:
        if not library.is_indexed:
            raise
        note(arguments, f"{error.message} The answer is from what is indexed so far.")
        return 0
    if report.added and not report.unchanged:
        from bunko.cli.library import note_languages

        note_languages(arguments, library)
    note_report(arguments, report, library.root)
    return report.unembedded


def _synced(arguments: argparse.Namespace, library: Library) -> SyncReport:
    """Sync. While another process makes an index without any documents yet, wait: there is nothing to answer from."""
    is_noted = False
    while True:
        try:
            return library.sync(vectors="few", wait_s=_WAIT_S)
        except StoreBusy as error:  # noqa: PERF203 - waiting is all that happens here
            if library.has_documents():
                raise
            if not is_noted:
                note(arguments, f"{error.message} Waiting for its first documents.")
                is_noted = True


def complete(library: Library) -> None:
    """Make the vectors that were left for later."""
    with contextlib.suppress(StoreBusy):  # another process makes them
        library.complete()


def note_placement(arguments: argparse.Namespace, library: Library) -> None:
    """Print with --verbose where the model ran: on the CPU, or with how many layers on which GPU."""
    if arguments.verbose and (placement := library.placement()):
        note(arguments, f"The model ran on: {placement}")


def _note_starter(arguments: argparse.Namespace, settings: Settings) -> None:
    """Print once on this machine that the starter model is for trials."""
    from bunko.settings import Settings, cache_directory

    noted = cache_directory(settings) / "told-of-starter"
    if settings.model != Settings().model or noted.exists():
        return
    note(arguments, f"\n{settings.model} is a very small model for first trials: it is often wrong.")
    note(arguments, "`bunko models list` shows better ones. Choose one with --model or in the config file.")
    with contextlib.suppress(OSError):  # without a cache, the note is printed again
        noted.touch()


def _example(command: str, words: list[str], arguments: argparse.Namespace) -> str:
    """Return the command line that was probably meant: the words of a question as one argument."""
    alone = arguments.folders or getattr(arguments, "no_rag", False)
    text = " ".join(words if alone else words[1:])
    quoted = f"'{text}'" if '"' in text else f'"{text}"'
    return f"For example: bunko {command} {quoted if alone else f'{words[0]} {quoted}'}"


def _folder_and_query(arguments: argparse.Namespace) -> tuple[str, str]:
    words: list[str] = arguments.words
    if len(words) == (1 if arguments.folders else 2):
        return ("", words[0]) if arguments.folders else (words[0], words[1])
    if len(words) > (1 if arguments.folders else 2):
        raise UsageError("One query at a time; put it in quotes.", _example("search", words, arguments))
    wanted = "a query" if arguments.folders else "a folder and a query"
    raise UsageError(f"`bunko search` needs {wanted}.", 'For example: bunko search reports "budget 2024"')


def _folder_and_question(arguments: argparse.Namespace) -> tuple[str, str]:
    words: list[str] = arguments.words
    if len(words) == 1 and (arguments.no_rag or arguments.folders):
        folder, question = "", words[0]
    elif len(words) == 2 and not arguments.folders:
        folder, question = words
    elif len(words) == 1:
        raise UsageError(
            "`bunko ask` needs a folder and a question.", 'For example: bunko ask reports "Who wrote this?"'
        )
    else:
        raise UsageError("One question at a time; put it in quotes.", _example("ask", words, arguments))
    if question == "-":
        question = sys.stdin.read()
    if not question.strip():
        raise QuestionError("The question is empty.", 'For example: bunko ask reports "Who wrote this?"')
    return folder, question.strip()
