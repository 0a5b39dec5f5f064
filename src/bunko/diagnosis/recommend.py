"""Recommend models for this machine: `bunko models recommend`. In: the machine, a yardstick. Out: a Recommendation.

Decision 015 explains how speed is estimated from the measured speed of one small model, and how accurate that is. The
estimates are pure; only `yardstick` measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bunko.engine.gpus import RESERVE, Gpu
from bunko.engine.measuring import measure
from bunko.engine.parameters import DEFAULT_CONTEXT, Machine, chat_parameters
from bunko.errors import BunkoError
from bunko.hardware.bandwidth import memory_bandwidth
from bunko.hardware.memory import MachineMemory
from bunko.models.catalogue.entries import ENTRIES
from bunko.models.catalogue.lookup import find_entry
from bunko.models.gguf.faster_copy import faster_copy
from bunko.models.gguf.forms import family_of, form_rows, quick_share
from bunko.models.gguf.header import read_layout
from bunko.models.gguf.shapes import QUANTISATIONS, SHAPES, Shape, file_bytes
from bunko.models.inventory import show_model
from bunko.settings import Settings, cache_directory

STARTER = "smollm2-135m"
# Measured against real files: decision 015.
ERROR = 0.4
# Usual lengths of a question with its evidence, and of an answer.
_PROMPT_TOKENS, _ANSWER_TOKENS = 400, 60
_PATIENCE_S = 60.0
# Speedup of prompts in a form that is multiplied many tokens at a time: decision 009.
QUICK_FORM = 1.45
# Speedup of prompts by large matrices in Q4_K_M, relative to the starter's; and the share of the memory bandwidth that
# writing reaches: both from decision 015.
_LARGE_MATRICES, _LARGE = 1.7, 1_000_000_000
OF_BANDWIDTH = 0.58
_ENGINE_BYTES = 300_000_000

Place = Literal["gpu", "gpu and memory", "memory", "memory, tight", "nowhere"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """Speed of the starter model and of memory on this machine."""

    prompt: float
    """Tokens per second, scaled to a form that is read quickly."""
    writing: float
    bytes_read: int
    """Bytes of weights that are read for each generated token."""
    bandwidth: float
    """Bytes per second."""
    shape: Shape = SHAPES[STARTER]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A model in one quantisation, on this machine."""

    name: str
    quantisation: str
    description: str
    languages: tuple[str, ...]
    licence: str
    downloaded: bool
    size: int
    """Bytes of the file."""
    memory: int
    """With a context of 4,096 tokens."""
    place: Place
    largest_quantisation: str
    """The most precise of the usual quantisations that fits; empty if none does."""
    prompt: float | None
    """Tokens per second on the CPU; None if nothing could be measured."""
    writing: float | None
    answer_s: float | None
    """Seconds for a usual question and answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """Recommended models."""

    choices: tuple[Choice, ...]
    english: str
    """Name of the best chat model for English; empty if none fits."""
    japanese: str
    english_embedder: str
    japanese_embedder: str
    yardstick: Yardstick | None
    error: float
    """Relative error of the speeds: 0.4 is 40%."""
    notes: tuple[str, ...]


def recommend(
    settings: Settings, *, memory: MachineMemory, gpus: Sequence[Gpu], measured: Yardstick | None
) -> Recommendation:
    """Rate every chat model of the catalogue on this machine."""
    choices = tuple(
        _choice(entry.name, settings, memory=memory, gpus=gpus, measured=measured)
        for entry in ENTRIES
        if entry.kind == "chat" and entry.name in SHAPES
    )
    notes = []
    if measured is None:
        notes.append(f"No speed was measured: `bunko models pull {STARTER}` downloads the model that is needed for it.")
    if gpus:
        notes.append("Speeds are the processor's; layers on a GPU run several times as fast. No GPU was measured.")
    best = {language: _best(choices, language) for language in ("en", "ja")}
    if not best["ja"]:
        notes.append(
            "No model of the catalogue that knows Japanese fits. Bunko then answers with quotes only; or give it "
            "a server's address as --model."
        )
    return Recommendation(
        choices=choices,
        english=best["en"],
        japanese=best["ja"],
        english_embedder="e5-small",
        japanese_embedder="e5-small",
        yardstick=measured,
        error=ERROR,
        notes=tuple(notes),
    )


def yardstick(settings: Settings, *, machine: Machine) -> Yardstick | None:
    """Measure the starter model and memory; None if the starter is not on this machine, or does not run."""
    state = show_model(STARTER, settings)
    path = state.files[0].path
    if path is None or state.info is None:
        return None
    used = faster_copy(path, settings) or path
    try:
        found = measure(
            chat_parameters(used, state.info, settings.generation, machine=machine),
            log_directory=cache_directory(settings) / "logs",
        )
    except BunkoError:
        return None
    if not found.placement.startswith("processor"):
        return None
    import platform

    rows = form_rows(read_layout(used), family=family_of(platform.machine()))
    quick = quick_share(rows) >= 0.5
    return Yardstick(
        prompt=found.prompt * (1.0 if quick else QUICK_FORM),
        writing=found.writing,
        bytes_read=sum(row.size for row in rows),
        bandwidth=memory_bandwidth(threads=settings.generation.threads or machine.cores),
    )


def writing_speed(shape: Shape, size: int, measured: Yardstick) -> float:
    """Estimate the tokens per second of writing.

    A token takes the time to read all weights once, plus a fixed time per layer: the remainder of the starter's time.
    Scaled by bytes alone, the estimate for large models would be a quarter of this.
    """
    bandwidth = OF_BANDWIDTH * measured.bandwidth
    rest = max(0.0, 1 / measured.writing - measured.bytes_read / bandwidth)
    read = size * (1 if shape.tied else 1 - shape.looked_up / shape.parameters)
    return 1 / (rest * shape.layers / measured.shape.layers + read / bandwidth)


def prompt_speed(shape: Shape, measured: Yardstick) -> float:
    """Estimate the tokens per second of reading a prompt: each weight is multiplied once, except embeddings."""
    own = measured.shape.parameters - measured.shape.looked_up
    # Without tied embeddings there is a separate output matrix, which is used for a prompt's last token only.
    speed = measured.prompt * own / (shape.parameters - shape.looked_up * (1 if shape.tied else 2))
    return speed * (_LARGE_MATRICES if shape.parameters > _LARGE else 1.0)


def place_of(need: int, *, memory: MachineMemory, gpus: Sequence[Gpu]) -> Place:
    """Return where a model that needs this many bytes would run."""
    on_gpus = sum(max(0, gpu.free - RESERVE) for gpu in gpus)
    if gpus and need <= on_gpus:
        return "gpu"
    shared = any(gpu.integrated for gpu in gpus)
    available = memory.available + (0 if shared else on_gpus)
    if need <= available:
        return "gpu and memory" if on_gpus else "memory"
    return "memory, tight" if need <= memory.total else "nowhere"


def _choice(
    name: str, settings: Settings, *, memory: MachineMemory, gpus: Sequence[Gpu], measured: Yardstick | None
) -> Choice:
    entry, shape = find_entry(name), SHAPES[name]
    assert entry is not None
    state = show_model(name, settings)
    size = state.bytes_on_disk or entry.size or file_bytes(shape, "Q4_K_M")
    cache = shape.cache(min(DEFAULT_CONTEXT, entry.context_tokens or DEFAULT_CONTEXT))
    need = size + cache + _ENGINE_BYTES
    fitting = [
        quantisation
        for quantisation in QUANTISATIONS
        if place_of(file_bytes(shape, quantisation) + cache + _ENGINE_BYTES, memory=memory, gpus=gpus)
        not in ("nowhere", "memory, tight")
    ]
    prompt = prompt_speed(shape, measured) if measured else None
    writing = writing_speed(shape, size, measured) if measured else None
    return Choice(
        name=name,
        quantisation=state.info.quantisation if state.info else entry.files[0].name.rpartition("-")[2][:-5].upper(),
        description=entry.description,
        languages=tuple(sorted(entry.languages)),
        licence=entry.licence,
        downloaded=state.downloaded,
        size=size,
        memory=need,
        place=place_of(need, memory=memory, gpus=gpus),
        largest_quantisation=fitting[0] if fitting else "",
        prompt=prompt,
        writing=writing,
        answer_s=_PROMPT_TOKENS / prompt + _ANSWER_TOKENS / writing if prompt and writing else None,
    )


def _best(choices: Sequence[Choice], language: str) -> str:
    """Return the largest model that knows a language, fits, and answers within a minute.

    Among models of about the same size, the first of the catalogue is chosen.
    """
    fitting = [
        choice
        for choice in choices
        if choice.place not in ("nowhere", "memory, tight") and {language, "*"} & set(choice.languages)
    ]
    quick = [
        choice
        for choice in fitting
        if choice.place == "gpu" or choice.answer_s is None or choice.answer_s <= _PATIENCE_S
    ]
    candidates = quick or fitting[:1]
    largest = max((choice.size for choice in candidates), default=0)
    return next((choice.name for choice in candidates if choice.size > 0.8 * largest), "")
