"""Find copies and versions among all documents. In: what is kept of each. Out: groups.

Locality-sensitive hashing (Indyk and Motwani 1998): sketches are cut into bands of two values, and only documents
with an equal band are compared. In each band they are sorted, and each is compared with its neighbour and with the
first of its run: so the work grows with the number of documents, and not with its square, also where thousands are
alike. Knows no database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from bunko.language.resemblance import PLACES, as_array
from bunko.versions import ALIKE, Sketched, newest_first

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Of two documents with a resemblance of 0.35, one of 64 bands of two values is equal with a probability of 0.9998.
_BAND = 2
_AT_ONCE = 200_000


def groups_of(documents: Sequence[Sketched]) -> list[list[Sketched]]:
    """Return the documents that have copies or versions, in groups, the newest first; sorted by the first path."""
    sets = _Sets(len(documents))
    by_digest: dict[str, int] = {}
    for n, document in enumerate(documents):
        sets.join(n, by_digest.setdefault(document.digest, n))
    # One of each text is enough, and copies in a run would hide its versions.
    places = [n for n in by_digest.values() if documents[n].sketch]
    if places:
        for one, other in _alike(as_array([documents[n].sketch for n in places])):
            sets.join(places[one], places[other])
    groups = [newest_first(documents[n] for n in members) for members in sets.several()]
    return sorted(groups, key=lambda group: group[0].path)


def _alike(sketches: NDArray[np.uint16]) -> Iterator[tuple[int, int]]:
    """Yield pairs of rows that are alike enough, such that all that are alike hang together."""
    pairs = np.unique(np.concatenate([_pairs(sketches[:, n : n + _BAND]) for n in range(0, PLACES - _BAND + 1, _BAND)]))
    count = np.uint64(len(sketches))
    for begin in range(0, len(pairs), _AT_ONCE):
        ones, others = np.divmod(pairs[begin : begin + _AT_ONCE], count)
        share = (sketches[ones] == sketches[others]).mean(axis=1)
        chosen = share >= ALIKE
        yield from zip(ones[chosen].tolist(), others[chosen].tolist(), strict=True)


def _pairs(band: NDArray[np.uint16]) -> NDArray[np.uint64]:
    """Return the pairs of a band to compare, each as one number."""
    keys = np.zeros(len(band), dtype=np.uint64)
    for column in range(band.shape[1]):
        keys = keys << np.uint64(16) | band[:, column].astype(np.uint64)
    order = np.argsort(keys, kind="stable").astype(np.uint64)
    is_equal = np.diff(keys[order]) == 0
    runs = np.maximum.accumulate(np.where(np.concatenate(([True], ~is_equal)), np.arange(len(order)), 0))
    later = np.flatnonzero(is_equal) + 1
    pairs = [
        _numbered(order[later - 1], order[later], len(band)),
        _numbered(order[runs[later]], order[later], len(band)),
    ]
    return np.unique(np.concatenate(pairs))


def _numbered(ones: NDArray[np.uint64], others: NDArray[np.uint64], count: int) -> NDArray[np.uint64]:
    numbers: NDArray[np.uint64] = np.minimum(ones, others) * np.uint64(count) + np.maximum(ones, others)
    return numbers


class _Sets:
    """Disjoint sets of numbers (Tarjan 1975)."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def join(self, one: int, other: int) -> None:
        """Put two numbers into one set."""
        self._above[self._top(one)] = self._top(other)

    def _top(self, n: int) -> int:
        while self._above[n] != n:
            self._above[n] = self._above[self._above[n]]
            n = self._above[n]
        return n

    def several(self) -> list[list[int]]:
        """Return the sets of more than one."""
        sets: dict[int, list[int]] = defaultdict(list)
        for n in range(len(self._above)):
            sets[self._top(n)].append(n)
        return [members for members in sets.values() if len(members) > 1]
