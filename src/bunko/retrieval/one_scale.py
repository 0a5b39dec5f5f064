"""Put hits of several indexes on one scale. In: a query, hits of each. Out: the hits, best first.

BM25 weighs a word by how many passages of its own index have it: the same passage scores ten times as much in a large
index as in a small one. So the best passages of all are scored again, together. Knows nothing of storage.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from bunko.language.words import words
from bunko.retrieval.ranking import best_first
from bunko.retrieval.rarity import rarity
from bunko.types import Hit

# Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond"; LanceDB has the same.
_K1, _B = 1.2, 0.75
_OWN = 0.01
"""The weight of the index's own score, which also counts words that are only spelt alike."""


def rescored(query: str, indexes: Sequence[Sequence[Hit]]) -> list[Hit]:
    """Return the hits of all indexes with BM25 scores over these hits together, best first.

    >>> from bunko.types import Chunk
    >>> def hit(path, text, score):
    ...     return Hit(chunk=Chunk(path=path, start=0, end=len(text), text=text), score=score)
    >>> large = [hit("a", "the height of the tower", 9.0), hit("b", "a tower of cards", 5.0)]
    >>> [one.chunk.path for one in rescored("height of the hill", [large, [hit("c", "the height of the hill", 0.4)]])]
    ['c', 'a', 'b']
    """
    asked = frozenset(words(query))
    pooled = [
        (hit, hit.score / best)
        for hits in indexes
        if (best := max((one.score for one in hits), default=0.0)) > 0
        for hit in hits
    ]
    if len([hits for hits in indexes if hits]) < 2:
        return [hit for hits in indexes for hit in hits]
    counts = [Counter(words(f"{hit.chunk.file_words} {hit.chunk.in_context}")) for hit, _ in pooled]
    lengths = [count.total() for count in counts]
    average = (sum(lengths) / len(lengths)) or 1.0
    spread = {word: sum(word in count for count in counts) for word in asked}
    found = []
    for (hit, own), count, length in zip(pooled, counts, lengths, strict=True):
        room = _K1 * (1 - _B + _B * length / average)
        terms = (
            rarity(spread[word], total=len(pooled)) * count[word] * (_K1 + 1) / (count[word] + room) for word in asked
        )
        score = math.fsum(terms) + _OWN * own
        found.append(replace(hit, score=score, lexical=score))
    return sorted(found, key=best_first)
