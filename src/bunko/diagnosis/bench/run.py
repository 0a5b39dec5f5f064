"""Measure a model on this machine: `bunko bench`. In: settings, and seconds to spend. Out: a Bench.

Downloads the models if they are missing and the settings allow it. Raises what `resolve` and the engine raise.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bunko.diagnosis.bench.alternatives import Compared, candidates, compare, optimised, other_quantisations
from bunko.diagnosis.bench.embedding import time_embedder
from bunko.diagnosis.bench.local import QUICK_SIZES, SIZES, Size, in_order, time_sizes
from bunko.diagnosis.bench.records import Alternative, Bench, EmbeddingSpeed, Estimate, Load, LocalSpeed, Tuning
from bunko.diagnosis.bench.remote import time_server
from bunko.diagnosis.bench.timing import Budget, Say, machine_load
from bunko.diagnosis.bench.tune import tune
from bunko.diagnosis.recommend import STARTER, prompt_speed, writing_speed, yardstick
from bunko.engine.gpus import Gpu
from bunko.engine.measuring import TimedEngine
from bunko.engine.parameters import Machine, chat_parameters, fit_context
from bunko.engine.seen import check_room
from bunko.engine.tuned import TunedModels, speculates, tuned_key
from bunko.errors import BunkoError, UsageError
from bunko.generation import open_generator
from bunko.generation.speculation import draft_file, tuning_of, writes_freely
from bunko.hardware.bandwidth import memory_bandwidth
from bunko.hardware.processor import this_processor
from bunko.models.fetching.progress import Progress, silent
from bunko.models.gguf.faster_copy import is_slow
from bunko.models.gguf.header import GgufInfo, read_layout
from bunko.models.gguf.shapes import Shape, shape_of
from bunko.models.records import LocalModel, RemoteModel
from bunko.models.resolve import resolve
from bunko.settings import Settings, cache_directory

USUAL_S, QUICK_S = 60.0, 15.0
"""Seconds that a measurement takes, about: loading comes on top of it."""
_LEAST_CONTEXT = 2048
# Of the budget, for the embedder and the yardstick.
_FOR_EMBEDDER, _FOR_YARDSTICK = 6.0, 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is measured."""

    seconds: float = USUAL_S
    sizes: tuple[int, ...] = SIZES
    alternatives: bool = True
    """Whether other settings are tried."""


QUICK = Effort(seconds=QUICK_S, sizes=QUICK_SIZES, alternatives=False)


def bench(
    settings: Settings, *, gpus: Sequence[Gpu], effort: Effort, say: Say, progress: Progress | None = None
) -> Bench:
    """Measure the model and the embedder that the settings name. Raises ModelError, EngineError."""
    model = resolve(settings.model, kind="chat", settings=settings, progress=progress or silent)
    say("looking at how busy the machine is")
    load = machine_load()
    budget = Budget(effort.seconds)
    if isinstance(model, RemoteModel):
        return _bench_server(model, settings, effort=effort, load=load, budget=budget, say=say)
    return _bench_local(model, settings, gpus=gpus, effort=effort, load=load, budget=budget, say=say)


def _bench_local(
    model: LocalModel,
    settings: Settings,
    *,
    gpus: Sequence[Gpu],
    effort: Effort,
    load: Load,
    budget: Budget,
    say: Say,
) -> Bench:
    assert model.info is not None
    check_room(model, settings.generation, least_context=_LEAST_CONTEXT)
    machine, path, info = Machine.here(), model.files["model"], model.info
    tuning = tuning_of(
        chat_parameters(path, info, settings.generation, machine=machine),
        settings,
        machine=machine,
        size=info.parameters,
    )
    parameters = tuning.parameters
    threads = settings.generation.threads or machine.cores
    logs = cache_directory(settings) / "logs"
    say("loading the model")
    own = Budget(budget.seconds * (0.45 if effort.alternatives else 1))
    with TimedEngine(parameters, log_directory=logs) as engine:
        context = fit_context(info, settings.generation, machine=machine)
        speed, notes = time_sizes(engine, effort.sizes, threads=threads, context_tokens=context, budget=own, say=say)
        reference = Size(prompt=speed.sizes[0].prompt_tokens, answer=speed.sizes[0].answer_tokens)
        embedding, more = _embedding(settings, budget=budget, say=say)
        compared = Compared()
        if effort.alternatives:
            tried = candidates(
                path,
                info,
                settings.generation,
                machine=machine,
                logical=_logical(),
                gpus=gpus,
                tuned=tuning.tuned,
                guesses=writes_freely(settings, size=info.parameters),
            )
            rest = Budget(max(0.0, budget.left() - _yardstick_s(model)))
            compared = compare(engine, tried, reference, logs=logs, threads=threads, budget=rest, say=say)
    on_gpu = not speed.placement.startswith("processor")
    shape = shape_of(info, read_layout(path))
    estimate = None
    if effort.alternatives and not on_gpu:
        say("comparing with the estimate")
        estimate = _estimate(model, shape, speed, settings, machine=machine)
    estimated = [] if on_gpu else _estimated(model, path, info, shape, speed, threads=threads)
    return Bench(
        model=model.name,
        file=path.name,
        size=info.file_bytes,
        parameters=info.parameters,
        quantisation=info.quantisation,
        processor=this_processor().name,
        cores=machine.cores,
        load=load,
        placement=speed.placement,
        context_tokens=context,
        load_s=speed.load_s,
        warm_up_s=speed.warm_up_s,
        memory=speed.memory or None,
        sizes=in_order(speed).sizes,
        threads=compared.threads,
        embedding=embedding,
        estimate=estimate,
        alternatives=(*compared.alternatives, *estimated),
        tuned=tuning.tuned,
        speculates=speculates(parameters),
        seconds=budget.spent(),
        notes=(*_load_notes(load), *notes, *more, *compared.notes),
    )


