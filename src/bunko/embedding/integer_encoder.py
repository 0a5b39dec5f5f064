"""Write a BERT encoder that multiplies in 8 bits. In: its layers, as arrays. Out: operators of a graph.

Knows nothing of files or models. Which products are rounded in which steps, and what else was tried: benchmarks/LOG.md,
2026-11-23. A change that changes vectors needs new names in recipes.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bunko.embedding.onnx_file import GraphWriter

EPSILON = 1e-12  # BERT's
OPSET = 18
HEAD = 32  # numbers in one attention head of these models
_MICROSOFT = "com.microsoft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm:
    """The weights of a layer normalisation, each of shape (width,), float32."""

    weight: Any
    bias: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """A rounded matrix: int8 of shape (inputs, outputs), and for each output a scale and a bias in float32."""

    weights: Any
    scales: Any
    bias: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer. `projected` gives queries, keys and values, one beside the other."""

    projected: Matrix
    attended: Matrix
    attended_norm: Norm
    inner: Matrix
    outer: Matrix
    outer_norm: Norm


def add_encoder(graph: GraphWriter, hidden: str, layers: Iterable[Layer]) -> str:
    """Add the layers and the mean of the last one's tokens; return the mean's name, of shape (batch, width).

    `hidden` has the normalised embeddings, of shape (batch, tokens, width). There is no mask: all texts of a batch
    must have the same length.
    """
    one = graph.constant("one", np.float32(1))
    last_axis = graph.constant("last_axis", np.array([-1], dtype=np.int64))
    writer = _Writer(graph, one=one, last_axis=last_axis)
    for number, layer in enumerate(layers):
        hidden = writer.layer(hidden, layer, prefix=f"layer_{number}.")
    return graph.add("ReduceMean", hidden, graph.constant("tokens", np.array([1], dtype=np.int64)), keepdims=0)


def add_norm(graph: GraphWriter, x: str, norm: Norm, *, name: str) -> str:
    """Add a layer normalisation, and return its output's name."""
    weight, bias = graph.constant(name + ".weight", norm.weight), graph.constant(name + ".bias", norm.bias)
    return graph.add("LayerNormalization", x, weight, bias, axis=-1, epsilon=EPSILON)


class _Writer:
    def __init__(self, graph: GraphWriter, *, one: str, last_axis: str) -> None:
        self._graph = graph
        self._one = one
        self._last_axis = last_axis

    def layer(self, hidden: str, layer: Layer, *, prefix: str) -> str:
        add, constant = self._graph.add, self._graph.constant
        attended = self._by_text(self._attention(hidden, layer, prefix), layer.attended, prefix + "attended")
        hidden = add_norm(self._graph, add("Add", attended, hidden), layer.attended_norm, name=prefix + "attended_norm")
        inner = self._by_token(hidden, layer.inner, prefix + "inner")
        inner = add("BiasGelu", inner, constant(prefix + "inner.bias", layer.inner.bias), domain=_MICROSOFT)
        outer = self._by_token(inner, layer.outer, prefix + "outer")
        outer = add("Add", outer, constant(prefix + "outer.bias", layer.outer.bias))
        return add_norm(self._graph, add("Add", outer, hidden), layer.outer_norm, name=prefix + "outer_norm")

    def _attention(self, hidden: str, layer: Layer, prefix: str) -> str:
        projected = self._by_text(hidden, layer.projected, prefix + "projected")
        width = layer.attended.bias.size
        sizes = self._graph.constant("thirds", np.full(3, width, dtype=np.int64))
        parts = self._graph.add_split("Split", projected, sizes, outputs=3, axis=2)
        return self._graph.add("MultiHeadAttention", *parts, domain=_MICROSOFT, num_heads=width // HEAD)

    def _by_text(self, x: str, matrix: Matrix, name: str) -> str:
        """Multiply with activations rounded in steps that suit the text's widest token."""
        weights, scales = self._weights(matrix, name)
        bias = self._graph.constant(name + ".bias", matrix.bias)
        return self._graph.add("DynamicQuantizeMatMul", x, weights, scales, "", bias, domain=_MICROSOFT)

    def _by_token(self, x: str, matrix: Matrix, name: str) -> str:
        """Multiply with activations rounded in steps that suit each token, without the bias.

        In the inner layer the first token's numbers are ten times the others', which would be left with four bits.
        """
        add, constant = self._graph.add, self._graph.constant
        weights, scales = self._weights(matrix, name)
        widest = add("ReduceMax", add("Abs", x), self._last_axis, keepdims=1)
        step = add("Mul", widest, constant("step", np.float32(1 / 127)))
        middle = constant("middle", np.uint8(128))
        rounded = add("QuantizeLinear", add("Mul", x, add("Reciprocal", step)), self._one, middle)
        product = add("MatMulIntegerToFloat", rounded, weights, self._one, scales, middle, domain=_MICROSOFT)
        return add("Mul", product, step)

    def _weights(self, matrix: Matrix, name: str) -> tuple[str, str]:
        constant = self._graph.constant
        return constant(name + ".weights", matrix.weights), constant(name + ".scales", matrix.scales)
