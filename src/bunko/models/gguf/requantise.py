"""Convert blocks of other quantisations to Q8_0. In: a tensor's bytes. Out: its bytes as Q8_0. Knows nothing of files.

The layouts are those of ggml (ggml-common.h): 32 weights to a block, scales as float16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bunko.models.gguf.tensor_types import Q4_1, Q5_0, Q5_1, Q8_0, TENSOR_TYPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float32]

BLOCK = 32
"""Weights in a block of every type here."""
_HAS_MINIMUM = {Q4_1: True, Q5_0: False, Q5_1: True}
_HAS_FIFTH_BIT = {Q4_1: False, Q5_0: True, Q5_1: True}


def to_q8_0(data: Bytes, *, type_number: int) -> Bytes:
    """Return whole blocks of Q4_1, Q5_0 or Q5_1 as Q8_0; both are flat arrays of bytes.

    A block's 16 or 32 levels are far coarser than Q8_0's 255, so this adds little to the first quantisation's error.
    """
    return quantise_q8_0(
        dequantise(data.reshape(-1, TENSOR_TYPES[type_number].block_bytes), type_number=type_number)
    ).reshape(-1)


def dequantise(blocks: Bytes, *, type_number: int) -> Floats:
    """Return the weights: shape (blocks, 32)."""
    scale, at = _float16(blocks, 0), 2
    minimum: Floats | None = None
    if _HAS_MINIMUM[type_number]:
        minimum, at = _float16(blocks, 2), 4
    fifth: Bytes | None = None
    if _HAS_FIFTH_BIT[type_number]:
        fifth, at = np.unpackbits(blocks[:, at : at + 4], axis=1, bitorder="little"), at + 4
    packed = blocks[:, at : at + 16]
    levels = np.concatenate([packed & 15, packed >> 4], axis=1)
    if fifth is not None:
        levels |= fifth << 4
    weights = levels.astype(np.float32)
    if minimum is None:
        weights -= 16  # Q5_0 counts from -16 to 15
        weights *= scale
    else:
        weights *= scale
        weights += minimum
    return weights


def quantise_q8_0(weights: Floats) -> Bytes:
    """Return blocks of Q8_0 from weights of shape (blocks, 32), as ggml's reference does: shape (blocks, 34)."""
    scale = np.abs(weights).max(axis=1, keepdims=True) / np.float32(127)
    inverse = np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale != 0)
    scaled = weights * inverse
    rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled))  # halves away from zero, as roundf does
    blocks = np.empty((len(weights), TENSOR_TYPES[Q8_0].block_bytes), dtype=np.uint8)
    blocks[:, :2] = scale.astype("<f2").view(np.uint8)
    blocks[:, 2:] = rounded.astype(np.int8).view(np.uint8)
    return blocks


def _float16(blocks: Bytes, at: int) -> Floats:
    return np.ascontiguousarray(blocks[:, at : at + 2]).view("<f2").astype(np.float32)
