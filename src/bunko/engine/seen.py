"""List the GPUs that the installed engine sees. In: nothing. Out: Gpus; none if the engine is a CPU build.

Importing the engine takes a tenth of a second, so `check_room` does it only if a model does not fit without a GPU.
"""

from __future__ import annotations

import importlib.util

from bunko.engine.gpus import Gpu, found_gpus
from bunko.errors import ModelTooLarge
from bunko.models.memory import check_memory
from bunko.models.records import LocalModel
from bunko.settings import GenerationSettings


def engine_gpus() -> list[Gpu]:
    """Return the GPUs that the engine sees."""
    if importlib.util.find_spec("xllamacpp") is None:
        return []
    import xllamacpp

    return found_gpus(xllamacpp.get_device_info())


def check_room(model: LocalModel, settings: GenerationSettings, *, least_context: int) -> None:
    """Raise ModelTooLarge if a model exceeds all memory, that of GPUs included."""
    context = settings.context_tokens or least_context
    try:
        check_memory(model, context_tokens=context, cache_type=settings.cache_type)
    except ModelTooLarge:
        own = sum(gpu.total for gpu in engine_gpus() if not gpu.integrated) if settings.gpu_layers else 0
        if not own:
            raise
        check_memory(model, context_tokens=context, cache_type=settings.cache_type, gpu_bytes=own)
