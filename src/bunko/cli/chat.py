"""`bunko chat`: a conversation about a folder, or with the model alone."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bunko.cli.ask import complete, sync_first, warm_up
from bunko.cli.common import bold, note, open_from, settings_from
from bunko.cli.render import show_answer
from bunko.cli.resident import library_at, served_library
from bunko.errors import QuestionError, ScopeError
from bunko.stopwatch import Stopwatch
from bunko.types import Event, Finished, Message

if TYPE_CHECKING:
    from bunko.library import Library

_HELP = "Ask a question. An empty line or Ctrl-D ends the conversation, Ctrl-C stops an answer, /new starts afresh."


class _Conversation(Protocol):
    history: tuple[Message, ...]

    def stream(self, question: str) -> Iterator[Event]: ...


def run(arguments: argparse.Namespace) -> int:
    """Read questions from the terminal, or one per line from a pipe, and answer each."""
    if arguments.folders:
        from bunko.cli.several import opened

        with opened(arguments) as several:
            return _converse(arguments, several.chat(), lasting=lambda: several.generator.spec.notes)
    if arguments.folder is None:
        return _chat_with_model(arguments)
    there = library_at(arguments, arguments.folder)
    if served := there or served_library(arguments, Path(arguments.folder).expanduser()):
        with served:
            return _converse(arguments, served.chat(), lasting=tuple)
    with open_from(arguments, arguments.folder) as library:
        warm_up(arguments, library)
        if sync_first(arguments, library):
            complete(library)
        return _converse(arguments, library.chat(), lasting=lambda: library.generator.spec.notes)


def _chat_with_model(arguments: argparse.Namespace) -> int:
    from bunko.library import Library

    with Library(Path.cwd(), settings=settings_from(arguments)) as library:
        library.warm_up()
        return _converse(arguments, _Plain(library), lasting=lambda: library.generator.spec.notes)


class _Plain:
    """A conversation with the model alone."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self.history: tuple[Message, ...] = ()

    def stream(self, question: str) -> Iterator[Event]:
        from bunko.answering.alone import answer_without_documents
        from bunko.models.modelfile import with_modelfile

        generator, settings = self._library.generator, with_modelfile(self._library.settings)
        watch = Stopwatch()
        for event in answer_without_documents(
            question, generator, settings=settings, history=self.history, watch=watch
        ):
            if isinstance(event, Finished):
                answer = event.answer
                answered = Message(role="assistant", content=answer.text, reasoning=answer.reasoning)
                self.history += (Message(role="user", content=question), answered)
            yield event


def _converse(
    arguments: argparse.Namespace, conversation: _Conversation, *, lasting: Callable[[], Collection[str]]
) -> int:
    """Answer each question. The `lasting` notes, which hold for every answer of a model, are shown once."""
    told: set[str] = set()
    interactive = sys.stdin.isatty()
    if interactive:
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401 (line editing and history, where the platform has it)
        note(arguments, _HELP)
    for question in _questions(interactive):
        if question == "/new":
            conversation.history = ()
            continue
        try:
            events = conversation.stream(question)
            show_answer(arguments, events if arguments.json else _told_once(events, told, lasting))
        except (QuestionError, ScopeError) as error:
            note(arguments, str(error))
        except KeyboardInterrupt:
            if not interactive:
                raise
            note(arguments, "\nStopped.")
    return 0


def _told_once(events: Iterator[Event], told: set[str], lasting: Callable[[], Collection[str]]) -> Iterator[Event]:
    for event in events:
        if not isinstance(event, Finished):
            yield event
            continue
        notes = tuple(text for text in event.answer.notes if text not in told)
        told |= set(notes).intersection(lasting()) if notes else set()
        yield Finished(answer=replace(event.answer, notes=notes))


def _questions(interactive: bool) -> Iterator[str]:
    while True:
        try:
            line = input(bold("\n> ") if interactive else "").strip()
        except EOFError:
            return
        if not line and interactive:
            return
        if line:
            yield line
