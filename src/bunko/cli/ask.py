"""`bunko ask` and `bunko search`."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from bunko.answering.pipeline import answer_without_documents
from bunko.cli.common import note, open_from, print_json, settings_from
from bunko.cli.library import tell_of_languages
from bunko.cli.render import render_events, render_hits
from bunko.contract.records import SearchResult
from bunko.contract.serialise import to_json
from bunko.conversation import last
from bunko.errors import QuestionError, StoreBusy, UsageError
from bunko.library import Library
from bunko.settings import Settings, cache_directory
from bunko.stopwatch import Stopwatch
from bunko.types import Event

# Another process that keeps the index in step is soon done; one that makes it anew is not waited for.
_WAIT_S = 3.0


def run_ask(arguments: argparse.Namespace) -> int:
    """Answer one question."""
    folder, question = _folder_and_question(arguments)
    watch = Stopwatch()
    if arguments.no_rag:
        library = Library(Path(folder or "."), settings=settings_from(arguments, Path(folder) if folder else None))
        with library:
            _render(
                arguments, answer_without_documents(question, library.generator, settings=library.settings, watch=watch)
            )
            tell_of_placement(arguments, library)
        return 0
    with open_from(arguments, folder) as library:
        if not (arguments.no_cache or arguments.no_sync) and (known := library.recall(question, watch=watch)):
            _render(arguments, known)
            return 0
        with watch.stage("sync"):
            waiting = sync_first(arguments, library, with_model=library.needs_model(question), question=question)
        _render(arguments, library.stream(question, watch=watch, answers="new" if arguments.no_cache else "kept"))
        tell_of_placement(arguments, library)
        tell_of_starter(arguments, library.settings)
        if not (arguments.no_cache or arguments.no_sync or waiting):
            library.keep_folder()
        if waiting:
            note(arguments, f"Finishing the index: {waiting} passages are still to be embedded. Ctrl-C is safe.")
            complete(library)
    return 0


def tell_of_placement(arguments: argparse.Namespace, library: Library) -> None:
    """Say with --verbose where the model ran: on the processor, or with how many layers on which GPU."""
    if arguments.verbose and (placement := library.placement()):
        note(arguments, f"The model ran on: {placement}")


def tell_of_starter(arguments: argparse.Namespace, settings: Settings) -> None:
    """Say once on this machine that the starter model is for trying out."""
    told = cache_directory(settings) / "told-of-starter"
    if settings.model != Settings().model or told.exists():
        return
    note(arguments, f"\n{settings.model} is a very small model for trying things out: it is often wrong.")
    note(arguments, "`bunko models list` shows better ones; take one with --model, or set it in the config file.")
    with contextlib.suppress(OSError):  # a cache that can't be written only means that it is told again
        told.touch()


def run_search(arguments: argparse.Namespace) -> int:
    """Find passages."""
    if not arguments.query.strip():
        raise QuestionError("The query is empty.", 'For example: bunko search FOLDER "budget 2024"')
    watch = Stopwatch()
    with open_from(arguments, arguments.folder) as library:
        with watch.stage("sync"):
            waiting = sync_first(arguments, library, with_model=False)
        hits = library.search(arguments.query, watch=watch)
        if arguments.json:
            found = SearchResult(query=arguments.query, hits=tuple(hits), timings=watch.timings())
            print_json(to_json(found))
        else:
            render_hits(hits, verbose=arguments.verbose)
        if waiting:
            complete(library)
    return 0


def complete(library: Library) -> None:
    """Make the vectors that were left for later."""
    with contextlib.suppress(StoreBusy):  # then another process is at it
        library.complete()


def sync_first(arguments: argparse.Namespace, library: Library, *, with_model: bool = True, question: str = "") -> int:
    """Bring the library in step unless told not to; return how many passages still wait for their vectors.

    The models are loaded meanwhile, and made ready for `question` if there is one.
    """
    if not arguments.no_sync:
        library.check_folder()  # before a model is fetched for a folder with nothing in it
    if with_model:
        library.warm_up(question)
    if arguments.no_sync:
        return 0
    try:
        report = library.sync(vectors="few", wait_s=_WAIT_S)
    except StoreBusy as error:
        note(arguments, f"{error.message} The answer is from what is there already.")
        return 0
    tell_of_languages(arguments, library, report)
    changes = [f"{count} {what}" for what in ("added", "updated", "removed") if (count := getattr(report, what))]
    if changes:
        note(arguments, f"{report.documents} documents ({', '.join(changes)}) in {report.seconds:.1f} s")
    if report.failed:
        note(
            arguments, f"{len(report.failed)} files could not be read; `bunko index {library.root}` tells which and why"
        )
    return report.unembedded


def _render(arguments: argparse.Namespace, events: Iterator[Event]) -> None:
    if arguments.json:
        answer = last(events)
        print_json(to_json(answer))
        for text in answer.notes:
            note(arguments, text)
    else:
        render_events(events, verbose=arguments.verbose, quiet=arguments.quiet)


def _folder_and_question(arguments: argparse.Namespace) -> tuple[str, str]:
    words: list[str] = arguments.words
    if len(words) == 1 and arguments.no_rag:
        folder, question = "", words[0]
    elif len(words) == 2:
        folder, question = words
    elif len(words) == 1:
        raise UsageError("A folder and a question are needed.", 'For example: bunko ask reports "Who wrote this?"')
    else:
        raise UsageError(f"Too many words: {' '.join(words)}", "Put the question in quotes.")
    if question == "-":
        question = sys.stdin.read()
    if not question.strip():
        raise QuestionError("The question is empty.", 'For example: bunko ask reports "Who wrote this?"')
    return folder, question.strip()
