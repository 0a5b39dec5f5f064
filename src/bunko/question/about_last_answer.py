"""Recognise requests about the answer before: "shorter please", "in Japanese", "箇条書きで". In: texts. Out: Revision.

The whole text must consist of the forms in `about_last_answer.toml`; with any other word it is a question for the
documents. Knows nothing of documents and models.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, cast

from bunko.language.data_files import read_parts, read_patterns
from bunko.language.detection import JAPANESE_LANGUAGE_NAMES, LANGUAGE_NAMES
from bunko.question.question import parse_question
from bunko.types import Evidence, Message

Form: TypeAlias = Literal["one_sentence", "shorter", "bullets", "table", "summary", "longer", "language"]
"""What is asked of an answer; "language" is another language."""

PATTERNS = Path(__file__).with_name("about_last_answer.toml")
_LONGEST = 120  # characters; no such request is longer
_NOUNS = frozenset(("list", "table", "summary", "表", "リスト", "要約", "概要"))
"""Single words that may as well be searched for."""
_JAPANESE = re.compile(r"[\u3041-\u30fa\u4e00-\u9fff]")
_SHORT = ("one_sentence", "shorter", "summary")
_MARKS = re.compile(r"[^\w'’;-]+|_")
_POLITE = re.compile(
    r"(?:please|pls|thanks|thank you|can you|could you|would you|will you|can i (?:have|get)|could i (?:have|get)|"
    r"may i have|i want|i need|i[\x27’]d like|i would like|now|ok|okay|and|but|then|so|great|good|just|instead|again|"
    r"for me|this time|too|as well|if you can|if possible|let me have|give me|show me|"
    r"the same|kindly|also|have|it|that)\b"
)
_JAPANESE_POLITE = re.compile(
    r"[、。,.!?！？\s]+|では|じゃあ|それでは|次は|今度は|ありがとう(?:ございます)?|すみません(?:が)?|できれば|もう一度|"
    r"そして|かつ|また|ください|お願い(?:します|いたします)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What is asked of an answer."""

    forms: tuple[Form, ...]
    """In the order in which they were asked for."""
    language: str = ""
    """ISO 639-1 code of the language that it is to be in; "auto" for the other one of English and Japanese."""

    @property
    def words(self) -> tuple[str, ...]:
        """The forms and the language, as answers report them."""
        return (*(form for form in self.forms if form != "language"), *((self.language,) if self.language else ()))

    def then(self, later: Revision) -> Revision:
        """Return both, one after the other: the later language counts, and a longer answer is not made short first."""
        before = tuple(form for form in self.forms if not ("longer" in later.forms and form in _SHORT))
        return Revision(forms=(*before, *later.forms), language=later.language or self.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastAnswer:
    """The answer that a request is about, and everything that was asked of it."""

    revision: Revision
    question: str
    """The last question that was no such request."""
    answer: str
    """The text of its answer."""
    evidence: tuple[Evidence, ...]
    """The sources of that answer, as far as the history has them."""
    earlier: tuple[Message, ...]
    """The turns before the question."""


def revision_of(text: str) -> Revision | None:
    """Return what a text asks of the answer before; None if it has any other word.

    >>> revision_of("Shorter please, and in Japanese").words, revision_of("もっと短く").words
    (('shorter', 'ja'), ('shorter',))
    >>> revision_of("Which river is shorter?")
    """
    folded = unicodedata.normalize("NFKC", text).strip().casefold()
    if not folded or len(folded) > _LONGEST or folded in _NOUNS:
        return None
    japanese = bool(_JAPANESE.search(folded))
    found = _in_japanese(folded) if japanese else _in_english(" ".join(_MARKS.sub(" ", folded).split()))
    if not found:
        return None
    languages = [_language(phrase, japanese=japanese) for form, phrase in found if form == "language"]
    return Revision(forms=tuple(form for form, _ in found), language=languages[-1] if languages else "")


def last_answer(text: str, history: Sequence[Message]) -> LastAnswer | None:
    """Return the answer that a text asks something of; None if it is a question, or there is no answer before it.

    Earlier requests about the same answer are taken into account: "shorter" after "in Japanese" is both.
    """
    revision = revision_of(text)
    if revision is None:
        return None
    answer: Message | None = None
    for place in range(len(history) - 1, 0, -1):
        asked, answered = history[place - 1], history[place]
        if (asked.role, answered.role) != ("user", "assistant"):
            continue
        if earlier := revision_of(asked.content):
            if "longer" in earlier.forms and answer is None:  # that one was made anew
                answer, earlier = answered, replace(earlier, forms=())
            revision = earlier.then(revision) if answer in (None, answered) else revision
            continue
        talk = parse_question(asked.content).small_talk
        if talk and talk.kind:
            continue
        answer = answer or answered
        return LastAnswer(
            revision=revision,
            question=asked.content,
            answer=answer.content,
            evidence=answer.evidence,
            earlier=tuple(history[: place - 1]),
        )
    return None


def _in_english(text: str) -> list[tuple[Form, str]]:
    found: list[tuple[Form, str]] = []
    while text:
        form, length = _longest("english", text)
        if form:
            found.append((form, text[:length]))
        elif polite := _POLITE.match(text):
            length = polite.end()
        else:
            return []
        text = text[length:].strip()
    return found


def _in_japanese(text: str) -> list[tuple[Form, str]]:
    found: list[tuple[Form, str]] = []
    text = "".join(text.split())
    while text:
        form, length = _longest("japanese", text)
        polite = _JAPANESE_POLITE.match(text)
        if form:
            found.append((form, text[:length]))
        elif polite:
            length = polite.end()
        elif (subject := _subject().match(text)) and subject.end():
            length = subject.end()
        else:
            return []
        text = text[length:]
    return found


def _longest(language: str, text: str) -> tuple[Form | None, int]:
    """Return the form that the longest part of a text's beginning has, and the length of that part."""
    matches = [
        (match.end(), name)
        for name, pattern in _patterns(language)
        if (match := pattern.match(text)) and match.end() and _ends_word(text, match.end())
    ]
    if not matches:
        return None, 0
    length, name = max(matches, key=lambda item: item[0])
    return name, length


def _ends_word(text: str, place: int) -> bool:
    return place == len(text) or not (text[place - 1].isascii() and text[place - 1].isalnum() and text[place].isalnum())


def _language(phrase: str, *, japanese: bool) -> str:
    """Return the code of the language in a phrase; "auto" where it names none."""
    if "和訳" in phrase or "英訳" in phrase:
        return "ja" if "和訳" in phrase else "en"
    names = JAPANESE_LANGUAGE_NAMES if japanese else {code: name.casefold() for code, name in LANGUAGE_NAMES.items()}
    return next((code for code, name in names.items() if name in phrase), "auto")


@cache
def _patterns(language: str) -> tuple[tuple[Form, re.Pattern[str]], ...]:
    return tuple(
        (cast(Form, item.name.partition(".")[2]), re.compile(item.regex, re.I))
        for item in read_patterns(PATTERNS, parts=PARTS)
        if item.name.startswith(language)
    )


@cache
def _subject() -> re.Pattern[str]:
    """Return the pattern of "that" in Japanese, which may stand before a request."""
    return re.compile(read_parts(PATTERNS, parts=PARTS)["jthat"])


PARTS = {
    "language": "|".join(name.casefold() for name in LANGUAGE_NAMES.values()),
    "japanese_language": "|".join(JAPANESE_LANGUAGE_NAMES.values()),
}
"""What the code adds to the parts of the file: the names of languages."""
