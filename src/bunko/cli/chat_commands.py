"""The commands of `bunko chat`: what begins with a slash is answered here, and no model sees it.

In: a line, the state of the conversation. Out: text. A line such as `/srv/data` is no command but a question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bunko.cli.command_parser import nearest
from bunko.cli.render import documents_line, sources_text
from bunko.errors import BunkoError, UsageError
from bunko.types import Answer

_COMMAND = re.compile(r"/(?P<name>\w*)(?:\s+(?P<rest>.*))?", re.DOTALL)
_HELP = {
    "help": "this list",
    "model [NAME]": "show the model that answers, or choose another",
    "sources": "show the sources of the last answer, in full",
    "save FILE": "save the conversation as Markdown",
    "only [PATTERN ...]": "ask these documents only; without a pattern, all again",
    "new": "start a new conversation",
    "quit": "end the conversation, as an empty line or Ctrl-D does",
}
NAMES = tuple(each.split()[0] for each in _HELP)


@dataclass(slots=True, kw_only=True)
class ChatState:
    """What the commands read and change."""

    model: str
    """The model that answers."""
    models: Callable[[], tuple[str, ...]]
    """The models to choose from, as far as they are known."""
    has_documents: bool
    """Whether there are documents to ask."""
    chosen_model: str = ""
    """The model that was chosen in the conversation; empty for the one that the command was given."""
    only: tuple[str, ...] = ()
    """The documents to ask; empty for all."""
    answers: list[Answer] = field(default_factory=list)
    """The answers of the conversation so far."""
    is_over: bool = False
    _worked: tuple[str, str] = ("", "")
    """The model that answered last, and the name by which it was chosen."""

    def __post_init__(self) -> None:
        """Take the model that the command was given for one that works."""
        self._worked = (self.model, self.chosen_model)

    def note_answer(self, answer: Answer) -> None:
        """Keep an answer; its model works."""
        self.answers.append(answer)
        self._worked = (self.model, self.chosen_model)

    def use_last_model(self) -> bool:
        """Go back to the model that answered last; return whether that is another one."""
        changed = self._worked != (self.model, self.chosen_model)
        self.model, self.chosen_model = self._worked
        return changed

    def settings(self) -> Mapping[str, object] | None:
        """Return the settings of the next question that are not the library's own."""
        return {"model": self.chosen_model} if self.chosen_model else None


def is_command(line: str) -> bool:
    """Return whether a line is a command: a slash and one word, not a path.

    >>> is_command("/help"), is_command("/only a/*.txt"), is_command("/srv/data: what is it?"), is_command(" /help?")
    (True, True, False, False)
    """
    return _COMMAND.fullmatch(line) is not None


def run_command(line: str, state: ChatState, *, forget: Callable[[], None]) -> str:
    """Run a command, and return what to show. `forget` starts a new conversation. Raises UsageError."""
    match = _COMMAND.fullmatch(line)
    assert match
    name, rest = match["name"].lower(), (match["rest"] or "").strip()
    if name == "new":
        forget()
        state.answers.clear()
        return "A new conversation."
    if name in ("quit", "exit", "bye"):
        state.is_over = True
        return ""
    commands: dict[str, Callable[[], str]] = {
        "help": help_text,
        "model": lambda: _model(rest, state),
        "sources": lambda: _sources(state),
        "save": lambda: _save(rest, state),
        "only": lambda: _only(rest, state),
    }
    if name in commands:
        return commands[name]()
    near = nearest(name, NAMES)
    meant = f" Did you mean /{near}?" if near else ""
    raise UsageError(f"There is no command /{name}.{meant}", "/help lists the commands; begin a question with a space.")


def help_text() -> str:
    """Return the list of commands."""
    width = max(map(len, _HELP)) + 1
    lines = [f"/{name:<{width}} {text}" for name, text in _HELP.items()]
    return "\n".join([*lines, "Ctrl-C stops an answer. The arrow keys edit a line, and bring back earlier ones."])


def _model(name: str, state: ChatState) -> str:
    if not name:
        others = [each for each in state.models() if each != state.model]
        more = f"\nOthers: {', '.join(others)}" if others else ""
        return f"{state.model} answers.{more}\n/model NAME chooses another: a name, a GGUF file or a server's URL."
    state.chosen_model = state.model = str(Path(name).expanduser()) if name.startswith("~") else name
    return f"{name} answers from now on."


def _sources(state: ChatState) -> str:
    if not state.answers:
        raise UsageError("There is no answer yet.", "Ask a question first.")
    answer = state.answers[-1]
    if not answer.evidence:
        return "The last answer has no sources."
    return f"{sources_text(answer)}\n{documents_line(answer)}".rstrip()


def _save(name: str, state: ChatState) -> str:
    if not name:
        raise UsageError("/save needs a file.", "For example: /save answers.md")
    if not state.answers:
        raise UsageError("There is no answer yet.", "Ask a question first.")
    path = Path(name.strip("\"'")).expanduser()
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(conversation_markdown(state.answers))
    except FileExistsError:
        raise UsageError(f"{path} exists already.", "Choose another name.") from None
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}.", "Choose another place.") from error
    return f"Saved: {path}"


def conversation_markdown(answers: list[Answer]) -> str:
    """Return a conversation as Markdown: each question, its answer, and the sources of it."""
    parts = []
    for answer in answers:
        parts.append(f"## {' '.join(answer.question.split())}")
        parts.append(answer.text.strip())
        quotes = [f"{n}. {item.path}: “{' '.join(item.quote.split())}”" for n, item in enumerate(answer.evidence, 1)]
        if quotes:
            parts.append("\n".join(quotes))
    return "\n\n".join(parts) + "\n"


def _only(rest: str, state: ChatState) -> str:
    if not state.has_documents:
        raise UsageError("There are no documents in this conversation.", "Start it with a folder: bunko chat FOLDER")
    state.only = tuple(rest.split())
    return f"Asking only: {', '.join(state.only)}. /only asks all again." if state.only else "Asking all documents."


def complete_word(text: str, line: str, state: ChatState) -> list[str]:
    """Return what may stand in place of the word that is being written: a command, or a model's name."""
    if line.startswith("/model "):
        try:
            return [each for each in state.models() if each.startswith(text)]
        except BunkoError:
            return []
    return [f"/{name}" for name in NAMES if f"/{name}".startswith(text)] if line.startswith("/") else []
