"""Read and fill prompt templates. In: the text of a template, values. Out: chat messages.

A template is a text with the parts `[system]`, `[user]`, `[assistant]` and `[raw]`, each name on a line of its own; a
`[raw]` part is the whole prompt, which the model continues. `{question}` and the like are filled in; any other brace is
an ordinary character, and `{{question}}` gives `{question}`. Knows nothing of documents.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal, cast

from bunko.errors import SettingsError
from bunko.types import Message, Role

HOME = Path(__file__).with_name("templates")
"""The templates that come with the program: `LANGUAGE/NAME.txt`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What a template is for."""

    doc: str
    required: frozenset[str]
    """Placeholders that it must have."""
    optional: frozenset[str] = frozenset()


_ANSWERING = frozenset({"question", "sources"})
_BESIDE = frozenset({"instructions", "form", "language"})
PURPOSES: Mapping[str, Purpose] = {
    "answer": Purpose(doc="a full answer, by capable models", required=_ANSWERING, optional=_BESIDE),
    "short": Purpose(
        doc="a short answer in the model's own words, by small models", required=_ANSWERING, optional=_BESIDE
    ),
    "phrase": Purpose(doc="a phrase of the sources, by small models", required=_ANSWERING, optional=_BESIDE),
    "continue": Purpose(doc="a phrase of the sources, by tiny models", required=_ANSWERING, optional=_BESIDE),
    "rewrite": Purpose(
        doc="a follow-up question, rewritten to stand alone", required=frozenset({"conversation", "question"})
    ),
    "revise": Purpose(
        doc="the last answer, rewritten as it was asked for",
        required=frozenset({"question", "sources", "answer", "form"}),
        optional=frozenset({"instructions", "language"}),
    ),
    "translate": Purpose(
        doc="a sentence of the answer, translated", required=frozenset({"sentence"}), optional=frozenset({"language"})
    ),
}
_PARTS = ("system", "user", "assistant", "raw")
_HEAD = re.compile(r"^\[([^\W\d]\w*)\][ \t]*$", re.M)
_PLACEHOLDER = re.compile(r"\{\{([^\W\d]\w*)\}\}|\{([^\W\d]\w*)\}")
# Where one of these is empty, so is its line, with the blank line before it.
_MAY_BE_EMPTY = ("instructions", "form", "language")
_ALONE = re.compile(rf"(?:\A|\n+)[ \t]*\{{({'|'.join(_MAY_BE_EMPTY)})\}}[ \t]*(?=\n|\Z)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template that was checked."""

    name: str
    parts: tuple[Message, ...]
    """Their placeholders are not filled."""
    origin: str = ""
    """The file it was read from; empty for one of the program's own."""

    @property
    def placeholders(self) -> frozenset[str]:
        """The placeholders that it has."""
        return frozenset(name for part in self.parts for name in _names_in(part.content))


def parse_template(text: str, *, name: str, origin: str = "") -> Template:
    r"""Return the template of a text. Raises SettingsError for a fault, with the line or the nearest name.

    >>> parse_template("[user]\n{sources}\n{question}", name="answer").parts[0].role
    'user'
    """
    where = origin or f"The prompt {name!r}"
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    heads = [head for head in _HEAD.finditer(text) if _part_of(head[1], where)]
    before = text[: heads[0].start()] if heads else text
    if any(line.strip() and not line.startswith("#") for line in before.splitlines()) or not heads:
        raise SettingsError(
            f"{where} does not begin with a part.",
            "Put [system], [user] or [raw] on a line of its own before the text.",
        )
    ends = [head.start() for head in heads[1:]] + [len(text)]
    parts = tuple(
        Message(role=cast(Role, head[1]), content=text[head.end() : end].strip("\n"))
        for head, end in zip(heads, ends, strict=True)
    )
    _check_order([part.role for part in parts], where)
    template = Template(name=name, parts=parts, origin=origin)
    _check_placeholders(template, where)
    return template


def fill(template: Template, values: Mapping[str, str]) -> list[Message]:
    r"""Return the messages of a template. Values are put in as they are: a placeholder in one is not filled.

    >>> template = parse_template("[user]\n{sources}\n\n{question}", name="answer")
    >>> fill(template, {"sources": "A", "question": "{sources}?"})[0].content
    'A\n\n{sources}?'
    """
    return [replace(part, content=fill_text(part.content, values).strip("\n")) for part in template.parts]


def fill_text(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its placeholders filled; one without a value is empty."""
    text = _ALONE.sub(lambda line: line[0] if values.get(line[1]) else "", text)
    return _PLACEHOLDER.sub(lambda found: f"{{{found[1]}}}" if found[1] else values.get(found[2], ""), text)


@cache
def own_template(name: str, language: str) -> Template:
    """Return the program's own template in a language, or in English where there is none in that one."""
    path = HOME / language / f"{name}.txt"
    if not path.is_file():
        path = HOME / "en" / f"{name}.txt"
    return parse_template(path.read_text(encoding="utf-8"), name=name)


def languages() -> tuple[str, ...]:
    """Return the languages that the program's own templates are written in."""
    return tuple(sorted(folder.name for folder in HOME.iterdir() if folder.is_dir()))


def nearest(name: str, known: tuple[str, ...]) -> str:
    """Return the known name that is most like another; empty if none is.

    >>> nearest("Quesiton", ("question", "sources"))
    'question'
    """
    found = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    return found[0] if found else ""


def _part_of(word: str, where: str) -> Literal["system", "user", "assistant", "raw", ""]:
    """Return the part that a line in brackets begins; empty for other text. Raises SettingsError for a likely slip."""
    if word in _PARTS:
        return cast(Literal["system", "user", "assistant", "raw"], word)
    if near := difflib.get_close_matches(word.lower(), _PARTS, n=1, cutoff=0.8):
        raise SettingsError(f"{where} has an unknown part [{word}].", f"Did you mean [{near[0]}]?")
    return ""


def _check_order(roles: list[Role], where: str) -> None:
    if "raw" in roles:
        if len(roles) > 1:
            raise SettingsError(f"{where} has other parts beside [raw].", "[raw] is the whole prompt.")
        return
    turns = roles[1:] if roles[0] == "system" else roles
    if turns != [("user", "assistant")[n % 2] for n in range(len(turns))] or len(turns) % 2 == 0:
        raise SettingsError(
            f"{where} has its parts in the wrong order: {' '.join(f'[{role}]' for role in roles)}.",
            "At most one [system] comes first; [user] and [assistant] alternate, and a [user] comes last.",
        )


def _check_placeholders(template: Template, where: str) -> None:
    purpose = PURPOSES[template.name]
    known = tuple(sorted(purpose.required | purpose.optional))
    given = template.placeholders
    listed = ", ".join(f"{{{name}}}" for name in known)
    for name in sorted(given - set(known)):
        near = nearest(name, known)
        hint = f"Did you mean {{{near}}}?" if near else f"There are: {listed}."
        raise SettingsError(
            f"{where} has an unknown placeholder {{{name}}}.",
            f"{hint} Braces that are text are doubled: {{{{{name}}}}}.",
        )
    for name in sorted(purpose.required - given):
        raise SettingsError(
            f"{where} lacks the placeholder {{{name}}}.", f"Without it the model does not get it. There are: {listed}."
        )


def _names_in(text: str) -> list[str]:
    return [found[2] for found in _PLACEHOLDER.finditer(text) if found[2]]
