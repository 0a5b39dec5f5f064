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