def tune_model(
    settings: Settings, *, gpus: Sequence[Gpu], seconds: float, say: Say, progress: Progress | None = None
) -> Tuning:
    """Find the engine's parameters for the model that the settings name, and keep them for later runs.

    Raises UsageError for a server and for a model on a GPU, ModelError, EngineError, OSError.
    """
    model = resolve(settings.model, kind="chat", settings=settings, progress=progress or silent)
    if not isinstance(model, LocalModel) or model.info is None:
        raise UsageError(f"{settings.model} is a server: it has its own parameters.", "Name a model on this machine.")
    if gpus and settings.generation.gpu_layers:
        raise UsageError(
            "With a GPU there is nothing to tune: the engine chooses for it.", "--gpu-layers 0 tunes the processor."
        )
    check_room(model, settings.generation, least_context=_LEAST_CONTEXT)
    machine = Machine.here()
    defaults = chat_parameters(model.files["model"], model.info, settings.generation, machine=machine)
    draft = draft_file(settings)
    say("looking at how busy the machine is")
    found = tune(
        defaults,
        cores=settings.generation.threads or machine.cores,
        is_busy=machine_load().is_busy,
        context_tokens=fit_context(model.info, settings.generation, machine=machine),
        logs=cache_directory(settings) / "logs",
        draft=draft,
        seconds=seconds,
        say=say,
    )
    TunedModels(cache_directory(settings)).keep(tuned_key(defaults, machine, draft=draft), found.tuned)
    return replace(found, guesses=writes_freely(settings, size=model.info.parameters))


def _bench_server(
    model: RemoteModel, settings: Settings, *, effort: Effort, load: Load, budget: Budget, say: Say
) -> Bench:
    with contextlib.closing(open_generator(model, settings)) as generator:
        say("asking the server")
        facts = generator.facts()
        context = facts.context_tokens
        rows, warm_up_s, notes = time_server(
            generator, effort.sizes, context_tokens=context, budget=Budget(0.7 * budget.seconds), say=say
        )
    embedding, more = _embedding(settings, budget=budget, say=say)
    machine = Machine.here()
    return Bench(
        model=model.name,
        file="",
        size=0,
        parameters=0,
        quantisation="",
        processor=this_processor().name,
        cores=machine.cores,
        load=load,
        placement=f"server {model.url}" + (f", model {facts.model}" if facts.model else ""),
        context_tokens=context,
        load_s=None,
        warm_up_s=warm_up_s,
        memory=None,
        sizes=rows,
        embedding=embedding,
        seconds=budget.spent(),
        notes=(*_load_notes(load), *notes, *more),
    )


def _embedding(settings: Settings, *, budget: Budget, say: Say) -> tuple[EmbeddingSpeed | None, list[str]]:
    """Time the embedder; a missing one is a note, since it is not what was asked for."""
    say("embedding passages")
    try:
        return time_embedder(settings, budget=Budget(min(_FOR_EMBEDDER, 0.3 * budget.seconds))), []
    except BunkoError as error:
        return None, [f"The embedder was not measured: {error.message}"]


def _yardstick_s(model: LocalModel) -> float:
    return 0.0 if model.name == STARTER else _FOR_YARDSTICK


def _estimate(
    model: LocalModel, shape: Shape, speed: LocalSpeed, settings: Settings, *, machine: Machine
) -> Estimate | None:
    """Return what `models recommend` estimates; None for the starter, from which it estimates."""
    measured = yardstick(settings, machine=machine) if model.name != STARTER else None
    if measured is None or model.info is None:
        return None
    row = speed.sizes[0]
    prompt, writing = prompt_speed(shape, measured), writing_speed(shape, model.info.file_bytes, measured)
    return Estimate(
        prompt=prompt,
        writing=writing,
        prompt_ratio=row.prompt.median / prompt,
        writing_ratio=row.writing.median / writing,
    )


def _estimated(
    model: LocalModel, path: Path, info: GgufInfo, shape: Shape, speed: LocalSpeed, *, threads: int
) -> list[Alternative]:
    found = [optimised(model.name)] if is_slow(path) else []
    return found + other_quantisations(
        shape,
        quantisation=info.quantisation,
        size=info.file_bytes,
        writing=speed.sizes[0].writing.median,
        bandwidth=memory_bandwidth(threads=threads),
    )


def _logical() -> int:
    """Return the processors that this process may use, hyper-threads included."""
    import psutil

    with contextlib.suppress(AttributeError, OSError):  # macOS has no affinity
        return len(psutil.Process().cpu_affinity())
    return psutil.cpu_count() or 1


def _load_notes(load: Load) -> list[str]:
    if not load.is_busy:
        return []
    return [
        f"The machine is busy (load average {load.average:.1f}; other programs use {load.busy_share:.0%} of the "
        "processors): the figures are lower than on a quiet one."
    ]
