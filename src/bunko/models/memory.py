"""Estimate the memory that a model needs. In: a LocalModel and a context length. Out: bytes, or ModelTooLarge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bunko.errors import ModelTooLarge
from bunko.hardware.memory import machine_memory
from bunko.models.records import LocalModel

# Bytes of one element of the KV cache; the quantised types have blocks of 32 elements and a scale.
CACHE_BYTES = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryNeed:
    """Memory that a running model needs, in bytes; the engine needs 37 to 50 MB more (measured with the starter)."""

    weights: int
    kv_cache: int

    @property
    def total(self) -> int:
        """Return the sum."""
        return self.weights + self.kv_cache


def memory_need(
    model: LocalModel, *, context_tokens: int, cache_type: Literal["f16", "q8_0", "q4_0"] = "f16"
) -> MemoryNeed:
    """Estimate the memory for a context window of this many tokens."""
    weights = sum(path.stat().st_size for path in model.files.values())
    cache = model.info.kv_cache_bytes(context_tokens, CACHE_BYTES[cache_type]) if model.info else 0
    return MemoryNeed(weights=weights, kv_cache=cache)


def check_memory(
    model: LocalModel,
    *,
    context_tokens: int,
    cache_type: Literal["f16", "q8_0", "q4_0"] = "f16",
    gpu_bytes: int = 0,
) -> MemoryNeed:
    """Return the need, or raise ModelTooLarge if it exceeds all memory, the GPU's included.

    A model that is larger than the free memory is accepted: the system can free some.
    """
    need = memory_need(model, context_tokens=context_tokens, cache_type=cache_type)
    available = machine_memory().total + gpu_bytes
    if need.total > available:
        cure = "Use a smaller model, or one with fewer bits"
        if need.weights <= available:
            cure = f"Set a smaller context, such as generation.context_tokens = {max(512, context_tokens // 4)}"
        raise ModelTooLarge(
            f"{model.name} needs {_gigabytes(need.total)} ({_gigabytes(need.weights)} for the model, "
            f"{_gigabytes(need.kv_cache)} for {context_tokens:,} tokens of context), and this machine has "
            f"{_gigabytes(available)}.",
            f"{cure}; or run it on another machine and give Bunko its address.",
        )
    return need


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
