"""Cut texts into the pieces of a SentencePiece unigram vocabulary. In: texts. Out: numbers of pieces.

Knows nothing of models. The package `tokenizers` takes 280 MB and 2.5 s for a vocabulary of 250,000 pieces; this takes
6 MB, and less time than embedding by far (docs/decisions/025-a-bilingual-embedder.md). The method: Kudo 2018, subword
regularization; normalisation is SentencePiece's `nmt_nfkc`.
"""

from __future__ import annotations

import itertools
import math
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from bunko.embedding.recent_words import RecentWords

_SPACE = "▁"
# SentencePiece's rules beside NFKC (nmt_nfkc): these are spaces, and other control characters are left out.
_SPACES = "\t\n\f\r\u1680\u200b\u200c\u200d\u200e\u200f\u2028\u2029▁\ufeff\ufffd"
_LEFT_OUT = (*range(1, 0x09), 0x0B, *range(0x0E, 0x20), 0x7F, 0x8F, 0x9F)
_RULES = dict.fromkeys(_LEFT_OUT) | dict.fromkeys(map(ord, _SPACES), " ")
_KEPT = "～"
# Below the least likely piece, in natural logarithms (SentencePiece's kUnkPenalty).
_UNKNOWN_PENALTY = 10.0
# Odd, so that it can be inverted modulo 2 ** 64; otherwise any number.
_BASE = np.uint64(0x9E3779B97F4A7C15)
_ONE = np.uint64(1)
_LONGEST = 16  # characters of a piece: SentencePiece's limit
_ROW_BYTES = 16
_BITS = 21
_REST = np.uint64(64 - _BITS)
_AT_ONCE = 4_000  # characters


