"""Choose the engine's parameters. In: a model's header, settings, the machine. Out: Parameters.

Pure, except for `Machine.here`. Knows nothing of processes: `child.py` applies the parameters.
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

# Several times the size of a question with evidence and answer. The whole attention cache is allocated when the model
# is loaded: 23 kB a token with the starter model (334 MB in all; 244 MB with a context of 4,096),
# 128 kB a token with one of 8 billion parameters.
DEFAULT_CONTEXT = 4096
# Smaller contexts for machines short of memory; below the last one, no evidence would fit.
_FALLBACK_CONTEXTS = (3072, 2048)
# For the engine itself, its compute buffers, and other programs.
_MEMORY_RESERVE = 768 * 2**20
# The engine looks for cancelled requests only between two batches, so a batch should be short. A processor reads 128
# tokens at a time as fast as 512; a GPU does not (gpus.py).
BATCH = 128
_ENCODER_CONTEXT = 2048
_FLASH = "LLAMA_FLASH_ATTN_TYPE_"


# For base models. Without a template the engine would use ChatML, whose marks such a model has never seen.
BASE_MODEL_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}Answer: {% endif %}{{ message['content'] | trim }}\n\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}Answer:{% endif %}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The engine's parameters: attribute paths of the binding's CommonParams -> plain values."""

    values: Mapping[str, object]
    gpu: GpuWish | None = None
    """How GPUs should be used, if the child finds any; None: the engine's default."""

    @property
    def model_file(self) -> str:
        """The model file's name, for messages."""
        return Path(str(self.values["model.path"])).name


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Cores and memory that the engine can use."""

    cores: int
    """Physical cores: two threads on one core slow each other down."""
    available_memory: int
    """Bytes available without swapping."""

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
    """Return the parameters for a model that writes. `states` is the directory for saved prompt states."""
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
        # Without flash attention a processor writes 1.5 times as fast (107 instead of 76 tokens per second, 77 instead
        # of 48 after a long prompt), and the text does not depend on how much of the prompt was cached. A quantised
        # cache needs flash attention.
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
    """Return how GPUs should be used. Raises SettingsError for settings that are not lists of numbers."""
    try:
        shares = [float(share) for share in settings.gpu_shares]
        numbers = [int(number) for number in settings.gpus.split(",") if number.strip()]
    except ValueError as error:
        raise SettingsError(
            "generation.gpus and generation.gpu_shares must be lists of numbers.", "Write them as in 0,1 and 3,1."
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
    path: Path,
    info: GgufInfo,
    *,
    machine: Machine,
    threads: int = 0,
    pooling: Literal["mean", "cls", "last", "rank", ""] = "",
) -> Parameters:
    """Return the parameters for a model that turns texts into vectors; without `pooling`, the file's own is used."""
    context = min(info.context_length or _ENCODER_CONTEXT, _ENCODER_CONTEXT)
    values = common_values(path, threads=threads or machine.cores) | {
        "embedding": True,
        "pooling_type": f"LLAMA_POOLING_TYPE_{pooling.upper() or 'UNSPECIFIED'}",
        "n_ctx": context,
        # An encoder reads a text in one batch, so the longest text must fit.
        "n_batch": context,
        "n_ubatch": context,
        "cache_prompt": False,
    }
    return Parameters(values=values)


def reranking_parameters(path: Path, info: GgufInfo, *, machine: Machine, threads: int = 0) -> Parameters:
    """Return the parameters for a model that scores a question with a passage; both are read in one batch."""
    values = dict(embedding_parameters(path, info, machine=machine, threads=threads, pooling="rank").values)
    return Parameters(values=values)


def fit_context(info: GgufInfo, settings: GenerationSettings, *, machine: Machine) -> int:
    """Return the context window in tokens: as set, or what the model and the memory allow."""
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
    """Return the parameters of every run of the engine."""
    return {
        "model.path": str(path.resolve()),
        "hostnames": ["127.0.0.1"],
        "port": 0,
        "n_parallel": 1,
        "n_threads_http": 4,  # the default is one for each core, all idle
        # States of earlier prompts, kept in memory: 8 GB by default, for servers with many users.
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
    """Return the whole cores that a container may use; 0 for no limit. More threads than that stall each other."""
    try:
        quota, period = file.read_text().split()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError, ZeroDivisionError):  # no such file, or "max": no limit
        return 0
