"""`bunko chat`: a conversation about a folder, or with the model alone."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bunko.cli.ask import sync_first, warm_up
from bunko.cli.background import leave_rest
from bunko.cli.chat_commands import ChatState, complete_word, is_command, run_command
from bunko.cli.common import for_terminal, note, open_from, safe, settings_from
from bunko.cli.render import show_answer
from bunko.cli.resident import library_at, served_library
from bunko.errors import EngineError, ModelError, QuestionError, ScopeError, UsageError
from bunko.stopwatch import Stopwatch
from bunko.types import Event, Finished, Message

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from bunko.client.remote_library import RemoteLibrary
    from bunko.library import Library
    from bunko.within import Within

_HELP = (
    "Ask a question. /help lists the commands. An empty line or Ctrl-D ends the conversation, Ctrl-C stops an answer, "
    "/new starts afresh."
)


class _Conversation(Protocol):
    history: tuple[Message, ...]

    def stream(
        self, question: str, *, settings: Mapping[str, object] | None = None, **within: Unpack[Within]
    ) -> Iterator[Event]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Talk:
    """A conversation, and what the commands in it need."""

    conversation: _Conversation
    state: ChatState
    lasting: Callable[[], Collection[str]] = tuple
    """The notes that hold for every answer of a model: they are shown once."""
    before: Callable[[], None] = lambda: None
    """What is done before each question."""


def run(arguments: argparse.Namespace) -> int:
    """Read questions from the terminal, or one per line from a pipe, and answer each."""
    if arguments.folders:
        from bunko.cli.several import opened

        with opened(arguments) as several:
            return _converse(arguments, _talk_with(several.chat(), several))
    if arguments.folder is None:
        return _chat_with_model(arguments)
    there = library_at(arguments, arguments.folder)
    if served := there or served_library(arguments, Path(arguments.folder).expanduser()):
        with served:
            return _converse(arguments, _Talk(conversation=served.chat(), state=_served_state(served)))
    with open_from(arguments, arguments.folder) as library:
        warm_up(arguments, library)
        if waiting := sync_first(arguments, library):
            leave_rest(arguments, library, waiting)
        return _converse(arguments, _talk_with(library.chat(), library))


def _talk_with(conversation: _Conversation, library: Library) -> _Talk:
    """Return a conversation about documents of this machine; each question sees what has been indexed meanwhile."""
    return _Talk(
        conversation=conversation,
        state=ChatState(model=library.settings.model, models=_models_here(library), has_documents=True),
        lasting=lambda: library.generator.spec.notes,
        before=library.refresh,
    )


def _models_here(library: Library) -> Callable[[], tuple[str, ...]]:
    def names() -> tuple[str, ...]:
        from bunko.models.inventory import list_models

        states = list_models(library.settings)
        return tuple(state.name for state in states if state.kind == "chat" and state.downloaded)

    return names


def _served_state(library: RemoteLibrary) -> ChatState:
    models = tuple(library.about().models)
    return ChatState(model=models[0] if models else "", models=lambda: models, has_documents=True)


def _chat_with_model(arguments: argparse.Namespace) -> int:
    from bunko.library import Library

    with Library(Path.cwd(), settings=settings_from(arguments)) as library:
        library.warm_up()
        state = ChatState(model=library.settings.model, models=_models_here(library), has_documents=False)
        plain = _Plain(library)
        try:
            return _converse(
                arguments, _Talk(conversation=plain, state=state, lasting=lambda: plain.library.generator.spec.notes)
            )
        finally:
            plain.library.close()


class _Plain:
    """A conversation with the model alone."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.history: tuple[Message, ...] = ()

    def stream(
        self, question: str, *, settings: Mapping[str, object] | None = None, **within: Unpack[Within]
    ) -> Iterator[Event]:
        from bunko.answering.alone import answer_without_documents
        from bunko.models.modelfile import with_modelfile

        self._choose((settings or {}).get("model") or self.library.settings.model)
        generator, chosen = self.library.generator, with_modelfile(self.library.settings)
        watch = Stopwatch()
        for event in answer_without_documents(question, generator, settings=chosen, history=self.history, watch=watch):
            if isinstance(event, Finished):
                answer = event.answer
                answered = Message(role="assistant", content=answer.text, reasoning=answer.reasoning)
                self.history += (Message(role="user", content=question), answered)
            yield event

    def _choose(self, model: object) -> None:
        """Load another model in place of the one that is loaded."""
        from bunko.library import Library
        from bunko.settings import apply_overrides

        if model != self.library.settings.model:
            self.library.close()
            self.library = Library(Path.cwd(), settings=apply_overrides(self.library.settings, {"model": model}))


