"""Embed with ONNX Runtime: two to five times faster on a CPU than PyTorch or llama.cpp for BERT-size encoders."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from bunko.embedding.batches import batches
from bunko.errors import ModelBroken, WrongModelKind
from bunko.models import LocalModel
from bunko.ports import EmbedderSpec
from bunko.settings import EmbeddingSettings

if TYPE_CHECKING:
    from bunko.ports import Vectors


class OnnxEmbedder:
    """An ONNX encoder with its `tokenizer.json`."""

    def __init__(self, model: LocalModel, *, name: str, settings: EmbeddingSettings) -> None:
        if model.embedder is None:
            raise WrongModelKind(f"{model.name} is no embedding model.", "bunko models list shows embedders.")
        facts = self._facts = model.embedder
        self._batch_tokens = settings.batch_tokens
        try:
            self._tokenizer = Tokenizer.from_file(str(model.files["tokenizer"]))
            self._session = onnxruntime.InferenceSession(
                str(model.files["model"]), _session_options(settings.threads), providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            detail = str(error).splitlines()[0][:200]
            raise ModelBroken(
                f"The embedder {model.name} can't be loaded: {detail}",
                f"Fetch it again: bunko models pull {model.name}",
            ) from error
        _return_memory()
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(facts.max_tokens)
        self._plain = Tokenizer.from_str(self._tokenizer.to_str())
        self._plain.no_truncation()
        self._inputs = [item.name for item in self._session.get_inputs()]
        dimension = self._session.get_outputs()[0].shape[-1]
        if not isinstance(dimension, int) or "input_ids" not in self._inputs:
            raise WrongModelKind(
                f"{model.name} is an ONNX model, but not a text encoder.", "bunko models list shows embedders."
            )
        self.spec = EmbedderSpec(name=name, dimension=dimension, languages=model.languages, max_tokens=facts.max_tokens)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row for each text, in order."""
        return self._embed([self._facts.passage_prefix + text for text in texts])

    def embed_query(self, text: str) -> Vectors:
        """Return the question's vector."""
        vector: Vectors = self._embed([self._facts.query_prefix + text])[0]
        return vector

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, without special ones."""
        return [len(item.ids) for item in self._plain.encode_batch_fast(list(texts), add_special_tokens=False)]

    def _embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self.spec.dimension), dtype=np.float32)
        encoded = self._tokenizer.encode_batch_fast(list(texts))
        lengths = [len(item.ids) for item in encoded]
        for batch in batches(lengths, max_tokens=self._batch_tokens):
            vectors[batch] = self._run([encoded[n].ids for n in batch])
        return vectors

    def _run(self, rows: list[list[int]]) -> Vectors:
        width = max(map(len, rows))
        ids = np.zeros((len(rows), width), dtype=np.int64)
        mask = np.zeros_like(ids)
        for n, row in enumerate(rows):
            ids[n, : len(row)] = row
            mask[n, : len(row)] = 1
        feed: dict[str, Any] = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = self._session.run(None, {name: feed[name] for name in self._inputs})[0]
        vectors: Vectors = _unit(_pool(hidden, mask, self._facts.pooling))
        return vectors


def _return_memory() -> None:
    """Give the system back what loading took for a moment: glibc would keep it (40 MB with MiniLM)."""
    with contextlib.suppress(OSError, AttributeError):  # another C library, or none by that name
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _session_options(threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Waiting threads would spin on the cores that the language model needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Batches differ in shape, and a plan kept for each shape would only hold memory.
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    return options


def _pool(hidden: Any, mask: Any, pooling: str) -> Any:
    if hidden.ndim == 2:  # the model pools by itself
        return hidden
    if pooling == "cls":
        return hidden[:, 0]
    if pooling == "last":
        return hidden[np.arange(len(hidden)), mask.sum(axis=1) - 1]
    weights = mask[:, :, None].astype(np.float32)
    return (hidden * weights).sum(axis=1) / weights.sum(axis=1)


def _unit(vectors: Any) -> Any:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
