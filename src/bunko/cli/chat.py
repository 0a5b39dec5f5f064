"""`bunko chat`: a conversation with a folder, or with the model alone."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from bunko.answering.pipeline import answer_without_documents
from bunko.cli.ask import complete, sync_first
from bunko.cli.common import bold, note, open_from, print_json, settings_from
from bunko.cli.render import render_events
from bunko.cli.resident import served_library
from bunko.contract.serialise import to_json
from bunko.conversation import last
from bunko.errors import QuestionError
from bunko.library import Library
from bunko.stopwatch import Stopwatch
from bunko.types import Event, Finished, Message

_HELP = "Ask; an empty line or Ctrl-D ends the conversation, Ctrl-C stops an answer. /new forgets what was said."


def run(arguments: argparse.Namespace) -> int:
    """Read questions from the terminal, or one a line from a pipe, until there are no more."""
    if arguments.folder is None:
        library = Library(Path.cwd(), settings=settings_from(arguments))
        with library:
            library.warm_up()
            return _converse(arguments, _Plain(library))
    if served := served_library(arguments, Path(arguments.folder).expanduser()):
        with served:
            return _converse(arguments, served.chat())
    with open_from(arguments, arguments.folder) as library:
        if sync_first(arguments, library):
            complete(library)
        return _converse(arguments, library.chat())


class _Plain:
    """A conversation with the model alone."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self.history: tuple[Message, ...] = ()

    def stream(self, question: str) -> Iterator[Event]:
        generator, settings = self._library.generator, self._library.settings
        watch = Stopwatch()
        for event in answer_without_documents(
            question, generator, settings=settings, history=self.history, watch=watch
        ):
            if isinstance(event, Finished):
                answer = event.answer
                said = Message(role="assistant", content=answer.text, reasoning=answer.reasoning)
                self.history += (Message(role="user", content=question), said)
            yield event


def _converse(arguments: argparse.Namespace, conversation: object) -> int:
    interactive = sys.stdin.isatty()
    if interactive:
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401 (line editing and history, where the platform has it)
        note(arguments, _HELP)
    for question in _questions(interactive):
        if question == "/new":
            conversation.history = ()  # type: ignore[attr-defined]
            continue
        try:
            _answer(arguments, conversation.stream(question))  # type: ignore[attr-defined]
        except QuestionError as error:
            note(arguments, str(error))
        except KeyboardInterrupt:
            if not interactive:
                raise
            note(arguments, "\nStopped.")
    return 0


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


def _answer(arguments: argparse.Namespace, events: Iterator[Event]) -> None:
    if arguments.json:
        print_json(to_json(last(events)))
    else:
        render_events(events, verbose=arguments.verbose, quiet=arguments.quiet)
