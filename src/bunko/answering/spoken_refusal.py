"""Hear a refusal in a model's own words. In: the reply. Out: a bool. Knows nothing of sources and questions.

A reply refuses if it says that the sources have no answer, and nothing else: an answer with facts that says of one
thing that it is not in the sources is an answer. The wordings are in `spoken_refusal.toml`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from bunko.answering.prompts import is_refusal
from bunko.language.data_files import read_patterns
from bunko.language.detection import detect_language

_Part: TypeAlias = Literal["refusing", "about", "filler", ""]

PATTERNS = Path(__file__).with_name("spoken_refusal.toml")
_LONGEST = 1500  # characters; a longer reply says more than that
_MARKS = re.compile(r"\s*(?:[\[［【]\^?\d{1,4}(?:\s?[,、–-]\s?\d{1,4})*[\]］】])+")
_DECORATION = re.compile(r"\*{1,3}|^[>#•*-]+\s+|`|^(?:answer|答え|回答)\s*[:：]\s*", re.I | re.M)
_SENTENCE_ENDS = re.compile(r"(?<=[.!?])\s+|[。！？]|\n+")
_ENGLISH_CLAUSES = re.compile(
    r"\s*;\s*|,?\s+(?:but|however|yet|whereas|except that)\b,?\s*"
    r"|,\s*(?:and )?(?=(?:although|though|while|so|therefore)\b)"
)
_JAPANESE_CLAUSES = re.compile(r"(?<=ます)が、|(?<=です)が、|(?<=ません)が、|(?<=した)が、|ものの、|(?:ため|ので)、")
_GENERIC = re.compile(
    r"\b(?:documents?|sources?|passages?|texts?|contexts?|excerpts?|materials?|quotes?|files)\b|資料|文書|文章|本文|抜粋",
    re.I,
)
_OTHER_PAPER = re.compile(r"(?:書|手紙|法律|規則|規約|条例|地図|名簿)に(?:は)?")


def refuses(reply: str) -> bool:
    """Return whether a model's reply says that the sources have no answer, and nothing else.

    >>> refuses("I'm sorry, but the documents do not mention a ferry."), refuses("資料からは分かりません。")
    (True, True)
    >>> refuses("The mill was built in 1911 [1]. The sources do not say what it cost.")
    False
    """
    if is_refusal(reply):
        return True
    if not reply.strip() or len(reply) > _LONGEST:
        return False
    cites = bool(_MARKS.search(reply))
    text = _DECORATION.sub("", _MARKS.sub("", reply)).strip()
    found: list[_Part] = []
    for sentence in filter(None, (part.strip() for part in _SENTENCE_ENDS.split(text))):
        if cites and not _GENERIC.search(sentence):  # what has a source is said by it
            return False
        found += _parts_of(sentence)
    return "refusing" in found and "" not in found


def _parts_of(sentence: str) -> list[_Part]:
    """Return what each clause of a sentence is; empty for one that claims something."""
    sentence = sentence.strip(" .!?")
    if is_refusal(sentence):
        return ["refusing"]
    if detect_language(sentence) == "ja":
        return [_japanese(clause.strip(" 、")) for clause in _JAPANESE_CLAUSES.split(sentence) if clause.strip(" 、")]
    clauses = (clause for clause in _ENGLISH_CLAUSES.split(sentence) if clause.strip(" ,"))
    return [part for clause in clauses for part in _english(clause.strip(" ,"))]


def _english(clause: str) -> list[_Part]:
    """Return what a clause is, after what leads up to it: "Unfortunately", "Based on the sources"."""
    if _pattern("english.refusing").match(clause):
        return ["refusing"]
    before, comma, rest = clause.partition(", ")
    if comma:
        first = _first(before, ("english.filler", "english.about"))
        return [first, *_english(rest)] if first else [_first(clause, ("english.filler", "english.about"))]
    return [_first(clause, ("english.filler", "english.about"))]


def _japanese(clause: str) -> _Part:
    if _OTHER_PAPER.search(clause) and not _GENERIC.search(clause):
        return ""
    if _pattern("japanese.refusing").search(clause):
        return "refusing"
    parts = [part for part in clause.split("、") if part]
    found = [_found(part, ("japanese.filler", "japanese.about")) for part in (clause, *parts)]
    return found[0] or ("filler" if all(found[1:]) else "")


def _first(clause: str, names: tuple[str, ...]) -> _Part:
    found = next((name for name in names if _pattern(name).match(clause)), "")
    return found.partition(".")[2]  # type: ignore[return-value]


def _found(clause: str, names: tuple[str, ...]) -> _Part:
    found = next((name for name in names if _pattern(name).search(clause)), "")
    return found.partition(".")[2]  # type: ignore[return-value]


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(next(item.regex for item in read_patterns(PATTERNS) if item.name == name), re.I)
