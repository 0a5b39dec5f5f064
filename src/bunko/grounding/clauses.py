"""Cut English text into words that know their clause. In: a text. Out: Tokens. Knows nothing of answers.

Nothing is parsed: a clause ends at a punctuation mark and at a conjunction. `roles.toml` has its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from bunko.language.data_files import read_data
from bunko.language.inflection import base_form
from bunko.language.words import STOP_WORDS, stem

_TOKEN = re.compile(r"(?P<word>[A-Za-zÀ-ž]+(?:['’](?:s\b|t\b))?)|(?P<end>[.;:,()!?\n—–|]+)")
_NOT_CONTENT = frozenset("yet ever even still already nearly almost".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A word of an English text."""

    start: int
    end: int
    text: str
    """In lower case, without a possessive 's."""
    base: str
    """Its stem, of irregular verbs the base form: bit and bitten give bite."""
    clause: int
    """Counted from 0."""
    is_content: bool
    """Whether it is no stop word and no adverb in -ly."""


@lru_cache(maxsize=1024)
def tokens(text: str) -> tuple[Token, ...]:
    """Return the words of a text, in order.

    >>> [(token.base, token.clause) for token in tokens("The dog bit him, and ran.") if token.is_content]
    [('dog', 0), ('bite', 0), ('run', 2)]
    """
    found: list[Token] = []
    clause = 0
    for match in _TOKEN.finditer(text):
        if match["end"]:
            clause += 1
            continue
        word = re.sub(r"['’]s$", "", match["word"].lower())
        clause += word in _listed("conjunctions")
        found.append(
            Token(
                start=match.start(),
                end=match.end(),
                text=word,
                base=base_form(stem(word)),
                clause=clause,
                is_content=not (word in STOP_WORDS or word in _NOT_CONTENT or _is_adverb(word)),
            )
        )
    return tuple(found)


def content_after(text: str, place: int, *, limit: int) -> tuple[Token, ...]:
    """Return at most `limit` content words after a place, of the clause of the first word after it."""
    return _near([token for token in tokens(text) if token.start >= place], limit)


def content_before(text: str, place: int, *, limit: int) -> tuple[Token, ...]:
    """Return at most `limit` content words before a place, the nearest first."""
    return _near([token for token in reversed(tokens(text)) if token.end <= place], limit)


def bases(found: Iterable[Token]) -> frozenset[str]:
    """Return the base forms of words."""
    return frozenset(token.base for token in found)


def _near(found: list[Token], limit: int) -> tuple[Token, ...]:
    same = [token for token in found if token.is_content and token.clause == found[0].clause]
    return tuple(same[:limit])


def _is_adverb(word: str) -> bool:
    return word.endswith("ly") and word not in _listed("no_adverbs")


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(read_data(Path(__file__).with_name("roles.toml"))["clauses"][name].split())
