"""Choose the quotes that answer a question together, as bullets. In: what is asked, with its hits. Out: Evidence.

The things that a question compares take turns, so that each has its quotes; one for each aspect, if they are named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from bunko.language.entries import is_enumeration
from bunko.language.words import estimate_tokens, source_words
from bunko.ports import Embedder
from bunko.question.parts import compares_aspects
from bunko.question.question import Question
from bunko.retrieval.entities import has_name
from bunko.retrieval.evidence import select
from bunko.settings import EvidenceSettings
from bunko.types import Evidence, Hit

Asked: TypeAlias = tuple[Question, Sequence[Hit]]
_BULLETS = 5
_BULLET_TOKENS = 500
_RELEVANT = 0.6
"""Share of the best quote's score that a further one of the same search needs."""
_BULLETS_OF_ONE = 2
"""Most quotes of one document among the bullets."""
_NOT_OF_LISTS = frozenset({"open", "reason"})
"""Kinds of questions that want sentences: a list of names has the question's names, and says nothing of them."""


@dataclass(slots=True)
class _Chosen:
    """The quotes so far."""

    several: bool
    """Whether the quotes are of more than one document: then none has most of the room."""
    items: list[Evidence] = field(default_factory=list)
    _room: int = _BULLET_TOKENS
    _of_document: Counter[str] = field(default_factory=Counter)

    def add(self, item: Evidence, *, turn: int) -> None:
        """Add a quote if there is room, and it is no part of another."""
        cost = estimate_tokens(item.quote)
        full = self.several and self._of_document[item.path] == _BULLETS_OF_ONE
        known = any(_is_part(item.quote, other.quote) for other in self.items)
        if len(self.items) < _BULLETS and cost <= self._room and not (full or known):
            self.items.append(replace(item, score=item.score - turn))
            self._of_document[item.path] += 1
            self._room -= cost


def best_quotes(question: Question, in_turn: Sequence[Asked], embedder: Embedder) -> list[Evidence]:
    """Return the best quotes, best first. `in_turn` has what is asked of each thing; the question, of each document."""
    each = EvidenceSettings(quotes=2 * _BULLETS, max_tokens=2 * _BULLET_TOKENS)
    found = [(asked, select(asked, hits, embedder, vector=None, settings=each)) for asked, hits in in_turn]
    if question.kind in _NOT_OF_LISTS:
        found = [(asked, [item for item in group if not is_enumeration(item.quote)]) for asked, group in found]
    compared = [(asked, group) for asked, group in found if asked is not question]
    # Where no quote has any of the names, they are written in another script.
    by_name = any(_has_name(asked, item) for asked, group in compared for item in group)
    foreign = _in_other_languages(question, [hit for _, hits in in_turn for hit in hits], embedder)
    groups = [_of_thing(asked, group) if by_name else _related(asked, group, foreign) for asked, group in found]
    turns = 1 if compared and compares_aspects(question) else 2 * _BULLETS
    chosen = _Chosen(several=len({item.path for _, group in found for item in group}) > 1)
    for turn in range(turns):
        for group in (group for group in groups if turn < len(group)):
            if group[turn].score >= _RELEVANT * group[0].score:
                chosen.add(group[turn], turn=turn)
    return sorted(chosen.items, key=lambda item: -item.score)


def _in_other_languages(question: Question, hits: Sequence[Hit], embedder: Embedder) -> frozenset[str]:
    """Return the documents in another language than the question's that the embedder can compare with it."""
    knows = embedder.spec.knows
    if not knows(question.language):
        return frozenset()
    languages = {hit.chunk.path: hit.chunk.language for hit in hits}
    return frozenset(path for path, code in languages.items() if code != question.language and knows(code))


def _related(question: Question, group: Sequence[Evidence], foreign: frozenset[str]) -> list[Evidence]:
    """Return the quotes that have a word of the question, or are in another language; others were found by chance."""
    asked = question.distinct_words
    return [item for item in group if item.path in foreign or asked & source_words(_in_place(item))]


def _of_thing(question: Question, group: Sequence[Evidence]) -> list[Evidence]:
    """Return the quotes about the thing that is named: those with a word of what is asked of it, if there are any."""
    about = [item for item in group if _has_name(question, item)]
    wanted = question.distinct_words - {word for name in question.names for word in source_words(name.text)}
    return [item for item in about if wanted & source_words(_in_place(item))] or about


def _has_name(question: Question, item: Evidence) -> bool:
    return any(has_name(name, _in_place(item)) for name in question.names)


def _in_place(item: Evidence) -> str:
    return f"{item.path}\n{item.heading}\n{item.quote}"


def _is_part(one: str, other: str) -> bool:
    """Return whether one of two quotes is a part of the other, by their words."""
    first, second = (f" {' '.join(text.split())} " for text in (one, other))
    return first in second or second in first
