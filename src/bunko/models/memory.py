"""Return whether a model fits into this machine. In: a LocalModel and a context length. Out: bytes, or ModelTooLarge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bunko.errors import ModelTooLarge
from bunko.hardware.memory import machine_memory
from bunko.models.records import LocalModel

# Bytes of one element of the attention cache; the quantised types have blocks of 32 elements and a scale.
CACHE_BYTES = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryNeed:
    """What running a model takes, in bytes."""

    weights: int
    kv_cache: int

    @property
    def total(self) -> int:
        """Return the sum; with the starter model, what the engine takes beyond it was measured as 37 to 50 MB."""
        return self.weights + self.kv_cache


def memory_need(
    model: LocalModel, *, context_tokens: int, cache_type: Literal["f16", "q8_0", "q4_0"] = "f16"
) -> MemoryNeed:
    """Estimate what a model takes with a context of this many tokens."""
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
    """Return the need, or raise ModelTooLarge where it exceeds all memory there is, the GPU's included.

    What merely does not fit beside the programs that run now is let through: the system can make room.
    """
    need = memory_need(model, context_tokens=context_tokens, cache_type=cache_type)
    there = machine_memory().total + gpu_bytes
    if need.total > there:
        cure = "Take a smaller model, or one with fewer bits"
        if need.weights <= there:
            cure = f"Set a smaller context, such as generation.context_tokens = {max(512, context_tokens // 4)}"
        raise ModelTooLarge(
            f"{model.name} needs {_gigabytes(need.total)} ({_gigabytes(need.weights)} for the model, "
            f"{_gigabytes(need.kv_cache)} for {context_tokens:,} tokens of context), and this machine has "
            f"{_gigabytes(there)}.",
            f"{cure}; or run it on another machine and give Bunko its address.",
        )
    return need


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
