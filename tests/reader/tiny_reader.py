"""A reader of a few numbers: what it marks depends on the words alone, so that a test knows it in advance."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from bunko.embedding.onnx_file import GraphWriter, _message, _value
from bunko.models.cache import hash_file
from bunko.reader.cards import MODEL, TOKENIZER

_SPECIAL = ["[UNK]", "[CLS]", "[SEP]"]
_SURE = 12.0
"""A logit beside which the others, which are 0, hardly count."""


def make_reader(
    folder: Path,
    answers: Sequence[str],
    *,
    languages: Sequence[str] = ("en",),
    max_tokens: int = 64,
    card: Mapping[str, object] | None = None,
) -> Path:
    """Write a reader that marks these answers, each by its first and last word, and return its folder.

    A passage with a word of an answer is relevant. `card` replaces fields of the card.
    """
    folder.mkdir(parents=True, exist_ok=True)
    words = list(dict.fromkeys(word for answer in answers for word in answer.split()))
    vocabulary = {word: n for n, word in enumerate([*_SPECIAL, *words])}
    write_tokenizer(folder / TOKENIZER, vocabulary)
    first = {answer.split()[0] for answer in answers}
    last = {answer.split()[-1] for answer in answers}
    (folder / MODEL).write_bytes(
        _graph(
            start=[_SURE * (word in first) for word in vocabulary],
            end=[_SURE * (word in last) for word in vocabulary],
            relevance=[-_SURE / 2 if word == "[CLS]" else _SURE * (word in words) for word in vocabulary],
        )
    )
    facts = {
        "name": "tiny reader",
        "languages": list(languages),
        "licence": "none",
        "max_tokens": max_tokens,
        "sha256": {name: hash_file(folder / name) for name in (MODEL, TOKENIZER)},
    }
    (folder / "card.json").write_text(json.dumps({**facts, **(card or {})}), encoding="utf-8")
    return folder


def write_tokenizer(path: Path, vocabulary: Mapping[str, int]) -> None:
    """Write a tokenizer of words, which puts a pair of texts together as BERT's does."""
    tokenizer = Tokenizer(WordLevel(dict(vocabulary), unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    tokenizer.save(str(path))


def _graph(*, start: Sequence[float], end: Sequence[float], relevance: Sequence[float]) -> bytes:
    """Return a model whose logits are looked up by word; a passage's relevance is the sum of its words'."""
    graph = GraphWriter()
    tables = {"start": start, "end": end, "relevance": relevance}
    looked_up = {
        name: graph.add("Gather", graph.constant(f"{name} of words", np.array(values, np.float32)), "input_ids")
        for name, values in tables.items()
    }
    axes = graph.constant("axes", np.array([1], np.int64))
    looked_up["relevance"] = graph.add("ReduceSum", looked_up["relevance"], axes, keepdims=0)
    for name, tensor in looked_up.items():
        graph._nodes.append((1, _message((1, tensor), (2, name), (4, "Identity"), (7, ""))))
    shapes: dict[str, tuple[str, ...]] = {"start": ("batch", "length"), "end": ("batch", "length")}
    written = graph.model(
        inputs=["input_ids", "attention_mask", "token_type_ids"], output="relevance", shape=("batch",), opset=18
    )
    # The other outputs: a repeated message of a protobuf may be given in parts.
    more = [(12, _value(name, 1, *shape)) for name, shape in shapes.items()]
    return written + b"".join(_message((7, _message(*more))))
