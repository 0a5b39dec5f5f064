"""Rebuild the starter embedder so that it multiplies in 8 bits. In: its ONNX file. Out: another one, as bytes.

Knows nothing of text or sessions. The weights in the file have 8 bits, but its graph converts them to floats before it
multiplies. Here the same 8-bit weights are multiplied with activations rounded to 8 bits: twice as fast, and a quarter
of the memory. Figures, and what did not help: benchmarks/LOG.md, 2026-11-23. A change that changes vectors needs a new
name in recipes.py.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from bunko.embedding.onnx_file import GraphWriter, read_tensors

_ROLES = ("query", "key", "value", "attended", "inner", "outer")
_EPSILON = 1e-12  # BERT's
_HEAD = 32  # numbers in one attention head of this model
_OPSET = 18
_MICROSOFT = "com.microsoft"


def integer_model(data: bytes | memoryview) -> bytes:
    """Return an ONNX model that turns `input_ids` of one text into the mean of its tokens' vectors.

    It has no mask: all texts of a batch must have the same length. Raises KeyError, ValueError or IndexError if the
    file is not the one that the catalogue has under `minilm`.
    """
    return _Builder(read_tensors(data)).build()


class _Builder:
    def __init__(self, tensors: dict[str, Any]) -> None:
        self._tensors = tensors
        self._graph = GraphWriter()
        # The export numbered the matrices in the order of use: six for each layer.
        numbers = sorted(int(match[1]) for match in map(re.compile(r"val_(\d+)_q").fullmatch, tensors) if match)
        self._layers = [
            dict(zip(_ROLES, numbers[n : n + len(_ROLES)], strict=True)) for n in range(0, len(numbers), len(_ROLES))
        ]
        self._one = self._graph.constant("one", np.float32(1))
        self._last_axis = self._graph.constant("last_axis", np.array([-1], dtype=np.int64))

    def build(self) -> bytes:
        add = self._graph.add
        hidden, dimension = self._embeddings()
        for n, matrices in enumerate(self._layers):
            prefix = f"encoder.layer.{n}."
            attended = self._attention(hidden, prefix, [matrices[role] for role in _ROLES[:3]])
            attended = self._by_text(attended, [matrices["attended"]], [prefix + "attention.output.dense.bias"])
            hidden = self._normalised(add("Add", attended, hidden), prefix + "attention.output.LayerNorm")
            inner = self._by_token(hidden, matrices["inner"])
            inner = add("BiasGelu", inner, self._constant(prefix + "intermediate.dense.bias"), domain=_MICROSOFT)
            outer = add("Add", self._by_token(inner, matrices["outer"]), self._constant(prefix + "output.dense.bias"))
            hidden = self._normalised(add("Add", outer, hidden), prefix + "output.LayerNorm")
        axis = self._graph.constant("tokens", np.array([1], dtype=np.int64))
        mean = add("ReduceMean", hidden, axis, keepdims=0)
        return self._graph.model(inputs=["input_ids"], output=mean, shape=("batch", dimension), opset=_OPSET)

    def _embeddings(self) -> tuple[str, int]:
        """Look up 8-bit rows and convert only these to floats: the whole table would take 47 MB."""
        add, constant = self._graph.add, self._graph.constant
        table = self._tensors["inner.embeddings.word_embeddings.weight_q"]
        scales = self._constant("embeddings.word_embeddings.weight_scale")
        words = add("Cast", add("Gather", constant("words", table), "input_ids"), to=1)
        words = add("Mul", words, add("Gather", scales, "input_ids"))
        places = self._dequantised("inner.embeddings.position_embeddings.weight")
        places = places + self._tensors["inner.embeddings.token_type_embeddings.weight"][0]
        zero = constant("zero", np.array([0], dtype=np.int64))
        length = add("Shape", "input_ids", start=1)
        place = add("Slice", constant("places", places), zero, length, zero)
        return self._normalised(add("Add", words, place), "embeddings.LayerNorm"), int(table.shape[1])

    def _attention(self, hidden: str, prefix: str, matrices: list[int]) -> str:
        biases = [f"{prefix}attention.self.{role}.bias" for role in _ROLES[:3]]
        projected = self._by_text(hidden, matrices, biases)
        width = self._tensors["inner." + biases[0]].size
        sizes = self._graph.constant("thirds", np.full(3, width, dtype=np.int64))
        parts = self._graph.add_split("Split", projected, sizes, outputs=3, axis=2)
        return self._graph.add("MultiHeadAttention", *parts, domain=_MICROSOFT, num_heads=width // _HEAD)

    def _by_text(self, x: str, matrices: list[int], biases: list[str]) -> str:
        """Multiply with activations rounded in steps that suit the text's widest token."""
        weights, scales = self._weights(matrices)
        bias = self._graph.constant(biases[0], np.concatenate([self._tensors["inner." + name] for name in biases]))
        return self._graph.add("DynamicQuantizeMatMul", x, weights, scales, "", bias, domain=_MICROSOFT)

    def _by_token(self, x: str, matrix: int) -> str:
        """Multiply with activations rounded in steps that suit each token.

        In the inner layer the first token's numbers are ten times the others', which would be left with four bits.
        """
        add, constant = self._graph.add, self._graph.constant
        weights, scales = self._weights([matrix])
        widest = add("ReduceMax", add("Abs", x), self._last_axis, keepdims=1)
        step = add("Mul", widest, constant("step", np.float32(1 / 127)))
        middle = constant("middle", np.uint8(128))
        rounded = add("QuantizeLinear", add("Mul", x, add("Reciprocal", step)), self._one, middle)
        product = add("MatMulIntegerToFloat", rounded, weights, self._one, scales, middle, domain=_MICROSOFT)
        return add("Mul", product, step)

    def _weights(self, matrices: list[int]) -> tuple[str, str]:
        """Join matrices that have one input, as the file has them: int8, and a scale for each column."""
        weights = [self._tensors[f"val_{n}_q"] for n in matrices]
        scales = [
            np.broadcast_to(self._tensors[f"val_{n}_scale"].reshape(-1), weight.shape[1:])
            for n, weight in zip(matrices, weights, strict=True)
        ]
        name = f"weights_{matrices[0]}"
        joined = self._graph.constant(name, np.concatenate(weights, axis=1))
        return joined, self._graph.constant(name + "_scales", np.concatenate(scales))

    def _normalised(self, x: str, name: str) -> str:
        weight, bias = self._constant(name + ".weight"), self._constant(name + ".bias")
        return self._graph.add("LayerNormalization", x, weight, bias, axis=-1, epsilon=_EPSILON)

    def _constant(self, name: str) -> str:
        return self._graph.constant(name, self._tensors["inner." + name])

    def _dequantised(self, name: str) -> Any:
        return self._tensors[name + "_q"].astype(np.float32) * self._tensors[name + "_scale"]
