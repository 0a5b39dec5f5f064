"""Recognise texts that are no questions for the documents: greetings, thanks, "test", "who are you?", "???".

In: a text. Out: SmallTalk or None. The whole text must consist of the forms in `small_talk_english.toml` and
`small_talk_japanese.toml`, or have no word that could be searched for. Knows nothing of documents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from bunko.language.data_files import read_data, read_patterns

_Language: TypeAlias = Literal["english", "japanese"]

LANGUAGES: tuple[_Language, ...] = ("english", "japanese")
_LONGEST = 120  # characters; no small talk is longer
_MOST_PHRASES = 6
_JAPANESE = re.compile(r"[\u3041-\u30fa\u4e00-\u9fff]")
_MARKS = re.compile(r"[^\w']+|_")
_JAPANESE_MARKS = re.compile(r"[\W_]+|(?<=[\u3041-\u3096])ー+$")
# IT and WHO are written like stop words, and are not.
_ACRONYM = re.compile(r"\b[A-Z]{2,}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallTalk:
    """A text that asks nothing of the documents."""

    kind: str
    """greeting, thanks, farewell, remark, test, about; empty for a text without a word to search for."""
    language: str
    """ISO 639-1 code of the reply."""

    @property
    def reply(self) -> str:
        """What to reply: what the program is for, and how to ask."""
        texts = read_data(file_of("japanese" if self.language == "ja" else "english"))["reply"]
        parts = (texts[self.kind or "empty"], texts["purpose"])
        return ("" if self.language == "ja" else " ").join(filter(None, parts))


def file_of(language: _Language) -> Path:
    """Return the file with a language's forms."""
    return Path(__file__).with_name(f"small_talk_{language}.toml")


def small_talk(text: str, words: Sequence[str]) -> SmallTalk | None:
    """Return what kind of small talk a text is; None if it may be a question. `words` are its words of meaning.

    >>> small_talk("Hi, who are you?", ["hi"]).kind, small_talk("What is it?", []).kind
    ('about', '')
    >>> small_talk("Hello, who built the mill?", ["hello", "built", "mill"])
    """
    folded = unicodedata.normalize("NFKC", text).strip()
    language: _Language = "japanese" if _JAPANESE.search(folded) else "english"
    code = "ja" if language == "japanese" else "en"
    if kind := _kind(folded, language):
        return SmallTalk(kind=kind, language=code)
    if words or _ACRONYM.search(folded) or not _can_be_read(folded):
        return None
    return SmallTalk(kind="", language=code)


def _can_be_read(text: str) -> bool:
    """Return whether words would be found in a text: it is in Latin letters or Japanese, or has no letters."""
    letters = [sign for sign in text if sign.isalpha()]
    return all(sign.isascii() or _JAPANESE.match(sign) for sign in letters)


def _kind(text: str, language: _Language) -> str:
    """Return the kind of the most telling phrase, if the text has no other words; else an empty text."""
    if len(text) > _LONGEST:
        return ""
    text = text.casefold().replace("’", "'")
    if language == "japanese":
        phrases = [part for part in _JAPANESE_MARKS.split(text) if part]
        found = [_first_match(phrase, language) for phrase in phrases]
        return _most_telling(found) if found and all(found) else ""
    return _of_words(_MARKS.sub(" ", text).split(), language)


def _of_words(words: list[str], language: _Language) -> str:
    """Return the kind of a text that consists of up to `_MOST_PHRASES` phrases, the longest first; else ""."""
    found: list[str] = []
    while words and len(found) < _MOST_PHRASES:
        for length in range(len(words), 0, -1):
            if kind := _first_match(" ".join(words[:length]), language):
                found.append(kind)
                words = words[length:]
                break
        else:
            return ""
    return _most_telling(found) if found and not words else ""


def _most_telling(kinds: Sequence[str]) -> str:
    order = [name for name, _ in reversed(_patterns("english"))]
    order.remove("remark")
    return min(kinds, key=[*order, "remark"].index)


def _first_match(phrase: str, language: _Language) -> str:
    return next((name for name, pattern in _patterns(language) if pattern.fullmatch(phrase)), "")


@cache
def _patterns(language: _Language) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((pattern.name, re.compile(pattern.regex)) for pattern in read_patterns(file_of(language)))
