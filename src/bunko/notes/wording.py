"""Tell the notes of an answer in the question's language. In: notes in English. Out: notes.

The code, the API and the agents' tools have notes in English, by which programs know them; whoever reads an answer gets
them in the language of the question. The Japanese wordings are in `japanese.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from bunko.language.data_files import read_data
from bunko.language.detection import JAPANESE_LANGUAGE_NAMES, LANGUAGE_NAMES, detect_language
from bunko.types import Answer

_FILE = Path(__file__).with_name("japanese.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A note in both languages."""

    english: re.Pattern[str]
    """Matches the whole note; its named groups are the values in it."""
    japanese: str
    """The note, with the names of the groups in braces."""
    example: str
    """A note that the code writes."""


@cache
def wordings() -> tuple[Wording, ...]:
    """Return the wordings of all notes."""
    return tuple(
        Wording(english=re.compile(each["english"], re.DOTALL), japanese=each["japanese"], example=each["example"])
        for each in read_data(_FILE)["note"]
    )


def worded(notes: Sequence[str], *, language: str) -> tuple[str, ...]:
    """Return notes in a language; one without a wording in it stays as it is.

    >>> worded(["The model repeated itself and was stopped."], language="ja")
    ('モデルが同じ内容を繰り返したため、停止しました。',)
    """
    return tuple(notes) if language != "ja" or not notes else tuple(map(_japanese, notes))


def with_worded_notes(answer: Answer) -> Answer:
    """Return the answer with its notes in the language of its question."""
    if not answer.notes or detect_language(answer.question) != "ja":
        return answer
    return replace(answer, notes=worded(answer.notes, language="ja"))


def _japanese(note: str) -> str:
    for each in wordings():
        if match := each.english.fullmatch(note):
            return each.japanese.format(**{name: _value(name, text) for name, text in match.groupdict().items()})
    return note


def _value(name: str, text: str) -> str:
    if name in ("language", "other"):
        code = next((code for code, known in LANGUAGE_NAMES.items() if known == text), "")
        return JAPANESE_LANGUAGE_NAMES.get(code, text)
    return text
