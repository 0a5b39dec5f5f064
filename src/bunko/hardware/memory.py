"""Measure the memory of this machine, container limits included."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineMemory:
    """Memory of this machine, or of the container that this process runs in, in bytes."""

    total: int
    available: int


def machine_memory() -> MachineMemory:
    """Return this machine's memory, or its container's limit if that is lower."""
    import psutil

    memory = psutil.virtual_memory()
    limit = min([memory.total, *_container_limits()])
    return MachineMemory(total=limit, available=min(memory.available, limit))


def _container_limits() -> list[int]:
    limits = []
    for path in _CGROUP_LIMITS:
        text = path.read_text(encoding="ascii").strip() if path.is_file() else ""
        if text.isdigit():  # "max" if there is no limit
            limits.append(int(text))
    return limits
