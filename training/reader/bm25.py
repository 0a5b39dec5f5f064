"""Rank texts by BM25. In: texts and a question. Out: indices of texts, best first. Knows nothing of training."""

import heapq
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

K1 = 1.2  # Robertson and Zaragoza 2009, section 3.5.2
B = 0.75
COMMON_SHARE = 0.04  # A word in more texts than this costs time and tells little.
COMMON_FLOOR = 40


def words(text: str) -> list[str]:
    """Return the words of a text in lower case.

    >>> words("The Duke's 2 horses.")
    ['the', 'duke', 's', '2', 'horses']
    """
    return re.findall(r"\w+", text.lower())


class Bm25:
    """An index of texts in memory. `split` gives the words of a text; one in more than `common` of them is left out."""

    def __init__(
        self, texts: Sequence[str], *, split: Callable[[str], list[str]] = words, common: float = COMMON_SHARE
    ) -> None:
        self._split, self._common = split, common
        counts = [Counter(split(text)) for text in texts]
        lengths = [sum(count.values()) for count in counts]
        mean = sum(lengths) / max(1, len(lengths)) or 1.0
        self._penalty = [K1 * (1 - B + B * length / mean) for length in lengths]
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for index, count in enumerate(counts):
            for word, times in count.items():
                self._postings[word].append((index, times))
        self._size = len(counts)

    def best(self, question: str, *, limit: int) -> list[int]:
        """Return the indices of at most `limit` texts that share a word with the question, best first."""
        scores: dict[int, float] = defaultdict(float)
        for word in sorted(set(self._split(question))):
            postings = self._postings.get(word, [])
            if len(postings) > max(COMMON_FLOOR, self._common * self._size):
                continue
            weight = math.log(1 + (self._size - len(postings) + 0.5) / (len(postings) + 0.5))
            for index, times in postings:
                scores[index] += weight * times * (K1 + 1) / (times + self._penalty[index])
        return heapq.nlargest(limit, scores, key=lambda index: (scores[index], -index))
