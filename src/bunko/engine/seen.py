"""The GPUs that the installed engine sees, in this process. In: nothing. Out: Gpus; none where it was made for CPUs."""

from __future__ import annotations

import importlib.util

from bunko.engine.gpus import Gpu, found_gpus


def engine_gpus() -> list[Gpu]:
    """Return the GPUs; importing the engine takes a tenth of a second."""
    if importlib.util.find_spec("xllamacpp") is None:
        return []
    import xllamacpp

    return found_gpus(xllamacpp.get_device_info())
