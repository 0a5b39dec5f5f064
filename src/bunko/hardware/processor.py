"""Identify the processor and its instruction sets. In: the system's own description. Out: Processor.

The package py-cpuinfo was not used: it takes a second, starts processes, and has not been updated for years.
"""

from __future__ import annotations

import contextlib
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

# Instruction sets that llama.cpp uses -> their names on Linux, then on macOS.
_SETS: Mapping[str, tuple[str, ...]] = {
    "AVX2": ("avx2",),
    "FMA": ("fma",),
    "F16C": ("f16c",),
    "AVX-VNNI": ("avx_vnni",),
    "AVX-512": ("avx512f",),
    "AVX512-VNNI": ("avx512_vnni",),
    "AVX512-BF16": ("avx512_bf16",),
    "AMX": ("amx_int8",),
    "NEON": ("asimd", "neon", "hw.optional.neon", "hw.optional.advsimd"),
    "DOTPROD": ("asimddp", "hw.optional.arm.feat_dotprod"),
    "I8MM": ("i8mm", "hw.optional.arm.feat_i8mm"),
    "BF16": ("bf16", "hw.optional.arm.feat_bf16"),
    "SVE": ("sve",),
    "SME": ("sme", "hw.optional.arm.feat_sme"),
}
# Windows reports single features by number (winnt.h, PF_…_INSTRUCTIONS_AVAILABLE).
_WINDOWS = {19: "neon", 40: "avx2", 41: "avx512f", 43: "asimddp"}
_CPUINFO = Path("/proc/cpuinfo")
_TIMEOUT_S = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """A processor."""

    name: str
    sets: tuple[str, ...]
    """Common names of its instruction sets: "AVX2", "AVX-512", "NEON", "I8MM", …"""


def this_processor() -> Processor:
    """Return this machine's processor, as far as the system describes it."""
    if sys.platform == "win32":
        import ctypes

        present = ctypes.windll.kernel32.IsProcessorFeaturePresent
        return Processor(
            name=platform.processor(), sets=sets_in(flag for number, flag in _WINDOWS.items() if present(number))
        )
    if sys.platform == "darwin":
        return from_sysctl(_output("sysctl", "-a"))
    with contextlib.suppress(OSError):
        return from_cpuinfo(_CPUINFO.read_text(encoding="utf-8", errors="replace"))
    return Processor(name=platform.processor(), sets=())


def from_cpuinfo(text: str) -> Processor:
    """Parse Linux's /proc/cpuinfo on x86 ("flags") and ARM ("Features")."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.partition(":")
        values.setdefault(key.strip().lower(), value.strip())
    name = values.get("model name") or values.get("hardware") or platform.machine()
    return Processor(name=name, sets=sets_in((values.get("flags") or values.get("features") or "").split()))


def from_sysctl(text: str) -> Processor:
    """Parse the output of macOS's `sysctl -a`."""
    values = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    flags = [key.lower() for key, value in values.items() if key.startswith("hw.optional.") and value.strip() == "1"]
    for key in ("machdep.cpu.features", "machdep.cpu.leaf7_features"):
        flags += values.get(key, "").lower().split()
    flags += [flag.removeprefix("hw.optional.") for flag in flags if flag.startswith("hw.optional.avx")]
    return Processor(name=values.get("machdep.cpu.brand_string", "Apple"), sets=sets_in(flags))


def sets_in(flags: Iterable[str]) -> tuple[str, ...]:
    """Return the instruction sets for these flags.

    >>> sets_in(["fpu", "avx2", "avx512_vnni"])
    ('AVX2', 'AVX512-VNNI')
    """
    known = set(flags)
    return tuple(name for name, spellings in _SETS.items() if known & set(spellings))


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
