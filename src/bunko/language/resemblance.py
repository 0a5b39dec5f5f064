"""Estimate how alike two texts are, from a short sketch of each. In: texts. Out: sketches, a share from 0 to 1.

A text is cut into shingles: two words in a row, or three characters of Japanese and Chinese. Two texts are as alike as
the share of shingles that both have (Broder 1997). A sketch keeps the least hash of each of 128 groups of shingles (Li,
Owen and Zhang 2012), 16 bits of it (Li and König 2010); a group without one borrows another's (Shrivastava 2017). So it
is made in one pass, has 256 bytes, and is the same on every machine. Knows nothing of documents and dates.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLACES = 128
"""Values of a sketch, each of two bytes."""
SKETCH_BYTES = 2 * PLACES
LEAST_SHINGLES = 24
"""Of a shorter text nothing can be said: two addresses or two records share most of their words."""
_WORDS, _CHARACTERS = 2, 3
_UNSPACED = re.compile("[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_SAMPLE = 2_000
_BITS = np.uint64(64 - 7)
assert PLACES == 1 << 7


def sketch(text: str) -> bytes:
    """Return the sketch of a text; empty for one that is too short.

    >>> len(sketch("The mill was built in 1803. " * 3)), len(sketch(" ".join(map(str, range(100)))))
    (0, 256)
    """
    hashes = _mixed(_shingles(text))
    hashes.sort()
    if len(hashes) < LEAST_SHINGLES:
        return b""
    groups = hashes >> _BITS
    first = np.flatnonzero(np.concatenate(([True], groups[1:] != groups[:-1])))
    if len(first) < LEAST_SHINGLES // 2:
        return b""  # a few words again and again
    values = np.zeros(PLACES, dtype=np.uint16)
    is_filled = np.zeros(PLACES, dtype=bool)
    places = groups[first].astype(np.intp)
    values[places] = hashes[first].astype(np.uint16)
    is_filled[places] = True
    empty = np.flatnonzero(~is_filled)
    order = _borrowing()[empty]
    lenders = order[np.arange(len(empty)), is_filled[order].argmax(axis=1)]
    values[empty] = values[lenders]
    return values.astype("<u2").tobytes()


def resemblance(one: bytes, other: bytes) -> float:
    """Return the share of shingles that two texts have in common, by their sketches; 0 where one has none.

    The standard error is 0.045 at most for long texts.

    >>> text = " ".join(map(str, range(400)))
    >>> resemblance(sketch(text), sketch(text.upper())), resemblance(sketch(text), b"")
    (1.0, 0.0)
    """
    if not (one and other):
        return 0.0
    return float(np.mean(np.frombuffer(one, dtype="<u2") == np.frombuffer(other, dtype="<u2")))


def resemblances(sketches: list[bytes]) -> NDArray[np.float64]:
    """Return how alike each text is to each other, 0 where one has no sketch: shape (n, n)."""
    rows = as_array([one or bytes(SKETCH_BYTES) for one in sketches])
    known = np.array([bool(one) for one in sketches], dtype=bool)
    shares: NDArray[np.float64] = (rows[:, None] == rows[None, :]).mean(axis=2)
    shares[~(known[:, None] & known[None, :])] = 0.0
    return shares


def as_array(sketches: list[bytes]) -> NDArray[np.uint16]:
    """Return sketches as rows: shape (n, 128)."""
    return np.frombuffer(b"".join(sketches), dtype="<u2").reshape(-1, PLACES)


def _shingles(text: str) -> NDArray[np.uint64]:
    """Return a number for each shingle of a text, in order, repeated ones too."""
    folded = text.casefold() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    codes = np.frombuffer(folded.encode("utf-32-le", "replace"), dtype="<u4")
    is_letter = _letters()[np.minimum(codes, _PLANE - 1)]
    letters: NDArray[np.uint64] = codes[is_letter].astype(np.uint64)
    if not len(letters):
        return letters
    if 4 * len(_UNSPACED.findall(folded[:_SAMPLE])) > min(len(folded), _SAMPLE):
        return _joined(letters, _CHARACTERS)
    begins = is_letter & ~np.concatenate(([False], is_letter[:-1]))
    starts = np.flatnonzero(begins[is_letter])
    place = np.arange(len(letters), dtype=np.uint64)
    place -= np.repeat(starts.astype(np.uint64), np.diff(starts, append=len(letters)))
    words: NDArray[np.uint64] = np.add.reduceat(_mixed(letters + (place << np.uint64(32))), starts)
    return _joined(words, _WORDS)


_PLANE = 0x10000


@cache
def _letters() -> NDArray[np.bool_]:
    """Return which characters are letters or digits; shape (65536,). The last one stands for all beyond."""
    return np.array([chr(code).isalnum() for code in range(_PLANE - 1)] + [True])


def _joined(items: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    """Return a number for each run of so many items."""
    count = max(0, len(items) - length + 1)
    joined = np.zeros(count, dtype=np.uint64)
    for n in range(length):
        joined = joined * _FACTOR + items[n : n + count]
    return joined


_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return hashes of numbers: the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    numbers = numbers + _FACTOR
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    numbers ^= numbers >> np.uint64(31)
    return numbers


@cache
def _borrowing() -> NDArray[np.intp]:
    """Return, for each place, the order in which it asks the others for their value; shape (128, 128)."""
    pairs = np.arange(PLACES, dtype=np.uint64)[:, None] * np.uint64(PLACES) + np.arange(PLACES, dtype=np.uint64)
    return np.argsort(_mixed(pairs), axis=1, kind="stable")
