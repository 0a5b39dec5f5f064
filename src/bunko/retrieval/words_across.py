"""Find the words of a question in texts of another script, by meaning. In: question, texts. Out: words by word.

人口 in a question stands for "population" in a text: a multilingual embedder gives the two words similar vectors.
Knows nothing of documents, sentences or scores.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from bunko.language.words import normalise, words
from bunko.ports import Embedder
from bunko.question.question import Question

if TYPE_CHECKING:
    from bunko.ports import Vectors

_IN_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_JAPANESE_WORD = re.compile(r"[\u30a1-\u30fa\u30fc]{2,}|[\u3400-\u9fff々]+")
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ÿ]{3,}")
# Words that ask or count, and are found in no text: 何年, 誰.
_ASKING = re.compile("[何誰幾]")
# A pair counts if it is so many standard deviations more similar than the question's word is to the other words of the
# texts, and nearly as similar as the best pair.
_LEAST_DEVIATIONS = 2.5
_NEAR_THE_BEST = 0.92
# Words of the texts that are compared. Each takes about a tenth of a sentence's time.
_MOST_WORDS = 120
_FEWEST_WORDS = 10


def is_across(asked: str, text: str) -> bool:
    """Return whether one text is in Japanese and the other is not.

    >>> is_across("人口は？", "Population: 5"), is_across("Population?", "Population: 5")
    (True, False)
    """
    return bool(_IN_JAPANESE.search(asked)) is not bool(_IN_JAPANESE.search(text))


def words_across(question: Question, texts: Sequence[str], embedder: Embedder) -> Mapping[str, frozenset[str]]:
    """Return which words of the texts mean a word of the question, for each that has any.

    Texts in the question's script are left out. Keys and values are folded as `words` does it.
    """
    asked = _units(question.text)
    there = list(dict.fromkeys(unit for text in texts if is_across(question.text, text) for unit in _units(text)))
    there = there[:_MOST_WORDS]
    if not asked or len(there) < _FEWEST_WORDS:
        return {}
    vectors = embedder.embed_passages([*asked, *there])
    meant: dict[str, frozenset[str]] = {}
    for unit, row in zip(asked, vectors[: len(asked)] @ vectors[len(asked) :].T, strict=True):
        found = frozenset(word for n in _nearest(row) for word in words(there[n]))
        for word in words(unit):
            meant[word] = meant.get(word, frozenset()) | found
    return {word: found for word, found in meant.items() if found}


def _nearest(likeness: Vectors) -> list[int]:
    least = float(likeness.mean() + _LEAST_DEVIATIONS * likeness.std())
    best = float(likeness.max())
    return [int(n) for n in np.flatnonzero((likeness >= least) & (likeness >= _NEAR_THE_BEST * best))]


def _units(text: str) -> list[str]:
    """Return the words that carry meaning, as they are written: of Japanese, those in kanji or katakana."""
    folded = normalise(text)
    units = _JAPANESE_WORD.findall(folded) if _IN_JAPANESE.search(folded) else _LATIN_WORD.findall(folded)
    return [unit for unit in dict.fromkeys(units) if not _ASKING.search(unit) and words(unit)]
