"""A cross-encoder of a few numbers: a passage's score is the sum of its words', so that a test knows it in advance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bunko.embedding.onnx_file import GraphWriter
from tests.reader.tiny_reader import write_tokenizer


def make_cross_encoder(folder: Path, scores: Mapping[str, float], *, numbers: int = 1) -> Path:
    """Write `model.onnx`, which gives `numbers` numbers for a pair, and `tokenizer.json`; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {word: n for n, word in enumerate(["[UNK]", "[CLS]", "[SEP]", *scores])}
    write_tokenizer(folder / "tokenizer.json", vocabulary)
    table = np.array([[scores.get(word, 0.0)] * numbers for word in vocabulary], np.float32)
    graph = GraphWriter()
    of_words = graph.add("Gather", graph.constant("scores", table), "input_ids")
    logits = graph.add("ReduceSum", of_words, graph.constant("axes", np.array([1], np.int64)), keepdims=0)
    model = graph.model(
        inputs=["input_ids", "attention_mask", "token_type_ids"], output=logits, shape=("batch", numbers), opset=18
    )
    (folder / "model.onnx").write_bytes(model)
    return folder
