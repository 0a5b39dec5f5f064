"""Read the header of a GGUF file. In: a path. Out: GgufInfo, or the whole layout. Loads no tensor.

The file is not trusted: an unusable one is refused with a reason. Knows nothing of catalogues or downloads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from bunko.errors import ModelBroken, ModelNotFound
from bunko.models.gguf.parsing import MAGIC, Header, HeaderCut, HeaderRefused, Value, parse_header
from bunko.models.gguf.tensor_types import TENSOR_TYPES, tensor_bytes

ModelKind: TypeAlias = Literal["chat", "base", "embedding", "reranker"]

# Nearly every header fits into the first size; no more than the second is read.
_READ_SIZES = (16 * 2**20, 128 * 2**20)
_MAX_BLOCKS = 4096
_CURE = "Download it again, or use another model: `bunko models list` shows the models."

# fmt: off
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


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufInfo:
    """The facts in a GGUF file's header. Missing numbers are None."""

    version: int
    architecture: str
    name: str
    licence: str
    quantisation: str
    """As in "Q4_K_M"; empty if unknown."""
    chat_template: str
    """Jinja; empty if the file has none."""
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
    """Number of files that the model is split into; mostly 1."""
    tensor_count: int
    parameters: int
    """Number of weights in all tensors."""
    file_bytes: int
    expected_bytes: int | None
    """Where the last tensor ends; None if a tensor's type is unknown."""
    is_adapter: bool = False
    """Whether it is an adapter, which changes another model."""

    @property
    def kind(self) -> ModelKind:
        """Return what the model is for."""
        if self.pooling_type == _POOLING_RANK:
            return "reranker"
        if self.architecture in _ENCODERS or self.pooling_type:
            return "embedding"
        return "chat" if self.chat_template else "base"

    def kv_cache_bytes(self, context_tokens: int, bytes_per_element: float = 2.0) -> int:
        """Estimate the bytes of the KV cache for this many tokens; 0 if the header lacks the sizes."""
        every = _FULL_ATTENTION_EVERY.get(self.architecture, 1) if self.sliding_window else 1
        windowed = min(context_tokens, self.sliding_window or context_tokens)
        elements = 0
        for layer, heads in enumerate(self.heads_kv, start=1):
            tokens = context_tokens if layer % every == 0 else windowed
            elements += tokens * heads * (self.key_length + self.value_length)
        return int(elements * bytes_per_element)


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorPlace:
    """One tensor's position and type in a file."""

    name: str
    dimensions: tuple[int, ...]
    """Row length first."""
    type: int
    """ggml's number of the type (`tensor_types`)."""
    offset: int
    """From the start of the file."""
    size: int
    """In bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufLayout:
    """Everything about a file that is needed to write a copy of it."""

    version: int
    alignment: int
    key_count: int
    metadata: bytes
    """All keys and values, as encoded in the file."""
    tensors: tuple[TensorPlace, ...]
    keys: Mapping[str, slice]
    """The position of each key with its value in `metadata`."""
    values: Mapping[str, Value]
    """Numbers, strings and short arrays of numbers, by key."""


def read_gguf(path: Path) -> GgufInfo:
    """Read a file's header. Raises ModelNotFound, and ModelBroken for a file that is not a complete GGUF file."""
    return _read(path)[1]


def read_layout(path: Path) -> GgufLayout:
    """Read the layout of a file that `read_gguf` accepts. Raises ModelNotFound, ModelBroken."""
    header, _ = _read(path)
    tensors = []
    for name, dimensions, number, offset in header.tensors:
        if number not in TENSOR_TYPES:
            raise ModelBroken(f"{path} has a tensor of an unknown type ({number}).", _CURE)
        size = tensor_bytes(dimensions, number)
        place = header.data_offset + offset
        tensors.append(TensorPlace(name=name, dimensions=dimensions, type=number, offset=place, size=size))
    return GgufLayout(
        version=header.version,
        alignment=header.alignment,
        key_count=header.key_count,
        metadata=header.metadata,
        tensors=tuple(tensors),
        keys=header.keys,
        values=header.values,
    )


