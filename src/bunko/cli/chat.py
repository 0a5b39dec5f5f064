"""`bunko chat`: a conversation about a folder, or with the model alone."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bunko.cli.ask import complete, sync_first, warm_up
from bunko.cli.common import bold, note, open_from, settings_from
from bunko.cli.render import show_answer
from bunko.cli.resident import served_library
from bunko.errors import QuestionError
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
    if arguments.folder is None:
        return _chat_with_model(arguments)
    if served := served_library(arguments, Path(arguments.folder).expanduser()):
        with served:
            return _converse(arguments, served.chat())
    with open_from(arguments, arguments.folder) as library:
        warm_up(arguments, library)
        if sync_first(arguments, library):
            complete(library)
        return _converse(arguments, library.chat())


def _chat_with_model(arguments: argparse.Namespace) -> int:
    from bunko.library import Library

    with Library(Path.cwd(), settings=settings_from(arguments)) as library:
        library.warm_up()
        return _converse(arguments, _Plain(library))


class _Plain:
    """A conversation with the model alone."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self.history: tuple[Message, ...] = ()

    def stream(self, question: str) -> Iterator[Event]:
        from bunko.answering.pipeline import answer_without_documents

        generator, settings = self._library.generator, self._library.settings
        watch = Stopwatch()
        for event in answer_without_documents(
            question, generator, settings=settings, history=self.history, watch=watch
        ):
            if isinstance(event, Finished):
                answer = event.answer
                answered = Message(role="assistant", content=answer.text, reasoning=answer.reasoning)
                self.history += (Message(role="user", content=question), answered)
            yield event


def _converse(arguments: argparse.Namespace, conversation: _Conversation) -> int:
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
            show_answer(arguments, conversation.stream(question))
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
