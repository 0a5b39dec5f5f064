"""Parse the header of a GGUF file. In: the file's first bytes. Out: Header. Checks every length in the header.

Long arrays, such as a vocabulary, are skipped, so that parsing takes tens of milliseconds.
The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Knows nothing of files or of the keys' meaning.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

MAGIC = b"GGUF"
_VERSIONS = (2, 3)
# Real headers have some 50 keys, up to a few thousand tensors and about 15 MB (a vocabulary of 262,000 tokens).
_MAX_KEYS = 65_536
_MAX_TENSORS = 1_000_000
_MAX_DIMENSIONS = 4
_MAX_STRING = 4 * 2**20
_MAX_KEPT_ARRAY = 4096
_DEFAULT_ALIGNMENT = 32

_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")
_STRING, _ARRAY = 8, 9
_SCALAR_TYPES = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_SCALARS = {number: struct.Struct("<" + code) for number, code in _SCALAR_TYPES.items()}

Value: TypeAlias = int | float | bool | str | tuple[int | float | bool, ...]
TensorEntry: TypeAlias = tuple[str, tuple[int, ...], int, int]
"""Name, dimensions (row length first), ggml's number of the type, and offset from the start of the tensor data."""


class HeaderCut(Exception):
    """The header is longer than the bytes given."""


class HeaderRefused(Exception):
    """The header is invalid. The message completes "FILE can't be used: "."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A parsed header."""

    version: int
    key_count: int
    values: Mapping[str, Value]
    """Numbers, strings and short arrays of numbers, by key."""
    array_lengths: Mapping[str, int]
    """The length of every array, skipped ones included."""
    metadata: bytes
    """All keys and values, as encoded in the file."""
    keys: Mapping[str, slice]
    """The position of each key with its value in `metadata`."""
    tensors: tuple[TensorEntry, ...]
    alignment: int
    end: int
    """Offset from the start of the file."""

    @property
    def data_offset(self) -> int:
        """Return the offset of the tensor data from the start of the file."""
        return -(-self.end // self.alignment) * self.alignment


def parse_header(buffer: bytes) -> Header:
    """Parse a header that starts with the magic. Raises HeaderCut, HeaderRefused."""
    try:
        return _parse(_Cursor(buffer, len(MAGIC)))
    except (struct.error, OverflowError) as error:  # a read beyond the end, or an impossible length
        raise HeaderCut from error


class _Cursor:
    """Reads the header's bytes in order. Raises HeaderCut, struct.error or OverflowError at their end."""

    __slots__ = ("buffer", "offset")

    def __init__(self, buffer: bytes, offset: int) -> None:
        self.buffer = buffer
        self.offset = offset

    def u32(self) -> int:
        return int(self.scalar(_U32))

    def u64(self) -> int:
        return int(self.scalar(_U64))

    def scalar(self, layout: struct.Struct) -> int | float | bool:
        value: int | float | bool = layout.unpack_from(self.buffer, self.offset)[0]
        self.offset += layout.size
        return value

    def string(self) -> str:
        length = self.u64()
        if length > _MAX_STRING:
            raise HeaderRefused(f"a string of {length:,} bytes in its header")
        self.skip(length)
        return self.buffer[self.offset - length : self.offset].decode("utf-8", errors="replace")

    def skip(self, count: int) -> None:
        if count > len(self.buffer) - self.offset:
            raise HeaderCut
        self.offset += count

    def skip_strings(self, count: int) -> None:
        if count > (len(self.buffer) - self.offset) // _U64.size:
            raise HeaderCut
        offset, buffer, unpack = self.offset, self.buffer, _U64.unpack_from  # the one hot loop
        for _ in range(count):
            offset += 8 + unpack(buffer, offset)[0]
        self.offset = offset


def _parse(cursor: _Cursor) -> Header:
    version = cursor.u32()
    if version not in _VERSIONS:
        raise HeaderRefused(f"GGUF version {version} (versions 2 and 3 in little-endian order are known)")
    tensor_count, key_count = cursor.u64(), cursor.u64()
    if tensor_count > _MAX_TENSORS or key_count > _MAX_KEYS:
        raise HeaderRefused(f"{tensor_count:,} tensors and {key_count:,} keys")
    start = cursor.offset
    values: dict[str, Value] = {}
    lengths: dict[str, int] = {}
    keys: dict[str, slice] = {}
    for _ in range(key_count):
        begin = cursor.offset
        key = _read_pair(cursor, values, lengths)
        keys[key] = slice(begin - start, cursor.offset - start)
    metadata = cursor.buffer[start : cursor.offset]
    tensors = tuple(_read_tensor(cursor) for _ in range(tensor_count))
    alignment = values.get("general.alignment")
    return Header(
        version=version,
        key_count=key_count,
        values=values,
        array_lengths=lengths,
        metadata=metadata,
        keys=keys,
        tensors=tensors,
        alignment=alignment if isinstance(alignment, int) and alignment > 0 else _DEFAULT_ALIGNMENT,
        end=cursor.offset,
    )


def _read_pair(cursor: _Cursor, values: dict[str, Value], lengths: dict[str, int]) -> str:
    """Read one key and its value into `values`, an array's length into `lengths`; return the key."""
    key, kind = cursor.string(), cursor.u32()
    if kind in _SCALARS:
        values[key] = cursor.scalar(_SCALARS[kind])
    elif kind == _STRING:
        values[key] = cursor.string()
    elif kind == _ARRAY:
        inner, count = cursor.u32(), cursor.u64()
        lengths[key] = count
        if inner == _STRING:
            cursor.skip_strings(count)
        elif inner not in _SCALARS:  # the format has arrays of arrays, but llama.cpp does not read them
            raise HeaderRefused(f"an array of unknown type {inner} in its header")
        elif count <= _MAX_KEPT_ARRAY:
            values[key] = tuple(cursor.scalar(_SCALARS[inner]) for _ in range(count))
        else:
            cursor.skip(count * _SCALARS[inner].size)
    else:
        raise HeaderRefused(f"a value of unknown type {kind} in its header")
    return key


def _read_tensor(cursor: _Cursor) -> TensorEntry:
    name, count = cursor.string(), cursor.u32()
    if count > _MAX_DIMENSIONS:
        raise HeaderRefused(f"a tensor of {count} dimensions")
    dimensions = tuple(cursor.u64() for _ in range(count))
    return name, dimensions, cursor.u32(), cursor.u64()
