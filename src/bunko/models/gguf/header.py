"""Read the header of a GGUF file. In: a path. Out: GgufInfo. Loads no tensor and trusts nothing that the file claims.

Takes tens of milliseconds for a vocabulary of 150,000 tokens, since long arrays are stepped over, not built.
The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Knows nothing of catalogues or downloads.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

from bunko.errors import ModelBroken, ModelNotFound

ModelKind: TypeAlias = Literal["chat", "base", "embedding", "reranker"]

# Real headers have some 50 keys, up to a few thousand tensors and about 15 MB (a vocabulary of 262,000 tokens).
_MAX_KEYS = 65_536
_MAX_TENSORS = 1_000_000
_MAX_STRING = 4 * 2**20
_MAX_KEPT_ARRAY = 4096
_MAX_BLOCKS = 4096
# Nearly every header fits into the first size; the second is the most that is ever read.
_READ_SIZES = (16 * 2**20, 128 * 2**20)

_CURE = "Download it again, or take another file: `bunko models list` shows what there is."

_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")
_STRING, _ARRAY = 8, 9
_SCALAR_TYPES = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_SCALARS = {number: struct.Struct("<" + code) for number, code in _SCALAR_TYPES.items()}

# fmt: off
# ggml type -> (elements in a block, bytes of a block), from ggml's own table.
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 40),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36), 41: (128, 18),
}
# general.file_type -> the usual name of the quantisation.
QUANTISATIONS: dict[int | None, str] = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
    12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K",
    19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL",
    26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16",
    36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE", 39: "NVFP4", 40: "Q1_0",
}
# fmt: on

_ENCODERS = frozenset(
    "bert nomic-bert nomic-bert-moe jina-bert-v2 jina-bert-v3 neo-bert modern-bert eurobert roberta xlm-roberta "
    "gemma-embedding t5encoder".split()
)
_POOLING_RANK = 4
# Every n-th layer attends to the whole context, the others to a window (llama.cpp, set_swa_pattern).
_FULL_ATTENTION_EVERY = {"gemma2": 2, "gemma3": 6, "gpt-oss": 2, "cohere2": 4}

Value: TypeAlias = int | float | bool | str | tuple[int | float | bool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufInfo:
    """What a GGUF file says of itself. Numbers that it does not state are None."""

    version: int
    architecture: str
    name: str
    licence: str
    quantisation: str
    """As in "Q4_K_M"; empty if unknown."""
    chat_template: str
    """Jinja, empty if the file has none."""
    context_length: int | None
    embedding_length: int | None
    vocabulary_size: int | None
    pooling_type: int | None
    has_bos: bool
    has_eos: bool
    block_count: int | None
    heads_kv: tuple[int, ...]
    """Key-value heads of each layer; empty if unknown."""
    key_length: int
    value_length: int
    sliding_window: int | None
    split_count: int
    """Files that the model is spread over; 1 for nearly all."""
    tensor_count: int
    parameters: int
    """Numbers in all its tensors."""
    file_bytes: int
    expected_bytes: int | None
    """Where the last tensor ends; None if a tensor's type is unknown."""
    is_adapter: bool = False
    """Whether it holds changes to a model, and is none itself."""

    @property
    def kind(self) -> ModelKind:
        """Tell what the model is for."""
        if self.pooling_type == _POOLING_RANK:
            return "reranker"
        if self.architecture in _ENCODERS or self.pooling_type:
            return "embedding"
        return "chat" if self.chat_template else "base"

    def kv_cache_bytes(self, context_tokens: int, bytes_per_element: float = 2.0) -> int:
        """Estimate the memory of the attention cache for this many tokens; 0 if the file does not tell."""
        every = _FULL_ATTENTION_EVERY.get(self.architecture, 1) if self.sliding_window else 1
        windowed = min(context_tokens, self.sliding_window or context_tokens)
        elements = 0
        for layer, heads in enumerate(self.heads_kv, start=1):
            tokens = context_tokens if layer % every == 0 else windowed
            elements += tokens * heads * (self.key_length + self.value_length)
        return int(elements * bytes_per_element)


