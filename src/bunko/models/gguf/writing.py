"""Write the header of a GGUF file. In: metadata and descriptions of tensors. Out: bytes in an open file.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Knows nothing of the tensors' content.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from bunko.models.gguf.parsing import MAGIC

_UINT32, _FLOAT32, _STRING = 4, 6, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTensor:
    """A tensor that will be written after the header."""

    name: str
    dimensions: tuple[int, ...]
    """Row length first."""
    type: int
    """ggml's number of the type (`tensor_types`)."""
    size: int
    """In bytes, without padding."""


def key_value(key: str, value: str | int | float) -> bytes:
    """Return an encoded key and value: a string, an unsigned 32-bit integer or a 32-bit float.

    >>> key_value("a", 1).hex()
    '0100000000000000610400000001000000'
    """
    name = _text(key)
    if isinstance(value, float):
        return name + struct.pack("<If", _FLOAT32, value)
    if isinstance(value, int):
        return name + struct.pack("<II", _UINT32, value)
    return name + struct.pack("<I", _STRING) + _text(value)


def write_header(
    file: BinaryIO, tensors: Iterable[NewTensor], *, metadata: bytes, key_count: int, alignment: int, version: int = 3
) -> int:
    """Write everything before the first tensor. Return the bytes of all tensors, padding included.

    `metadata` holds `key_count` keys and values. Each tensor must be followed by `pad`.
    """
    tensors = list(tensors)
    file.write(MAGIC + struct.pack("<IQQ", version, len(tensors), key_count) + metadata)
    offset = 0
    for tensor in tensors:
        file.write(_text(tensor.name))
        file.write(struct.pack(f"<I{len(tensor.dimensions)}Q", len(tensor.dimensions), *tensor.dimensions))
        file.write(struct.pack("<IQ", tensor.type, offset))
        offset += padded(tensor.size, alignment)
    pad(file, alignment)
    return offset


def pad(file: BinaryIO, alignment: int) -> None:
    """Write zeros up to the next multiple of the alignment."""
    file.write(bytes(-file.tell() % alignment))


def padded(size: int, alignment: int) -> int:
    """Round a size up to a multiple of the alignment."""
    return -(-size // alignment) * alignment


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data
