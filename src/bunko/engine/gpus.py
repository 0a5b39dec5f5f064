"""Decide how GPUs are used. In: what is wanted, and the GPUs that the engine sees. Out: more of the engine's values.

Runs in the engine's process, which alone knows the GPUs: standard library only. Pure. llama.cpp itself fits layers to
the free memory of GPUs, and does it best, but only where it may choose all by itself; else they are counted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Values: TypeAlias = dict[str, object]

# What is left free on each GPU: llama.cpp's own margin (common_params.fit_params_target). It holds the buffers in which
# the model computes, and what the desktop takes.
RESERVE = 2**30
# A GPU reads long batches faster than short ones; a processor does not (parameters.BATCH).
_BATCH = 512
_TRACE = 4
_FLASH = "LLAMA_FLASH_ATTN_TYPE_AUTO"
# Each driver has its own variable for the GPUs that a process may see.
_VISIBLE = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "GGML_VK_VISIBLE_DEVICES")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """A GPU as the engine sees it; memory in bytes."""

    name: str
    """The engine's, such as "CUDA0"."""
    description: str
    free: int
    total: int
    integrated: bool = False
    """It shares the processor's memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuWish:
    """How GPUs are to be used if there are any."""

    layers: int = -1
    """-1: as many as fit; 0: none."""
    visible: Sequence[int] = field(default_factory=tuple)
    """Numbers of the GPUs to use; empty: all."""
    split: Literal["layer", "row", "none"] = "layer"
    shares: Sequence[float] = field(default_factory=tuple)
    """What each GPU gets of the model; empty: by their free memory."""
    model_layers: int = 1
    """Layers of the model, with one more for its output."""
    layer_bytes: int = 0
    """What one takes, with its part of the attention cache."""


def found_gpus(devices: Iterable[Mapping[str, Any]]) -> list[Gpu]:
    """Return the GPUs among the engine's devices (xllamacpp.get_device_info); an integrated one only where no other is.

    That is llama.cpp's own choice.
    """
    found = [
        Gpu(
            name=str(device["name"]),
            description=str(device["description"]),
            free=int(device["memory_free"]),
            total=int(device["memory_total"]),
            integrated=device["type"].name.endswith("_IGPU"),
        )
        for device in devices
        if device["type"].name.endswith(("_GPU", "_IGPU"))
    ]
    return [gpu for gpu in found if not gpu.integrated] or found


def visible_gpus(wish: GpuWish | None) -> dict[str, str]:
    """Return the environment variables that hide other GPUs from the engine, or all where no layer is wanted there.

    With no layer on it, a GPU would still read long prompts, and take memory for that.
    """
    if wish is None or not (wish.visible or wish.layers == 0):
        return {}
    return dict.fromkeys(_VISIBLE, ",".join(map(str, wish.visible)) if wish.layers else "")


def gpu_values(wish: GpuWish, gpus: Sequence[Gpu]) -> Values:
    """Return what the engine is told beside, or instead of, the values for a processor; nothing without a GPU."""
    if not gpus or wish.layers == 0:
        return {}
    values: Values = {
        "flash_attn_type": _FLASH,
        "n_batch": _BATCH,
        "n_ubatch": _BATCH,
        "no_kv_offload": False,  # the cache of a layer lies where the layer is
        "split_mode": f"LLAMA_SPLIT_MODE_{wish.split.upper()}",
        "main_gpu": 0,
        "verbosity": _TRACE,  # only so the log tells how many layers went where
    }
    shares = _shares(wish, gpus)
    if shares:
        values["tensor_split"] = shares
    if wish.layers >= 0 or not _engine_fits(wish, gpus):
        values["n_gpu_layers"] = wish.layers if wish.layers >= 0 else layers_that_fit(wish, gpus)
        values["fit_params"] = False
    return values


def layers_that_fit(wish: GpuWish, gpus: Sequence[Gpu]) -> int:
    """Estimate how many layers fit into the free memory of these GPUs, at the shares that are wanted."""
    rooms = [max(0, gpu.free - RESERVE) for gpu in gpus]
    if wish.split == "none":
        rooms = rooms[:1]
    shares = _shares(wish, gpus)
    if shares and sum(shares) and wish.split != "none":
        # The GPU that is full first sets the limit for all.
        room = min(room * sum(shares) / share for room, share in zip(rooms, shares, strict=False) if share)
    else:
        room = sum(rooms)
    return min(wish.model_layers, int(room // max(1, wish.layer_bytes)))


def _engine_fits(wish: GpuWish, gpus: Sequence[Gpu]) -> bool:
    """Return whether llama.cpp fits the layers by itself (common/fit.cpp says what it refuses)."""
    return len(gpus) == 1 or wish.split == "none" or (wish.split == "layer" and not _shares(wish, gpus))


def _shares(wish: GpuWish, gpus: Sequence[Gpu]) -> list[float]:
    """Return a share for each GPU, 0 for those that none was given for; none where they make no difference."""
    if len(gpus) < 2 or not any(wish.shares):
        return []
    return [*wish.shares, *[0.0] * len(gpus)][: len(gpus)]
