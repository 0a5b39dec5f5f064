"""Embed each text by itself, as many at a time as there are cores. In: texts. Out: vectors, in order.

Knows no model. Nothing is padded; an interrupt waits for one text at the most; and a text's vector can't depend on the
texts beside it, as it would with activations that are rounded in steps common to a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from bunko.engine.parameters import Machine
from bunko.settings import EmbeddingSettings

if TYPE_CHECKING:
    from bunko.ports import Vectors


class TextByText:
    """Calls `embed`, which returns one vector of length 1, from several threads at once."""

    def __init__(self, embed: Callable[[str], Vectors], *, dimension: int, settings: EmbeddingSettings) -> None:
        self._embed_one = embed
        self._dimension = dimension
        self._pool = ThreadPoolExecutor(settings.threads or Machine.here().cores, thread_name_prefix="embedder")

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row for each text, in order."""
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)
        # The longest first, so that no core starts a long text last.
        order = sorted(range(len(texts)), key=lambda n: -len(texts[n]))
        found = self._pool.map(self._embed_one, [texts[n] for n in order])
        # An interrupt leaves the loop and cancels the texts that have not begun.
        for n, vector in zip(order, found, strict=True):
            vectors[n] = vector
        return vectors


def of_length_one(vector: Vectors) -> Vectors:
    """Scale a vector to length 1."""
    return vector / max(float(np.linalg.norm(vector)), 1e-12)
