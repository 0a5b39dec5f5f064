"""Decide what the engine is told. In: a model's facts, settings, the machine. Out: its parameters.

Parameters are attribute paths of the binding's CommonParams -> plain values; `child.py` applies them.
Pure but for `Machine.here`. Knows nothing of processes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from bunko.models.gguf_header import GgufInfo
from bunko.settings import GenerationSettings

Parameters: TypeAlias = dict[str, object]

# Enough for a question, its evidence and a long conversation. The attention cache of the whole context is taken
# when the model is loaded, so a large context costs memory even if it is never used: benchmarks/LOG.md.
DEFAULT_CONTEXT = 8192
# What the fitted context may fall to where memory is short; below that no evidence would fit.
_FALLBACK_CONTEXTS = (6144, 4096, 3072, 2048)
# For the engine itself, its compute buffers, and everybody else on the machine.
_MEMORY_RESERVE = 768 * 2**20
# The engine looks for cancelled requests only between two batches, so a batch must be short; and 256 tokens are
# read as fast as 512 on a CPU.
_BATCH = 256
_ENCODER_CONTEXT = 2048

# Bytes for each element of the attention cache; q8_0 and q4_0 keep 32 elements in 34 and 18 bytes.
_CACHE_BYTES = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}

# For models that were never taught a chat format. Without a template the engine would take ChatML, whose marks such
# a model has never seen; plain paragraphs it has.
BASE_MODEL_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}Answer: {% endif %}{{ message['content'] }}\n\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}Answer:{% endif %}"
)


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
        if quota := _container_quota(Path("/sys/fs/cgroup/cpu.max")):
            cores = min(cores, quota)
        return cls(cores=cores, available_memory=int(psutil.virtual_memory().available))


def chat_parameters(path: Path, info: GgufInfo, settings: GenerationSettings, *, machine: Machine) -> Parameters:
    """Return the parameters for a model that writes."""
    cache_type = f"GGML_TYPE_{settings.cache_type.upper()}"
    parameters = _common_parameters(path, threads=settings.threads or machine.cores)
    parameters |= {
        "n_ctx": fit_context(info, settings, machine=machine),
        "n_batch": _BATCH,
        "n_ubatch": _BATCH,
        "n_gpu_layers": settings.gpu_layers,
        "fit_params": settings.gpu_layers < 0,
        "cache_type_k": cache_type,
        "cache_type_v": cache_type,
        "cache_prompt": True,
    }
    if not info.chat_template:
        parameters["chat_template"] = BASE_MODEL_TEMPLATE
    return parameters


def embedding_parameters(
    path: Path, info: GgufInfo, *, machine: Machine, threads: int = 0, pooling: Literal["mean", "cls", "last", ""] = ""
) -> Parameters:
    """Return the parameters for a model that turns texts into vectors; without `pooling`, the file's own is used."""
    context = min(info.context_length or _ENCODER_CONTEXT, _ENCODER_CONTEXT)
    parameters = _common_parameters(path, threads=threads or machine.cores)
    return parameters | {
        "embedding": True,
        "pooling_type": f"LLAMA_POOLING_TYPE_{pooling.upper() or 'UNSPECIFIED'}",
        "n_ctx": context,
        # An encoder reads a text in one go: the batch must hold the longest.
        "n_batch": context,
        "n_ubatch": context,
        "cache_prompt": False,
    }


def fit_context(info: GgufInfo, settings: GenerationSettings, *, machine: Machine) -> int:
    """Return how many tokens of context to take: what is set, or what the model and the memory allow."""
    trained = info.context_length or DEFAULT_CONTEXT
    if settings.context_tokens:
        return min(settings.context_tokens, trained)
    spare = machine.available_memory - info.file_bytes - _MEMORY_RESERVE
    context = min(DEFAULT_CONTEXT, trained)
    for smaller in _FALLBACK_CONTEXTS:
        if info.kv_cache_bytes(context, _CACHE_BYTES[settings.cache_type]) <= spare:
            break
        context = min(smaller, context)
    return context


def model_name(parameters: Mapping[str, object]) -> str:
    """Return the model file's name, for messages."""
    return Path(str(parameters["model.path"])).name


def _common_parameters(path: Path, *, threads: int) -> Parameters:
    return {
        "model.path": str(path.resolve()),
        "hostnames": ["127.0.0.1"],
        "port": 0,
        "n_parallel": 1,
        # Old prompts' states kept in memory beside the context: 8 GB by default, for servers with many users.
        "cache_ram_mib": 0,
        "cpuparams.n_threads": threads,
        "flash_attn_type": "LLAMA_FLASH_ATTN_TYPE_AUTO",
        "warmup": False,
        "ui": False,
        "endpoint_slots": False,
        "endpoint_props": False,
        "offline": True,
        "verbosity": 1,
    }


def _container_quota(file: Path) -> int:
    """Return the whole cores that a container may use, 0 for no limit: more threads than that stall each other."""
    try:
        quota, period = file.read_text().split()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError, ZeroDivisionError):  # no such file, or "max": no limit
        return 0
