"""Rebuild MiniLM so that it multiplies in 8 bits. In: its ONNX file. Out: another one, as bytes.

Knows nothing of text or sessions. The weights in the file have 8 bits, but its graph converts them to floats before it
multiplies. Here the same 8-bit weights are multiplied with activations rounded to 8 bits: twice as fast, and a quarter
of the memory. Figures, and what did not help: benchmarks/LOG.md, 2026-11-23. A change that changes vectors needs a new
name in recipes.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from bunko.embedding.integer_encoder import OPSET, Layer, Matrix, Norm, add_encoder, add_norm
from bunko.embedding.onnx_file import GraphWriter, read_tensors

_ROLES = ("query", "key", "value", "attended", "inner", "outer")


def integer_model(data: bytes | memoryview) -> bytes:
    """Return an ONNX model that turns `input_ids` of one text into the mean of its tokens' vectors.

    It has no mask: all texts of a batch must have the same length. Raises KeyError, ValueError or IndexError if the
    file is not the one that the catalogue has under `minilm`.
    """
    tensors = read_tensors(data)
    graph = GraphWriter()
    hidden, dimension = _add_embeddings(graph, tensors)
    mean = add_encoder(graph, hidden, _layers(tensors))
    return graph.model(inputs=["input_ids"], output=mean, shape=("batch", dimension), opset=OPSET)


def _add_embeddings(graph: GraphWriter, tensors: dict[str, Any]) -> tuple[str, int]:
    """Look up 8-bit rows and convert only these to floats: the whole table would take 47 MB."""
    add, constant = graph.add, graph.constant
    table = tensors["inner.embeddings.word_embeddings.weight_q"]
    scales = constant("word_scales", tensors["inner.embeddings.word_embeddings.weight_scale"])
    words = add("Cast", add("Gather", constant("words", table), "input_ids"), to=1)
    words = add("Mul", words, add("Gather", scales, "input_ids"))
    places = _dequantised(tensors, "inner.embeddings.position_embeddings.weight")
    places = places + tensors["inner.embeddings.token_type_embeddings.weight"][0]
    zero = constant("zero", np.array([0], dtype=np.int64))
    length = add("Shape", "input_ids", start=1)
    place = add("Slice", constant("places", places), zero, length, zero)
    norm = _norm(tensors, "embeddings.LayerNorm")
    return add_norm(graph, add("Add", words, place), norm, name="embeddings_norm"), int(table.shape[1])


def _layers(tensors: dict[str, Any]) -> Iterator[Layer]:
    # The export numbered the matrices in the order of use: six for each layer.
    numbers = sorted(int(match[1]) for match in map(re.compile(r"val_(\d+)_q").fullmatch, tensors) if match)
    for n in range(0, len(numbers), len(_ROLES)):
        matrices = dict(zip(_ROLES, numbers[n : n + len(_ROLES)], strict=True))
        prefix = f"encoder.layer.{n // len(_ROLES)}."
        projections = [f"{prefix}attention.self.{role}.bias" for role in _ROLES[:3]]
        yield Layer(
            projected=_matrix(tensors, [matrices[role] for role in _ROLES[:3]], projections),
            attended=_matrix(tensors, [matrices["attended"]], [prefix + "attention.output.dense.bias"]),
            attended_norm=_norm(tensors, prefix + "attention.output.LayerNorm"),
            inner=_matrix(tensors, [matrices["inner"]], [prefix + "intermediate.dense.bias"]),
            outer=_matrix(tensors, [matrices["outer"]], [prefix + "output.dense.bias"]),
            outer_norm=_norm(tensors, prefix + "output.LayerNorm"),
        )


def _matrix(tensors: dict[str, Any], numbers: Sequence[int], biases: Sequence[str]) -> Matrix:
    """Join matrices that have one input, as the file has them: int8, and a scale for each column."""
    weights = [tensors[f"val_{n}_q"] for n in numbers]
    scales = [
        np.broadcast_to(tensors[f"val_{n}_scale"].reshape(-1), weight.shape[1:])
        for n, weight in zip(numbers, weights, strict=True)
    ]
    return Matrix(
        weights=np.concatenate(weights, axis=1),
        scales=np.concatenate(scales),
        bias=np.concatenate([tensors["inner." + name] for name in biases]),
    )


def _norm(tensors: dict[str, Any], name: str) -> Norm:
    return Norm(weight=tensors[f"inner.{name}.weight"], bias=tensors[f"inner.{name}.bias"])


def _dequantised(tensors: dict[str, Any], name: str) -> Any:
    return tensors[name + "_q"].astype(np.float32) * tensors[name + "_scale"]
