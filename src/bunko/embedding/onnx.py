"""Embed with ONNX Runtime: two to five times faster on a CPU than PyTorch or llama.cpp for BERT-size encoders."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from tokenizers import Tokenizer

from bunko.embedding.batches import pieces_at_once
from bunko.embedding.integer_minilm import integer_model
from bunko.embedding.recipes import recipe_of
from bunko.embedding.text_by_text import TextByText, of_length_one
from bunko.embedding.word_counts import CountTokens, WordCounts, cuts_at_spaces
from bunko.engine.onnx_session import open_session
from bunko.errors import ModelBroken, WrongModelKind
from bunko.hardware.freed_memory import return_memory
from bunko.models import LocalModel
from bunko.ports import EmbedderSpec
from bunko.settings import EmbeddingSettings

if TYPE_CHECKING:
    from bunko.ports import Vectors

# The tokenizer holds some hundred bytes for each character and token: text is given to it in pieces.
_LONGEST_TEXT = 20_000
_AT_ONCE = 200_000
# More than the longest words have; the rest of a text would be cut anyway.
_CHARACTERS_PER_TOKEN = 64


class OnnxEmbedder:
    """An ONNX encoder with its `tokenizer.json`."""

    def __init__(self, model: LocalModel, *, name: str, settings: EmbeddingSettings) -> None:
        if model.embedder is None:
            raise WrongModelKind(f"{model.name} is not an embedding model.", "bunko models list shows embedders.")
        facts = self._facts = model.embedder
        try:
            self._tokenizer = Tokenizer.from_file(str(model.files["tokenizer"]))
            path = model.files["model"]
            self._session = open_session(integer_model(path.read_bytes()) if recipe_of(model) else str(path))
        except Exception as error:
            detail = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise ModelBroken(
                f"The embedder {model.name} can't be loaded: {detail}",
                f"Fetch it again: bunko models pull {model.name}",
            ) from error
        return_memory()  # 40 MB with MiniLM
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()  # texts are counted whole; they are cut in `_embed`
        self._room = facts.max_tokens - self._tokenizer.num_special_tokens_to_add(False)
        self._inputs = [item.name for item in self._session.get_inputs()]
        dimension = self._session.get_outputs()[0].shape[-1]
        if not isinstance(dimension, int) or "input_ids" not in self._inputs:
            raise WrongModelKind(
                f"{model.name} is an ONNX model, but not a text encoder.", "bunko models list shows embedders."
            )
        self._texts = TextByText(self._embed_passage, dimension=dimension, settings=settings)
        self.spec = EmbedderSpec(
            name=name,
            dimension=dimension,
            languages=model.languages,
            max_tokens=facts.max_tokens,
            related=facts.related,
        )

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row for each text, in order."""
        return self._texts.embed(texts)

    def embed_query(self, text: str) -> Vectors:
        """Return the question's vector."""
        return self._embed(self._facts.query_prefix + text)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, without special ones."""
        return self._counting(texts)

    @functools.cached_property
    def _counting(self) -> CountTokens:
        return WordCounts(self._count) if cuts_at_spaces(self._tokenizer) else self._count

    def _count(self, texts: Sequence[str]) -> list[int]:
        counts = [0] * len(texts)
        for pieces in pieces_at_once(texts, longest=_LONGEST_TEXT, most=_AT_ONCE):
            encoded = self._tokenizer.encode_batch_fast([piece for _, piece in pieces], add_special_tokens=False)
            for (n, _), item in zip(pieces, encoded, strict=True):
                counts[n] += len(item)
        return counts

    def _embed_passage(self, text: str) -> Vectors:
        return self._embed(self._facts.passage_prefix + text)

    def _embed(self, text: str) -> Vectors:
        item = self._tokenizer.encode(text[: self._room * _CHARACTERS_PER_TOKEN], add_special_tokens=False)
        item.truncate(self._room)
        return self._run(self._tokenizer.post_process(item).ids)

    def _run(self, tokens: list[int]) -> Vectors:
        ids = np.array([tokens], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        output = self._session.run(None, {name: feed[name] for name in self._inputs})[0]
        vector: Vectors = _pool(output, self._facts.pooling)[0]
        return of_length_one(vector)


def _pool(output: Any, pooling: str) -> Any:
    if output.ndim == 2:  # the model pools by itself
        return output
    if pooling == "cls":
        return output[:, 0]
    if pooling == "last":
        return output[:, -1]
    return output.mean(axis=1)