def _converse(arguments: argparse.Namespace, talk: _Talk) -> int:
    """Answer each question, and run each command."""
    told: set[str] = set()
    interactive = sys.stdin.isatty()
    if interactive:
        _edit_lines(talk.state)
        note(arguments, _HELP)
    for line in _lines(arguments, interactive):
        if is_command(line):
            _run_command(arguments, talk, line)
            if talk.state.is_over:
                break
            continue
        try:
            _answer(arguments, talk, line.strip(), told)
        except (QuestionError, ScopeError) as error:
            note(arguments, str(error))
        except (ModelError, EngineError) as error:
            if not talk.state.use_last_model() and not interactive:
                raise
            note(arguments, str(error))
        except KeyboardInterrupt:
            if not interactive:
                raise
            note(arguments, "\nStopped.")
    return 0


def _answer(arguments: argparse.Namespace, talk: _Talk, question: str, told: set[str]) -> None:
    state = talk.state
    talk.before()
    within: Within = {"only": state.only} if state.only else {}
    events = talk.conversation.stream(question, settings=state.settings(), **within)
    shown = events if arguments.json else _told_once(events, told, talk.lasting)
    state.note_answer(show_answer(arguments, shown))


def _run_command(arguments: argparse.Namespace, talk: _Talk, line: str) -> None:
    """Run a command, and print its result: on stdout, but for JSON, which has answers only."""

    def forget() -> None:
        talk.conversation.history = ()

    try:
        text = run_command(line, talk.state, forget=forget)
    except UsageError as error:
        note(arguments, str(error))
        return
    if text:
        print(for_terminal(safe(text), sys.stdout), file=sys.stderr if arguments.json else sys.stdout, flush=True)


def _told_once(events: Iterator[Event], told: set[str], lasting: Callable[[], Collection[str]]) -> Iterator[Event]:
    for event in events:
        if not isinstance(event, Finished):
            yield event
            continue
        notes = tuple(text for text in event.answer.notes if text not in told)
        told |= set(notes).intersection(lasting()) if notes else set()
        yield Finished(answer=replace(event.answer, notes=notes))


def _edit_lines(state: ChatState) -> None:
    """Edit lines with the arrow keys, remember them, and complete commands with Tab, where there is readline."""
    try:
        import readline
    except ImportError:  # Windows: its terminal edits lines, and keeps a history
        return

    def complete(text: str, n: int) -> str | None:
        found = complete_word(text, readline.get_line_buffer(), state)
        return found[n] if n < len(found) else None

    readline.set_completer(complete)
    readline.set_completer_delims(" ")
    is_libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if is_libedit else "tab: complete")


def _lines(arguments: argparse.Namespace, interactive: bool) -> Iterator[str]:
    """Yield the lines that are not empty; on a terminal an empty one ends the conversation."""
    while True:
        if interactive:
            print(flush=True)
        try:
            line = input("> " if interactive else "")  # readline counts the columns of a prompt: no colours in it
        except EOFError:
            return
        except KeyboardInterrupt:
            if not interactive:
                raise
            note(arguments, "\nCtrl-D ends the conversation.")
            continue
        if not line.strip() and interactive:
            return
        if line.strip():
            yield line
