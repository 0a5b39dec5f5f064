"""Choose the engine's wheel for a machine. In: Graphics. Out: Wheel, with the command that installs it. Pure.

Wheels, indexes and supported cards are from xllamacpp's README (version 2026.10).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from bunko.hardware.graphics import Card, Graphics

Backend: TypeAlias = Literal["cpu", "cuda", "rocm", "vulkan", "metal"]

_INDEX = "https://xorbitsai.github.io/xllamacpp/whl"
# A wheel's CUDA version, its index, and the lowest compute capability that it supports. For cards without native code
# in the wheel, the driver compiles it, and must support this version.
_CUDA = (((13, 2), "cu132", 7.5), ((12, 8), "cu128", 5.0))
_ROCM = {
    "rocm-7.2.4": frozenset(
        "gfx1030 gfx1031 gfx1032 gfx1100 gfx1101 gfx1102 gfx1150 gfx1151 gfx1200 gfx1201 gfx950".split()
    ),
    "rocm-6.4.1": frozenset("gfx1030 gfx1031 gfx1032 gfx1100 gfx1101 gfx1102".split()),
}
_GLIBC = (2, 35)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A build of the engine."""

    backend: Backend
    command: str
    """The command that installs it."""
    note: str = ""
    """What else it needs, or why another wheel does not fit."""


def best_wheel(
    graphics: Graphics,
    *,
    installer: str = "python -m pip install",
    glibc: tuple[int, int] = (0, 0),
    system: str = "linux",
) -> Wheel:
    """Return the wheel for a machine. With several cards, it is the wheel for the one that llama.cpp is fastest on.

    `installer` begins the command that installs a package; `glibc` is (0, 0) if it is unknown or absent.
    """
    old = system == "linux" and (0, 0) < glibc < _GLIBC
    order = {"apple": 0, "nvidia": 1, "amd": 2, "intel": 3}
    for card in sorted(graphics.cards, key=lambda card: order[card.vendor]):
        if card.vendor == "apple":
            return Wheel(backend="metal", command=f"{installer} -U xllamacpp", note="It has Metal built in.")
        if card.integrated:
            continue
        if old:
            note = f"The wheels for GPUs need glibc 2.35 or newer, and this system has {glibc[0]}.{glibc[1]}."
            return Wheel(backend="cpu", command=f"{installer} -U xllamacpp", note=note)
        if card.vendor == "nvidia":
            return _for_nvidia(card, installer)
        if card.vendor == "amd":
            return _for_amd(card, graphics.rocm, installer)
        return Wheel(backend="vulkan", command=_command(installer, "vulkan"), note=_VULKAN_NEEDS)
    return Wheel(backend="cpu", command=f"{installer} -U xllamacpp")


_VULKAN_NEEDS = "It needs the card's driver with Vulkan, and the Vulkan loader of your system."


def _for_nvidia(card: Card, installer: str) -> Wheel:
    for version, index, least in _CUDA:
        if card.cuda >= version and (card.capability >= least or not card.capability):
            return Wheel(backend="cuda", command=_command(installer, index))
    if card.cuda == (0, 0):
        note = "NVIDIA's driver is missing or does not respond: install it first; `nvidia-smi` must show the card."
    else:
        note = f"The driver supports CUDA {card.cuda[0]}.{card.cuda[1]}: first install one that supports 12.8 or newer."
    return Wheel(backend="cuda", command=_command(installer, "cu128"), note=note)


def _for_amd(card: Card, rocm: tuple[int, int], installer: str) -> Wheel:
    for index, architectures in _ROCM.items():
        if card.architecture in architectures and rocm[0] == int(index[5]):
            return Wheel(backend="rocm", command=_command(installer, index))
    if any(card.architecture in architectures for architectures in _ROCM.values()):
        note = f"With ROCm 7 installed, {_command(installer, 'rocm-7.2.4')} may be faster. {_VULKAN_NEEDS}"
    else:
        note = f"The ROCm wheels do not support this card. {_VULKAN_NEEDS}"
    return Wheel(backend="vulkan", command=_command(installer, "vulkan"), note=note)


def _command(installer: str, index: str) -> str:
    return f"{installer} xllamacpp --force-reinstall --index-url {_INDEX}/{index}"