def read_tokens(path: Path) -> bytes:
    """Return the vocabulary as encoded in the file: each token follows its length in 8 bytes, little-endian.

    It is empty if there is none. Raises ModelNotFound, ModelBroken.
    """
    header, _ = _read(path)
    place = header.keys.get("tokenizer.ggml.tokens")
    return header.metadata[place] if place else b""


def _read(path: Path) -> tuple[Header, GgufInfo]:
    try:
        file_bytes = path.stat().st_size
        header = _read_header(path, file_bytes)
    except OSError as error:
        raise ModelNotFound(f"{path} can't be read: {error.strerror or error}.", "Check the path.") from error
    try:
        info = _describe(header, file_bytes)
    except HeaderRefused as error:
        raise ModelBroken(f"{path} can't be used: {error}.", _CURE) from error
    if info.expected_bytes is not None and file_bytes < info.expected_bytes:
        missing = info.expected_bytes - file_bytes
        raise ModelBroken(f"{path} is truncated: {missing:,} of {info.expected_bytes:,} bytes are missing.", _CURE)
    return header, info


def _read_header(path: Path, file_bytes: int) -> Header:
    with path.open("rb") as file:
        for size in _READ_SIZES:
            file.seek(0)
            buffer = file.read(size)
            if not buffer.startswith(MAGIC):
                raise ModelBroken(
                    f"{path} is not a GGUF file.", "Bunko runs models in the GGUF format; see docs/models.md."
                )
            try:
                return parse_header(buffer)
            except HeaderRefused as error:
                raise ModelBroken(f"{path} can't be used: {error}.", _CURE) from error
            except HeaderCut as error:
                if len(buffer) >= file_bytes:
                    raise ModelBroken(f"{path} is truncated: it ends within its header.", _CURE) from error
    raise ModelBroken(f"{path} can't be used: its header is larger than {_READ_SIZES[-1]:,} bytes.", _CURE)


def _describe(header: Header, file_bytes: int) -> GgufInfo:
    """Interpret the header's keys. Raises HeaderRefused."""
    values = header.values
    architecture = _text(values, "general.architecture")
    if not architecture:
        raise HeaderRefused("it does not name its architecture")

    def own(key: str) -> int | None:
        return _number(values, f"{architecture}.{key}")

    heads = own("attention.head_count") or 0
    head_length = (own("embedding_length") or 0) // heads if heads else 0
    vocabulary_size = header.array_lengths.get("tokenizer.ggml.tokens")
    return GgufInfo(
        version=header.version,
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
        tensor_count=len(header.tensors),
        parameters=sum(math.prod(dimensions) for _, dimensions, _, _ in header.tensors),
        file_bytes=file_bytes,
        expected_bytes=_expected_bytes(header),
        is_adapter=_text(values, "general.type") == "adapter",
    )


def _expected_bytes(header: Header) -> int | None:
    """Return the offset of the last tensor's end in the file; None if a tensor's type is unknown."""
    if any(number not in TENSOR_TYPES for _, _, number, _ in header.tensors):
        return None
    ends = [offset + tensor_bytes(dimensions, number) for _, dimensions, number, offset in header.tensors]
    end = max(ends, default=0)
    return header.data_offset + end if end else header.end


def _heads_kv(values: Mapping[str, Value], architecture: str) -> tuple[int, ...]:
    """Return the key-value heads of each layer; files state one number for all layers, or one for each."""
    blocks = _number(values, f"{architecture}.block_count") or 0
    if blocks > _MAX_BLOCKS:
        raise HeaderRefused(f"{blocks:,} layers")
    prefix = f"{architecture}.attention.head_count"
    heads = values.get(f"{prefix}_kv", values.get(prefix))
    if isinstance(heads, tuple):
        return tuple(int(count) for count in heads if isinstance(count, int) and count >= 0)
    if not isinstance(heads, int) or heads < 0:
        return ()
    # Hybrid models have recurrent layers, without a growing cache, between the attention layers.
    interval = _number(values, f"{architecture}.full_attention_interval") or 1
    return (heads,) * (blocks // interval)


def _number(values: Mapping[str, Value], key: str) -> int | None:
    value = values.get(key)
    return value if isinstance(value, int) and value >= 0 else None


def _text(values: Mapping[str, Value], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) else ""
