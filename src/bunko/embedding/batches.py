"""Group texts of similar length, to reduce padding. In: lengths. Out: batches of positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def batches(lengths: Sequence[int], *, max_tokens: int, max_items: int = 64) -> Iterator[list[int]]:
    """Yield positions, shortest texts first; a batch padded to its longest text has at most `max_tokens`.

    A longer text is a batch of its own.

    >>> list(batches([5, 1, 1, 9], max_tokens=8))
    [[1, 2], [0], [3]]
    """
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lambda n: lengths[n]):
        if batch and (len(batch) == max_items or (len(batch) + 1) * lengths[position] > max_tokens):
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


def pieces_at_once(texts: Sequence[str], *, longest: int, most: int) -> Iterator[list[tuple[int, str]]]:
    """Yield the texts in batches of at most `most` characters, each piece with the place of its text.

    A text of more than `longest` characters is cut into pieces.

    >>> list(pieces_at_once(["ab", "cdefg"], longest=3, most=4))
    [[(0, 'ab')], [(1, 'cde')], [(1, 'fg')]]
    """
    batch: list[tuple[int, str]] = []
    size = 0
    for n, text in enumerate(texts):
        for start in range(0, max(1, len(text)), longest):
            piece = text[start : start + longest]
            if batch and size + len(piece) > most:
                yield batch
                batch, size = [], 0
            batch.append((n, piece))
            size += len(piece)
    if batch:
        yield batch
