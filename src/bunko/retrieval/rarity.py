"""Weight words by how rare they are. In: counts. Out: weights. Knows nothing of questions or documents."""

from __future__ import annotations

import math


def rarity(count: int, *, total: int) -> float:
    """Return the smoothed inverse document frequency of a word that `count` of `total` texts contain; always above 0.

    >>> rarity(0, total=10) > rarity(1, total=10) > rarity(10, total=10) > 0
    True
    """
    return math.log(1 + total / (0.5 + count))
