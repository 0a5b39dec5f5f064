"""Find the claims of an answer. In: the answer, the question. Out: its sentences, each with the text to be checked.

"Based on the text, it is high." claims that it is high; "Yes." claims what was asked; "I hope this helps!", "The
documents don't say." and "Here are the towers:" claim nothing that a source could support. Knows nothing of sources.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from bunko.language.data_files import read_patterns
from bunko.language.sentences import sentences
from bunko.language.words import words
from bunko.question.question import Question

DATA_FILE = Path(__file__).with_suffix(".toml")
Kind: TypeAlias = Literal["statement", "yes", "no", "nothing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A sentence of an answer."""

    start: int
    """In the answer."""
    end: int
    text: str
    """The text to be checked, without the words that frame it."""
    kind: Kind = "statement"
    """"yes" claims what was asked, "no" the opposite; for "nothing", only numbers and names are checked."""


def claims(answer: str, *, question: Question) -> list[Claim]:
    """Return the sentences of an answer, in order, that have a word in them. Marks of footnotes and tags have none.

    >>> answer = "Based on the text, it is high. Yes. I hope this helps!"
    >>> [(claim.kind, claim.text) for claim in claims(answer, question=Question(text="Is it high?"))]
    [('statement', 'it is high.'), ('yes', ''), ('nothing', 'I hope this helps!')]
    """
    found = []
    places = sentences(answer)
    for start, end in places:
        sentence = answer[start:end]
        if _matches("list_number", sentence) and answer[end:].partition("\n")[0].strip():
            continue
        if _matches("mark", sentence) or (len(places) > 1 and _matches("mark_beside_others", sentence)):
            continue
        if not words(sentence) and not _matches("yes", sentence) and not _matches("no", sentence):
            continue
        text, kind = _read(sentence, question)
        if kind == "statement" and sentence.lstrip().startswith("|") and _matches("table_rule", answer[end:]):
            kind = "nothing"
        found.append(Claim(start=start, end=end, text=text, kind=kind))
    return found


def _read(sentence: str, question: Question) -> tuple[str, Kind]:
    text = _pattern("tag").sub("", _pattern("emphasis").sub(r"\g<inner>", sentence))
    text = _pattern("footnote_number").sub("", text)
    heading = text.lstrip().startswith("#")
    text = _pattern("list_mark").sub("", text, count=1) if _matches("list_mark", text) else text
    kind: Kind = "statement"
    while True:
        if answers := _matches("yes", text) or _matches("no", text):
            kind = "yes" if _matches("yes", text) else "no"
        framed = answers or _matches("frame", text)
        if not framed or not framed.end():
            break
        text = text[framed.end() :]
    text = text.strip()
    if words(text):
        repeats = question.distinct_words.issuperset(words(text))
        nothing = heading or _matches("nothing", text) or _matches("leads_in", text)
        return text, "nothing" if nothing or (_matches("asks", text) and repeats) else "statement"
    return "", kind if kind != "statement" else "nothing"


def _matches(name: str, text: str) -> re.Match[str] | None:
    return _pattern(name).match(text)


def _pattern(name: str) -> re.Pattern[str]:
    return _patterns()[name]


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {pattern.name: re.compile(pattern.regex) for pattern in read_patterns(DATA_FILE)}
