"""Read the weights of an exported reader. In: `reader.onnx`. Out: weights that a training can start from.

Int8 weights become floats again, off by at most half a step of their channel. A training goes over that soon.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from training.reader import model
from training.reader.e5 import BLOCK

MATRICES = ("query_key_value", "output", "widen", "narrow")
"""Of a layer, in the order in which they are used: the exporter gives them numbers, not names."""


def read_shipped(file: Path) -> dict[str, Any]:
    """Return the weights of `reader.onnx` by their names in `Reader`.

    Raises:
        ValueError: It has another number of matrices than a reader.
    """
    stored = {part.name: numpy_helper.to_array(part) for part in onnx.load(file).graph.initializer}
    weights = {name: array for name, array in stored.items() if name.endswith(("weight", "bias"))}
    unnamed = []
    for name in stored:
        if not name.endswith("_quantized"):
            continue
        matrix = _floats(stored, name.removesuffix("_quantized"))
        if name.startswith("val_"):
            unnamed.append(matrix.T)
        elif name.endswith("_Transposed_quantized"):
            weights[name.removesuffix("_Transposed_quantized")] = matrix.T
        else:
            weights[name.removesuffix("_quantized")] = matrix
    names = [*_names(), "span.weight"]
    if len(names) != len(unnamed):
        raise ValueError(f"{file.name} has {len(unnamed)} matrices without a name, a reader has {len(names)}.")
    weights |= dict(zip(names, unnamed, strict=True))
    if "word.pairs" in stored:
        weights["word.weight"] = _unpacked(stored["word.pairs"], stored["word.scales"])
    return {name: torch.tensor(np.ascontiguousarray(array), dtype=torch.float32) for name, array in weights.items()}


def _names() -> Iterator[str]:
    for layer in range(model.LAYERS):
        for matrix in MATRICES:
            yield f"layers.{layer}.{matrix}.weight"


def _floats(stored: dict[str, Any], name: str) -> Any:
    steps = stored[f"{name}_quantized"].astype(np.float32) - stored[f"{name}_zero_point"].astype(np.float32)
    return steps * stored[f"{name}_scale"]


def _unpacked(pairs: Any, scales: Any) -> Any:
    """Return rows of float32 from `packed_words.pack_rows`."""
    half = BLOCK // 2
    blocks = pairs.reshape(len(pairs), -1, half)
    numbers = np.concatenate([blocks % 16, blocks // 16], axis=-1).astype(np.float32) - 8
    return (numbers * scales[..., None].astype(np.float32)).reshape(len(pairs), -1)
