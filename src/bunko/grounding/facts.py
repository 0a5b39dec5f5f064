"""Extract the facts of a statement, and cut sources into spans to cite. In: text, evidence. Out: Facts, Citables.

Knows nothing of answers; compares words only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bunko.language.inflection import base_form, is_among
from bunko.language.names import Name, fold_kanji, fold_name, names
from bunko.language.numerals import fold_width
from bunko.language.quantities import quantities
from bunko.language.quantity import Quantity
from bunko.language.sentences import sentences
from bunko.language.words import words
from bunko.question.question import Question
from bunko.types import Evidence

# Words in which an answer refers to itself, and verbs that mean little.
_FRAME = frozenset(words("answer question source text context passage according document mention state say get got"))
_MEANING = re.compile(r"[^\W\d_\u3041-\u3096]")  # a letter of a content word; hiragana alone is mostly grammar


@dataclass(frozen=True, slots=True, kw_only=True)
class Citable:
    """A sentence of a source, or a few neighbouring ones."""

    n: int
    """The source's place, from 0."""
    start: int
    """In the quote."""
    end: int
    text: str
    context: str
    """The headings above it."""
    sentences: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts of a statement: its words, numbers and names."""

    text: str
    words: frozenset[str]
    """Without numbers."""
    quantities: tuple[Quantity, ...]
    """Those that are certainly numbers."""
    all_quantities: tuple[Quantity, ...]
    names: tuple[Name, ...]


def spans_of(n: int, item: Evidence) -> list[Citable]:
    """Return the sentences of a quote, each pair of neighbours, and the whole quote."""
    cut = sentences(item.quote)
    places = [(start, end, 1) for start, end in cut]
    places += [(cut[i][0], cut[i + 1][1], 2) for i in range(len(cut) - 1)]
    if len(cut) > 2:
        places.append((cut[0][0], cut[-1][1], len(cut)))
    return [
        Citable(n=n, start=start, end=end, text=item.quote[start:end], context=item.heading, sentences=count)
        for start, end, count in places
    ]


def in_context(span: Citable) -> str:
    """Return a span with the headings above it."""
    return f"{span.context}\n{span.text}" if span.context else span.text


@lru_cache(maxsize=1024)
def facts_of(text: str) -> Facts:
    """Return the words, numbers and names of a statement."""
    return _facts(text, quantities(text), names(text))


def facts_of_question(question: Question) -> Facts:
    """Return the words, numbers and names of a question, which has been read already."""
    return _facts(question.text, question.quantities, question.names)


def _facts(text: str, found: tuple[Quantity, ...], named: Sequence[Name]) -> Facts:
    folded = fold_kanji(fold_width(text))
    without = list(folded)
    for item in found:
        if not item.weak:
            without[item.start : item.end] = " " * (item.end - item.start)
    rest = "".join(without)
    if found and not _MEANING.search(rest):  # 1958年です
        rest = ""
    return Facts(
        text=text,
        words=frozenset(base_form(fold_name(word)) for word in words(rest)) - _FRAME - {""},
        quantities=tuple(item for item in found if not item.weak),
        all_quantities=found,
        names=tuple(name for name in named if not _is_counted(name, found)),
    )


def _is_counted(name: Name, found: Sequence[Quantity]) -> bool:
    """Return whether a run of kanji that looks like a name is a number: 約千四百万人."""
    covered = sum(max(0, min(name.end, item.end) - max(name.start, item.start)) for item in found if not item.weak)
    return 0 < covered >= name.end - name.start - 1


def has_word(word: str, others: frozenset[str]) -> bool:
    """Return whether any form of a word is among others."""
    if "\u30a1" <= word[0] <= "\u30fa":  # リンド, of アダリンド
        return any(word in other for other in others)
    return is_among(word, others)
