"""Decide what the engine is told. In: a model's facts, settings, the machine. Out: its parameters.

Pure but for `Machine.here`. Knows nothing of processes: `child.py` applies them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from bunko.engine.gpus import GpuWish
from bunko.errors import SettingsError
from bunko.hardware.memory import machine_memory
from bunko.models.gguf.adapters import Adapter
from bunko.models.gguf.header import GgufInfo
from bunko.models.memory import CACHE_BYTES
from bunko.settings import GenerationSettings

Values: TypeAlias = dict[str, object]

# Several times what a question, its evidence and its answer take. The attention cache is taken as a whole when the
# model is loaded, used or not: 23 kB a token with the starter model (334 MB in all; 244 MB with a context of 4,096),
# 128 kB a token with one of 8 billion parameters.
DEFAULT_CONTEXT = 4096
# What the fitted context may fall to where memory is short; below that no evidence would fit.
_FALLBACK_CONTEXTS = (3072, 2048)
# For the engine itself, its compute buffers, and everybody else on the machine.
_MEMORY_RESERVE = 768 * 2**20
# The engine looks for cancelled requests only between two batches, so a batch should be short. A processor reads 128
# tokens at a time as fast as 512; a GPU does not (gpus.py).
BATCH = 128
_ENCODER_CONTEXT = 2048
_FLASH = "LLAMA_FLASH_ATTN_TYPE_"


# For models that were never taught a chat format. Without a template the engine would take ChatML, whose marks such
# a model has never seen; plain paragraphs it has.
BASE_MODEL_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}Answer: {% endif %}{{ message['content'] | trim }}\n\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}Answer:{% endif %}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the engine is told: attribute paths of the binding's CommonParams -> plain values."""

    values: Mapping[str, object]
    gpu: GpuWish | None = None
    """How GPUs are to be used if the engine finds any, which only the child can tell; None: as the engine does."""

    @property
    def model_file(self) -> str:
        """The model file's name, for messages."""
        return Path(str(self.values["model.path"])).name


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the engine can use of this machine."""

    cores: int
    """Physical ones: two threads on one core only get in each other's way."""
    available_memory: int
    """Bytes that can be had without swapping."""

    @classmethod
    def here(cls) -> Machine:
        """Measure the machine that this process runs on."""
        import psutil

        cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
        with contextlib.suppress(AttributeError, OSError):  # macOS has no affinity
            cores = min(cores, len(psutil.Process().cpu_affinity()))
        if quota := container_quota(Path("/sys/fs/cgroup/cpu.max")):
            cores = min(cores, quota)
        return cls(cores=cores, available_memory=machine_memory().available)


def chat_parameters(
    path: Path,
    info: GgufInfo,
    settings: GenerationSettings,
    *,
    machine: Machine,
    states: Path | None = None,
    adapters: Sequence[Adapter] = (),
) -> Parameters:
    """Return the parameters for a model that writes. `states` is where it may keep what it has read."""
    cache_type = f"GGML_TYPE_{settings.cache_type.upper()}"
    context = fit_context(info, settings, machine=machine)
    values = common_values(path, threads=settings.threads or machine.cores) | {
        "n_ctx": context,
        "n_batch": BATCH,
        "n_ubatch": BATCH,
        "n_gpu_layers": settings.gpu_layers,
        "fit_params": settings.gpu_layers < 0,
        "cache_type_k": cache_type,
        "cache_type_v": cache_type,
        # Without flash attention a processor writes half as fast again (107 for 76 tokens a second, 77 for 48 behind a
        # long prompt), and the text does not depend on how much of the prompt was cached. Cached values that are
        # quantised can't do without.
        "flash_attn_type": _FLASH + ("DISABLED" if settings.cache_type == "f16" else "AUTO"),
        "cache_prompt": True,
    }
    if states:
        values["slot_save_path"] = f"{states}{os.sep}"
    if not info.chat_template:
        values["chat_template"] = BASE_MODEL_TEMPLATE
    if adapters:
        values["lora_adapters"] = [{"path": str(one.path.resolve()), "scale": one.scale} for one in adapters]
    return Parameters(values=values, gpu=gpu_wish(info, settings, context=context))


def gpu_wish(info: GgufInfo, settings: GenerationSettings, *, context: int) -> GpuWish:
    """Return how GPUs are to be used. Raises SettingsError for what should be numbers, and is not."""
    try:
        shares = [float(share) for share in settings.gpu_shares]
        numbers = [int(number) for number in settings.gpus.split(",") if number.strip()]
    except ValueError as error:
        raise SettingsError(
            "generation.gpus and generation.gpu_shares are lists of numbers.", "Such as 0,1 and 3,1."
        ) from error
    blocks = info.block_count or 1
    return GpuWish(
        layers=settings.gpu_layers,
        visible=numbers,
        split=settings.gpu_split,
        shares=shares,
        model_layers=blocks + 1,  # the output counts as one
        layer_bytes=info.file_bytes // (blocks + 1)
        + info.kv_cache_bytes(context, CACHE_BYTES[settings.cache_type]) // blocks,
    )


def embedding_parameters(
    path: Path, info: GgufInfo, *, machine: Machine, threads: int = 0, pooling: Literal["mean", "cls", "last", ""] = ""
) -> Parameters:
    """Return the parameters for a model that turns texts into vectors; without `pooling`, the file's own is used."""
    context = min(info.context_length or _ENCODER_CONTEXT, _ENCODER_CONTEXT)
    values = common_values(path, threads=threads or machine.cores) | {
        "embedding": True,
        "pooling_type": f"LLAMA_POOLING_TYPE_{pooling.upper() or 'UNSPECIFIED'}",
        "n_ctx": context,
        # An encoder reads a text in one go: the batch must hold the longest.
        "n_batch": context,
        "n_ubatch": context,
        "cache_prompt": False,
    }
    return Parameters(values=values)


def fit_context(info: GgufInfo, settings: GenerationSettings, *, machine: Machine) -> int:
    """Return how many tokens of context to take: what is set, or what the model and the memory allow."""
    trained = info.context_length or DEFAULT_CONTEXT
    if settings.context_tokens:
        return min(settings.context_tokens, trained)
    spare = machine.available_memory - info.file_bytes - _MEMORY_RESERVE
    context = min(DEFAULT_CONTEXT, trained)
    for smaller in _FALLBACK_CONTEXTS:
        if info.kv_cache_bytes(context, CACHE_BYTES[settings.cache_type]) <= spare:
            break
        context = min(smaller, context)
    return context


def common_values(path: Path, *, threads: int) -> Values:
    """Return what every run of the engine is told."""
    return {
        "model.path": str(path.resolve()),
        "hostnames": ["127.0.0.1"],
        "port": 0,
        "n_parallel": 1,
        "n_threads_http": 4,  # by default as many as the machine has cores, all idle
        # Old prompts' states kept in memory beside the context: 8 GB by default, for servers with many users.
        "cache_ram_mib": 0,
        "cpuparams.n_threads": threads,
        "warmup": False,
        "ui": False,
        "endpoint_slots": False,
        "endpoint_props": False,
        "offline": True,
        "verbosity": 1,
    }


def container_quota(file: Path) -> int:
    """Return the whole cores that a container may use, 0 for no limit: more threads than that stall each other."""
    try:
        quota, period = file.read_text().split()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError, ZeroDivisionError):  # no such file, or "max": no limit
        return 0