def read_gguf(path: Path) -> GgufInfo:
    """Read a file's header. Raises ModelNotFound, and ModelBroken for what is not a whole GGUF file."""
    try:
        with path.open("rb") as file:
            return _read(file, path, path.stat().st_size)
    except OSError as error:
        raise ModelNotFound(f"{path} can't be read: {error.strerror or error}.", "Check the path.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorPlace:
    """Where one tensor lies in a file, and in which form."""

    name: str
    dimensions: tuple[int, ...]
    """Row length first."""
    type: int
    """ggml's number for it."""
    offset: int
    """From the start of the file."""
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufLayout:
    """The parts of a file, for who copies it: version and counts, then `metadata`, then places, then the tensors."""

    version: int
    alignment: int
    key_count: int
    metadata: bytes
    """Keys and values as they stand in the file."""
    tensors: tuple[TensorPlace, ...]
    keys: Mapping[str, slice]
    """Where each key lies in `metadata`, with its value."""
    values: Mapping[str, Value]
    """Numbers, texts and short arrays of numbers by their keys."""


def read_layout(path: Path) -> GgufLayout:
    """Read where everything lies in a file that `read_gguf` accepts. Raises ModelNotFound, ModelBroken."""
    read_gguf(path)
    for size in _READ_SIZES:
        with path.open("rb") as file:
            buffer = file.read(size)
        try:
            return _parse_layout(buffer, path)
        except (_OutOfBuffer, struct.error, OverflowError):
            continue
    raise ModelBroken(f"{path} can't be used: its header is too large.", _CURE)


def _parse_layout(buffer: bytes, path: Path) -> GgufLayout:
    cursor = _Cursor(buffer, 4)
    version, tensor_count, key_count = cursor.u32(), cursor.u64(), cursor.u64()
    start = cursor.offset
    values: dict[str, Value] = {}
    keys: dict[str, slice] = {}
    for _ in range(key_count):
        begin = cursor.offset
        key = _read_pair(cursor, values, {})
        keys[key] = slice(begin - start, cursor.offset - start)
    metadata = buffer[start : cursor.offset]
    found = []
    for _ in range(tensor_count):
        name = cursor.string()
        dimensions = tuple(cursor.u64() for _ in range(cursor.u32()))
        found.append((name, dimensions, cursor.u32(), cursor.u64()))
    alignment = _number(values, "general.alignment") or 32
    data = -(-cursor.offset // alignment) * alignment
    tensors = []
    for name, dimensions, kind, offset in found:
        if kind not in _BLOCKS:
            raise ModelBroken(f"{path} has a tensor of an unknown type ({kind}).", _CURE)
        per_block, block_bytes = _BLOCKS[kind]
        size = math.prod(dimensions) // per_block * block_bytes
        tensors.append(TensorPlace(name=name, dimensions=dimensions, type=kind, offset=data + offset, size=size))
    return GgufLayout(
        version=version,
        alignment=alignment,
        key_count=key_count,
        metadata=metadata,
        tensors=tuple(tensors),
        keys=keys,
        values=values,
    )


def _read(file: BinaryIO, path: Path, file_bytes: int) -> GgufInfo:
    if file.read(4) != b"GGUF":
        raise ModelBroken(f"{path} is not a GGUF file.", "Bunko runs models in the GGUF format; see docs/models.md.")
    for size in _READ_SIZES:
        file.seek(0)
        buffer = file.read(size)
        try:
            info = _parse(buffer, file_bytes)
        except (_OutOfBuffer, struct.error, OverflowError) as error:
            if len(buffer) < file_bytes:
                continue
            raise ModelBroken(f"{path} is truncated: it ends within its header.", _CURE) from error
        except _Refused as error:
            raise ModelBroken(f"{path} can't be used: {error}.", _CURE) from error
        if info.expected_bytes is not None and file_bytes < info.expected_bytes:
            missing = info.expected_bytes - file_bytes
            raise ModelBroken(f"{path} is truncated: {missing:,} of {info.expected_bytes:,} bytes are missing.", _CURE)
        return info
    raise ModelBroken(f"{path} can't be used: its header is larger than {_READ_SIZES[-1]:,} bytes.", _CURE)


class _OutOfBuffer(Exception):
    """The header goes on beyond what was read."""


class _Refused(Exception):
    """The header says something that no usable file says."""


class _Cursor:
    """Walks over the header's bytes. Raises _OutOfBuffer, struct.error or OverflowError at their end."""

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
            raise _Refused(f"a text of {length:,} bytes in its header")
        self.skip(length)
        return self.buffer[self.offset - length : self.offset].decode("utf-8", errors="replace")

    def skip(self, count: int) -> None:
        if count > len(self.buffer) - self.offset:
            raise _OutOfBuffer
        self.offset += count

    def skip_strings(self, count: int) -> None:
        if count > (len(self.buffer) - self.offset) // _U64.size:
            raise _OutOfBuffer
        offset, buffer, unpack = self.offset, self.buffer, _U64.unpack_from  # the one hot loop
        for _ in range(count):
            offset += 8 + unpack(buffer, offset)[0]
        self.offset = offset


def _parse(buffer: bytes, file_bytes: int) -> GgufInfo:
    cursor = _Cursor(buffer, 4)
    version = cursor.u32()
    if version not in (2, 3):
        raise _Refused(f"GGUF version {version} (versions 2 and 3 in little-endian order are known)")
    tensor_count, key_count = cursor.u64(), cursor.u64()
    if tensor_count > _MAX_TENSORS or key_count > _MAX_KEYS:
        raise _Refused(f"{tensor_count:,} tensors and {key_count:,} keys")
    values: dict[str, Value] = {}
    lengths: dict[str, int] = {}
    for _ in range(key_count):
        _read_pair(cursor, values, lengths)
    data_end, parameters = _read_tensors(cursor, tensor_count)
    alignment = _number(values, "general.alignment") or 32
    header_end = -(-cursor.offset // alignment) * alignment if data_end else cursor.offset
    return _describe(
        values,
        version=version,
        vocabulary_size=lengths.get("tokenizer.ggml.tokens"),
        tensor_count=tensor_count,
        parameters=parameters,
        file_bytes=file_bytes,
        expected_bytes=None if data_end is None else header_end + data_end,
    )


def _read_pair(cursor: _Cursor, values: dict[str, Value], lengths: dict[str, int]) -> str:
    """Read one key and its value: scalars, texts and short arrays into `values`, every array's length too.

    Return the key.
    """
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
        elif inner not in _SCALARS:  # arrays of arrays are in the format, but llama.cpp does not read them
            raise _Refused(f"an array of unknown type {inner} in its header")
        elif count <= _MAX_KEPT_ARRAY:
            values[key] = tuple(cursor.scalar(_SCALARS[inner]) for _ in range(count))
        else:
            cursor.skip(count * _SCALARS[inner].size)
    else:
        raise _Refused(f"a value of unknown type {kind} in its header")
    return key


def _read_tensors(cursor: _Cursor, count: int) -> tuple[int | None, int]:
    """Return where the last tensor ends, from the start of the data, and how many numbers all of them hold.

    The end is None if a tensor's type is unknown.
    """
    end = total = 0
    known = True
    for _ in range(count):
        cursor.skip(cursor.u64())  # its name
        dimensions = cursor.u32()
        if dimensions > 4:
            raise _Refused(f"a tensor of {dimensions} dimensions")
        elements = 1
        for _ in range(dimensions):
            elements *= cursor.u64()
        total += elements
        kind, offset = cursor.u32(), cursor.u64()
        known = known and kind in _BLOCKS
        if known:
            per_block, block_bytes = _BLOCKS[kind]
            end = max(end, offset + elements // per_block * block_bytes)
    return (end if known else None), total


def _describe(
    values: Mapping[str, Value],
    *,
    version: int,
    vocabulary_size: int | None,
    tensor_count: int,
    parameters: int,
    file_bytes: int,
    expected_bytes: int | None,
) -> GgufInfo:
    architecture = _text(values, "general.architecture")
    if not architecture:
        raise _Refused("it does not name its architecture")

    def own(key: str) -> int | None:
        return _number(values, f"{architecture}.{key}")

    heads = own("attention.head_count") or 0
    head_length = (own("embedding_length") or 0) // heads if heads else 0
    return GgufInfo(
        version=version,
        architecture=architecture,
        name=_text(values, "general.name"),
        licence=_text(values, "general.license"),
        quantisation=QUANTISATIONS.get(_number(values, "general.file_type"), ""),
        chat_template=_text(values, "tokenizer.chat_template"),
        context_length=own("context_length"),
        embedding_length=own("embedding_length"),
        vocabulary_size=vocabulary_size if vocabulary_size is not None else own("vocab_size"),
        pooling_type=own("pooling_type"),
        has_bos="tokenizer.ggml.bos_token_id" in values,
        has_eos="tokenizer.ggml.eos_token_id" in values,
        block_count=own("block_count"),
        heads_kv=_heads_kv(values, architecture),
        key_length=own("attention.key_length") or head_length,
        value_length=own("attention.value_length") or head_length,
        sliding_window=own("attention.sliding_window"),
        split_count=_number(values, "split.count") or 1,
        tensor_count=tensor_count,
        parameters=parameters,
        file_bytes=file_bytes,
        expected_bytes=expected_bytes,
        is_adapter=_text(values, "general.type") == "adapter",
    )


def _heads_kv(values: Mapping[str, Value], architecture: str) -> tuple[int, ...]:
    """Return the key-value heads of each layer; files give one number for all, or one for each."""
    blocks = _number(values, f"{architecture}.block_count") or 0
    if blocks > _MAX_BLOCKS:
        raise _Refused(f"{blocks:,} layers")
    prefix = f"{architecture}.attention.head_count"
    heads = values.get(f"{prefix}_kv", values.get(prefix))
    if isinstance(heads, tuple):
        return tuple(int(count) for count in heads if isinstance(count, int) and count >= 0)
    if not isinstance(heads, int) or heads < 0:
        return ()
    # Hybrid models have recurrent layers, with no cache that grows, between those with attention.
    interval = _number(values, f"{architecture}.full_attention_interval") or 1
    return (heads,) * (blocks // interval)


def _number(values: Mapping[str, Value], key: str) -> int | None:
    value = values.get(key)
    return value if isinstance(value, int) and value >= 0 else None


def _text(values: Mapping[str, Value], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) else ""