def normalise(text: str) -> str:
    """Normalise as SentencePiece does, up to spaces at the ends and runs of them.

    >>> normalise("ﾊﾞｽ　で１２～１３")
    'バス で12～13'
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.translate(_RULES)
    return text if text.isascii() else _KEPT.join(unicodedata.normalize("NFKC", part) for part in text.split(_KEPT))


class Unigram:
    """A vocabulary of pieces with their log probabilities.

    >>> table = make_table(["<unk>", "▁", "a", "b", "▁ab", "c"], [0.0, -2.0, -3.0, -3.0, -4.0, -3.0], special=[0])
    >>> Unigram(table, unknown=0).encode("ab abc xyc")
    [4, 4, 5, 1, 0, 5]
    """

    def __init__(self, table: bytes | memoryview, *, unknown: int) -> None:
        """`table` comes from `make_table`; `unknown` is the number for characters that no piece has."""
        rows = len(table) // _ROW_BYTES
        if not rows or len(table) % _ROW_BYTES:
            raise ValueError("not a table of pieces")
        self._hashes = np.frombuffer(table, dtype="<u8", count=rows)
        self._numbers = np.frombuffer(table, dtype="<i4", count=rows, offset=8 * rows)
        self._scores = np.frombuffer(table, dtype="<f4", count=rows, offset=12 * rows)
        self._unknown = unknown
        self._penalty = float(self._scores.min()) - _UNKNOWN_PENALTY
        # Whether any piece's hash begins so: asking this first saves seven of eight searches.
        self._beginnings = np.zeros(1 << _BITS, dtype=np.bool_)
        self._beginnings[self._hashes >> _REST] = True
        self._cut = RecentWords(self._segment)

    def encode(self, text: str) -> list[int]:
        """Return the numbers of the most likely pieces, without special ones."""
        words = _words(text)
        known = self._cut(words)
        return [number for word in words for number in known[word]]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Count each text's pieces: quicker than cutting one text after the other."""
        words = [_words(text) for text in texts]
        known = self._cut(itertools.chain.from_iterable(words))
        return [sum(map(len, map(known.__getitem__, each))) for each in words]

    def _segment(self, words: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the pieces of each word."""
        result: list[tuple[int, ...]] = []
        for group in _groups([_SPACE + word for word in words]):
            found = self._candidates("\0".join(group), longest=min(_LONGEST, max(map(len, group))))
            start = 0
            for word in group:
                result.append(self._best(found, start, start + len(word)))
                start += len(word) + 1
        return result

    def _candidates(self, text: str, *, longest: int) -> _Candidates:
        """Return the pieces that begin at each place."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        size = len(codes)
        # Beyond the end as beside words there is "\0", which no piece has.
        characters = np.ones(size + longest, dtype=np.uint64)
        characters[:size] += codes
        hashes = np.zeros((longest + 1, size), dtype=np.uint64)
        for length in range(1, longest + 1):  # Horner's rule, for all places at once
            hashes[length] = hashes[length - 1] * _BASE + characters[length - 1 : length - 1 + size]
        places, lengths = np.nonzero(self._beginnings[hashes[1:] >> _REST].T)
        wanted = hashes[lengths + 1, places]
        at = np.searchsorted(self._hashes, wanted)
        at[at == len(self._hashes)] = 0
        found = self._hashes[at] == wanted
        places, at = places[found], at[found]
        return _Candidates(
            first=np.searchsorted(places, np.arange(size + 1)).tolist(),
            lengths=(lengths[found] + 1).tolist(),
            numbers=self._numbers[at].tolist(),
            scores=self._scores[at].tolist(),
        )

    def _best(self, found: _Candidates, start: int, end: int) -> tuple[int, ...]:
        """Return the most likely cut of one word (Viterbi). Unknown characters side by side are one piece."""
        size = end - start
        scores = [-math.inf] * (size + 1)
        scores[0] = 0.0
        back: list[tuple[int, int]] = [(0, 0)] * (size + 1)
        for place in range(size):
            here = scores[place]
            for n in range(found.first[start + place], found.first[start + place + 1]):
                after, score = place + found.lengths[n], here + found.scores[n]
                if score > scores[after]:
                    scores[after] = score
                    back[after] = (place, found.numbers[n])
            if here + self._penalty > scores[place + 1]:
                scores[place + 1] = here + self._penalty
                back[place + 1] = (place, self._unknown)
        numbers: list[int] = []
        at = size
        while at:
            at, number = back[at]
            if number != self._unknown or not numbers or numbers[-1] != number:
                numbers.append(number)
        return tuple(reversed(numbers))


class _Candidates(NamedTuple):
    """The pieces that begin at each place of a text; lists, in the order of the places and then of their lengths."""

    first: list[int]
    """The number of the first one at a place; as many places as the text has, and one more."""
    lengths: list[int]
    numbers: list[int]
    scores: list[float]


def _groups(words: Sequence[str]) -> Iterator[list[str]]:
    """Yield the words in groups of some thousand characters: their hashes fit into a processor's cache."""
    group: list[str] = []
    size = 0
    for word in words:
        if group and size + len(word) > _AT_ONCE:
            yield group
            group, size = [], 0
        group.append(word)
        size += len(word) + 1
    if group:
        yield group


def _words(text: str) -> list[str]:
    return [word for word in normalise(text).split(" ") if word]


def make_table(pieces: Sequence[str], scores: Sequence[float], *, special: Collection[int]) -> bytes:
    """Return the table of a vocabulary: for each piece its hash, number and score, ordered by hash.

    Special pieces are never found in a text, and left out. Raises ValueError if a piece is longer than 16 characters,
    or if two have one hash.
    """
    lengths = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))
    if lengths.max() > _LONGEST:
        raise ValueError("a piece is too long")
    hashes = _hashes_of("".join(pieces), lengths)
    usable = np.array([n for n in range(len(pieces)) if n not in special])
    order = usable[np.argsort(hashes[usable], kind="stable")]
    if (hashes[order][1:] == hashes[order][:-1]).any():
        raise ValueError("two pieces have the same hash")
    columns = hashes[order].astype("<u8"), order.astype("<i4"), np.asarray(scores)[order].astype("<f4")
    return b"".join(column.tobytes() for column in columns)


def _hashes_of(joined: str, lengths: Any) -> Any:
    """Return a number of 64 bits for each piece: a polynomial of its characters."""
    characters = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    hashes = np.zeros(len(lengths), dtype=np.uint64)
    starts = np.cumsum(lengths) - lengths
    for place in range(int(lengths.max())):
        longer = np.flatnonzero(lengths > place)
        hashes[longer] = hashes[longer] * _BASE + characters[starts[longer] + place] + _ONE
    return hashes
