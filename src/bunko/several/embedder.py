"""An embedder that remembers which text a vector is of: another library's embedder needs the text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bunko.ports import Embedder, EmbedderSpec, Vectors

_MOST = 100
"""A question has a few vectors: its own, and one for each thing that it compares."""


class Remembering:
    """The embedder of the questions."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._texts: dict[bytes, str] = {}

    @property
    def spec(self) -> EmbedderSpec:
        """What the embedder reports about itself."""
        return self._embedder.spec

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row for each text, in order: shape (len(texts), dimension)."""
        return self._embedder.embed_passages(texts)

    def embed_query(self, text: str) -> Vectors:
        """Return the question's vector, shape (dimension,), and remember its text."""
        vector = self._embedder.embed_query(text)
        if len(self._texts) >= _MOST:
            self._texts.pop(next(iter(self._texts)))
        self._texts[vector.tobytes()] = text
        return vector

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, without special ones."""
        return self._embedder.count_tokens(texts)

    def text_of(self, vector: Vectors) -> str:
        """Return the text that a vector was made of; empty if it was not made here."""
        return self._texts.get(vector.tobytes(), "")
