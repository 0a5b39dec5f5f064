"""ggml's tensor types. Data: number -> name, weights in a block, bytes of a block. From ggml's own table (ggml.c)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class TensorType(NamedTuple):
    """How weights are stored: in blocks of a fixed number of weights and bytes."""

    name: str
    block_weights: int
    block_bytes: int


# fmt: off
TENSOR_TYPES: Mapping[int, TensorType] = {number: TensorType(name, weights, size) for number, name, weights, size in (
    (0, "F32", 1, 4), (1, "F16", 1, 2), (2, "Q4_0", 32, 18), (3, "Q4_1", 32, 20), (6, "Q5_0", 32, 22),
    (7, "Q5_1", 32, 24), (8, "Q8_0", 32, 34), (9, "Q8_1", 32, 40), (10, "Q2_K", 256, 84), (11, "Q3_K", 256, 110),
    (12, "Q4_K", 256, 144), (13, "Q5_K", 256, 176), (14, "Q6_K", 256, 210), (15, "Q8_K", 256, 292),
    (16, "IQ2_XXS", 256, 66), (17, "IQ2_XS", 256, 74), (18, "IQ3_XXS", 256, 98), (19, "IQ1_S", 256, 50),
    (20, "IQ4_NL", 32, 18), (21, "IQ3_S", 256, 110), (22, "IQ2_S", 256, 82), (23, "IQ4_XS", 256, 136),
    (24, "I8", 1, 1), (25, "I16", 1, 2), (26, "I32", 1, 4), (27, "I64", 1, 8), (28, "F64", 1, 8),
    (29, "IQ1_M", 256, 56), (30, "BF16", 1, 2), (34, "TQ1_0", 256, 54), (35, "TQ2_0", 256, 66),
    (39, "MXFP4", 32, 17), (40, "NVFP4", 64, 36), (41, "Q1_0", 128, 18),
)}
# fmt: on


F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K, BF16 = 0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 30
"""The types that Bunko writes."""


def type_name(number: int) -> str:
    """Return the name of a type; its number if it is not in the table.

    >>> type_name(12), type_name(999)
    ('Q4_K', 'type 999')
    """
    return TENSOR_TYPES[number].name if number in TENSOR_TYPES else f"type {number}"


def tensor_bytes(dimensions: Sequence[int], number: int) -> int:
    """Return the bytes of a tensor. Raises KeyError for an unknown type.

    >>> tensor_bytes((576, 10), 8)
    6120
    """
    known = TENSOR_TYPES[number]
    return math.prod(dimensions) // known.block_weights * known.block_bytes
