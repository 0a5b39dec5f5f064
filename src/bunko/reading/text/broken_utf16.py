"""Decode UTF-16 in which bytes are missing. In: bytes, the byte order. Out: str.

After a missing byte, every pair of bytes is read one byte off. So both ways of pairing are scored, block by block, by
how likely their characters are, and the best way with few changes is taken. Each change costs one character.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bunko.reading.text.legacy_encoding import BAD

_BLOCK = 32
"""Bytes that are scored together: a line of 16 characters tells which way is right."""
_LARGEST = 4_000_000
"""Bytes; about ten seconds of work. Larger files are decoded as they are."""
_CHANGE = 6.0
"""Likely characters that a change of the pairing must gain. A name in rare kanji has fewer unlikely ones."""


def decode_utf_16(data: bytes, encoding: str, *, likely: Callable[[str], float]) -> str:
    r"""Return the text. `encoding` has the byte order; `likely` returns how many characters of a text are likely ones.

    >>> from bunko.reading.text.encoding import likely_characters
    >>> said = "The mill was built in 1911.\nThe wheel is old.".encode("utf-16-le")
    >>> decode_utf_16(said[:20] + said[21:], "utf-16-le", likely=likely_characters)
    'The mill w�s built in 1911.\nThe wheel is old.'
    """
    text = data.decode(encoding, errors="replace")
    if (len(data) % 2 == 0 and BAD not in text) or len(data) > _LARGEST:
        return text
    starts = _path([[_score(data, at + way, encoding, likely) for way in (0, 1)] for at in range(0, len(data), _BLOCK)])
    pieces, begin, way = [], 0, 0
    for block, other in enumerate(starts):
        if other != way:
            end = _place(data, begin + (way - begin) % 2, block * _BLOCK, encoding, likely)
            pieces.append(data[begin:end].decode(encoding, errors="replace"))
            begin, way = end + 1, other
            pieces.append(BAD)
    pieces.append(data[begin:].decode(encoding, errors="replace"))
    return "".join(pieces)


def _score(data: bytes, start: int, encoding: str, likely: Callable[[str], float]) -> float:
    return likely(data[start : start + _BLOCK].decode(encoding, errors="ignore"))


def _path(scores: Sequence[Sequence[float]]) -> list[int]:
    """Return the best way of pairing for each block, 0 or 1, by Viterbi's algorithm; a change costs."""
    totals = [0.0, -_CHANGE]
    came_from: list[tuple[int, int]] = []
    for block in scores:
        best = tuple(way if totals[way] >= totals[1 - way] - _CHANGE else 1 - way for way in (0, 1))
        totals = [totals[best[way]] - _CHANGE * (best[way] != way) + block[way] for way in (0, 1)]
        came_from.append((best[0], best[1]))
    way = 0 if totals[0] >= totals[1] else 1
    path = []
    for best in reversed(came_from):
        path.append(way)
        way = best[way]
    return path[::-1]


def _place(data: bytes, begin: int, near: int, encoding: str, likely: Callable[[str], float]) -> int:
    """Return where the pairing changes, within a block of a place: what is before and after is most likely then."""
    way = begin % 2
    first = max(begin, near - _BLOCK + (near - way) % 2)
    ends = range(first, min(near + _BLOCK, len(data)) + 1, 2)
    stop = min(near + 2 * _BLOCK, len(data))
    return max(
        ends,
        key=lambda end: (
            likely(data[first:end].decode(encoding, errors="ignore"))
            + likely(data[end + 1 : stop].decode(encoding, errors="ignore"))
        ),
        default=near,
    )
