"""Tell whether a model fits into this machine. In: a LocalModel and a context length. Out: bytes, or ModelTooLarge."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bunko.errors import ModelTooLarge
from bunko.models.records import LocalModel

# Bytes of one element of the attention cache; the quantised types have blocks of 32 elements and a scale.
CACHE_BYTES = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryNeed:
    """What running a model takes, in bytes."""

    weights: int
    kv_cache: int

    @property
    def total(self) -> int:
        """Return the sum; with the starter model, what the engine takes beyond it was measured as 37 to 50 MB."""
        return self.weights + self.kv_cache


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineMemory:
    """What this machine, or the container that this process runs in, has; in bytes."""

    total: int
    available: int


def memory_need(
    model: LocalModel, *, context_tokens: int, cache_type: Literal["f16", "q8_0", "q4_0"] = "f16"
) -> MemoryNeed:
    """Estimate what a model takes with a context of this many tokens."""
    weights = sum(path.stat().st_size for path in model.files.values())
    cache = model.info.kv_cache_bytes(context_tokens, CACHE_BYTES[cache_type]) if model.info else 0
    return MemoryNeed(weights=weights, kv_cache=cache)


def machine_memory() -> MachineMemory:
    """Return this machine's memory; a container's limit counts where there is one."""
    import psutil

    memory = psutil.virtual_memory()
    limit = min([memory.total, *_container_limits()])
    return MachineMemory(total=limit, available=min(memory.available, limit))


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


def _container_limits() -> list[int]:
    limits = []
    for path in _CGROUP_LIMITS:
        text = path.read_text(encoding="ascii").strip() if path.is_file() else ""
        if text.isdigit():  # "max" where there is no limit
            limits.append(int(text))
    return limits


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
