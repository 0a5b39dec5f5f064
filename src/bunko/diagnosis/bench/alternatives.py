"""Find out what other settings would gain. In: a model and its settings. Out: Alternatives.

Each setting that the engine takes is measured, in turns with the one in use, so that a change in what else the machine
does reaches both. Other quantisations are other files: their gain is estimated, as in decision 015.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from bunko.diagnosis.bench.local import Size, time_run, warm_up
from bunko.diagnosis.bench.records import Alternative, Figure, ThreadRow
from bunko.diagnosis.bench.timing import Budget, Say, figure, is_clear
from bunko.diagnosis.bench.tune import QUOTING
from bunko.diagnosis.recommend import OF_BANDWIDTH, QUICK_FORM
from bunko.engine.gpus import Gpu
from bunko.engine.measuring import TimedEngine, TimedRun
from bunko.engine.parameters import BATCH, Machine, Parameters, chat_parameters
from bunko.engine.tuned import Speculation, Tuned, speculates, with_tuned
from bunko.errors import EngineError
from bunko.models.gguf.header import GgufInfo
from bunko.models.gguf.shapes import QUANTISATIONS, Shape, file_bytes
from bunko.settings import GenerationSettings

_LARGE_BATCH = 512
# The tokens that were written before are looked up in the prompt: no second model is needed.
_SPECULATION: Mapping[str, object] = Speculation().values()
_SPECULATION_TOKENS = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A setting to measure."""

    setting: str
    parameters: Parameters
    command: str = ""
    remark: str = ""
    threads: int = 0
    """Set if the number of threads is what changes."""
    prompt: str = ""
    """The prompt to measure with; empty: arbitrary tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What was measured."""

    alternatives: tuple[Alternative, ...] = ()
    threads: tuple[ThreadRow, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Runs:
    """The runs of two settings, in turns."""

    in_use: list[TimedRun] = field(default_factory=list)
    other: list[TimedRun] = field(default_factory=list)
    memory: int = 0


def candidates(
    path: Path,
    info: GgufInfo,
    settings: GenerationSettings,
    *,
    machine: Machine,
    logical: int,
    gpus: Sequence[Gpu],
    tuned: Tuned | None = None,
    guesses: bool = False,
) -> list[Candidate]:
    """Return the settings worth trying, the most promising first. `logical`: processors, hyper-threads included.

    `tuned` is what runs now, beside the settings; `guesses`: whether answers may be speculated.
    """

    def with_settings(changed: GenerationSettings) -> Parameters:
        defaults = chat_parameters(path, info, changed, machine=machine)
        return with_tuned(defaults, tuned, changed, guesses=guesses)

    in_use = with_settings(settings)
    on_gpu = bool(gpus) and settings.gpu_layers != 0
    found = []
    if on_gpu:
        found.append(
            Candidate(
                setting="generation.gpu_layers = 0",
                parameters=with_settings(replace(settings, gpu_layers=0)),
                command="--gpu-layers 0",
                remark="without the GPU",
            )
        )
    threads = settings.threads or machine.cores
    found += [
        Candidate(
            setting=f"generation.threads = {number}",
            parameters=with_settings(replace(settings, threads=number)),
            command=f"--set generation.threads={number}",
            threads=number,
        )
        for number in sorted({max(1, machine.cores // 2), machine.cores, logical} - {threads})
    ]
    other_type: Literal["f16", "q8_0"] = "f16" if settings.cache_type == "q8_0" else "q8_0"
    found.append(
        Candidate(
            setting=f"generation.cache_type = {other_type}",
            parameters=with_settings(replace(settings, cache_type=other_type)),
            command=f"--set generation.cache_type={other_type}",
        )
    )
    if not speculates(in_use):
        found.append(
            Candidate(
                setting="speculation from the prompt",
                parameters=_changed(in_use, _SPECULATION),
                prompt=QUOTING,
                remark="where an answer quotes its source; `bunko bench --tune` uses it where it changes no text",
            )
        )
    if speculates(in_use):
        found.append(
            Candidate(
                setting="generation.speculation = off",
                parameters=with_settings(replace(settings, speculation="off")),
                command="--set generation.speculation=off",
                prompt=QUOTING,
                remark="where an answer quotes its source",
            )
        )
    if not on_gpu and "n_batch" not in (tuned.values if tuned else {}):
        found.append(
            Candidate(
                setting=f"batches of {_LARGE_BATCH} tokens",
                parameters=_changed(in_use, {"n_batch": _LARGE_BATCH, "n_ubatch": _LARGE_BATCH}),
                remark=f"Bunko reads {BATCH} at a time, so that a question can be stopped soon",
            )
        )
    return found


def _changed(parameters: Parameters, values: Mapping[str, object]) -> Parameters:
    return replace(parameters, values={**parameters.values, **values})


def compare(
    engine: TimedEngine, tried: Sequence[Candidate], size: Size, *, logs: Path, threads: int, budget: Budget, say: Say
) -> Compared:
    """Measure each candidate in turns with the loaded engine; leave out what does not fit into the budget."""
    found: list[Alternative] = []
    rows: list[ThreadRow] = []
    notes: list[str] = []
    for number, one in enumerate(tried):
        say(f"trying {one.setting}")
        share = budget.left() / (len(tried) - number)
        try:
            runs = _in_turns(engine, one, size, logs=logs, seconds=share)
        except EngineError as error:
            notes.append(f"The engine does not run with {one.setting}: {error.message}")
            continue
        if not runs.other:
            notes.append(f"Not tried, for lack of time: {one.setting}.")
            continue
        found.append(_alternative(one, runs, memory=engine.memory()))
        if one.threads:
            rows.append(_thread_row(one.threads, runs.other, in_use=False))
            if len(rows) == 1:
                rows.append(_thread_row(threads, runs.in_use, in_use=True))
    rows.sort(key=lambda row: row.threads)
    return Compared(alternatives=tuple(found), threads=tuple(rows), notes=tuple(notes))


def _in_turns(engine: TimedEngine, one: Candidate, size: Size, *, logs: Path, seconds: float) -> _Runs:
    """Return up to three runs of each setting; none if not even one pair fits. Raises EngineError."""
    runs = _Runs()
    own = Budget(seconds)
    if seconds < 2 * engine.load_s:
        return runs
    with TimedEngine(one.parameters, log_directory=logs) as other:
        first, _ = warm_up(other)
        cost = 2 * size.cost(prompt=first.prompt, writing=first.writing)
        for seed in range(own.repeats(cost)):
            for target, results in ((engine, runs.in_use), (other, runs.other)):
                if one.prompt:
                    results.append(target.run(one.prompt, answer_tokens=_SPECULATION_TOKENS))
                else:
                    results.append(time_run(target, size, seed=seed))
        runs.memory = other.memory()
    return runs


def _alternative(one: Candidate, runs: _Runs, *, memory: int) -> Alternative:
    prompts = [figure([run.prompt for run in part]) for part in (runs.other, runs.in_use)]
    writings = [figure([run.writing for run in part]) for part in (runs.other, runs.in_use)]
    return Alternative(
        setting=one.setting,
        how="measured",
        command=one.command,
        # A prompt of its own says nothing about reading: it is short.
        prompt_gain=None if one.prompt else _ratio(prompts),
        writing_gain=_ratio(writings),
        prompt_is_clear=not one.prompt and is_clear(*prompts),
        writing_is_clear=is_clear(*writings),
        memory_change=runs.memory - memory if runs.memory and memory else None,
        remark=one.remark,
    )


def _ratio(figures: Sequence[Figure]) -> float:
    return figures[0].median / figures[1].median


def _thread_row(threads: int, runs: Sequence[TimedRun], *, in_use: bool) -> ThreadRow:
    return ThreadRow(
        threads=threads,
        in_use=in_use,
        prompt=figure([run.prompt for run in runs]),
        writing=figure([run.writing for run in runs]),
    )


def other_quantisations(
    shape: Shape, *, quantisation: str, size: int, writing: float, bandwidth: float
) -> list[Alternative]:
    """Estimate writing in the usual quantisations. `size`: bytes of the file; `writing`: its tokens per second.

    All weights are read once for each token; the rest of a token's time stays the same. Reading prompts is not
    estimated: it depends on the form more than on the bytes.
    """
    share = 1 if shape.tied else 1 - shape.looked_up / shape.parameters
    rest = max(0.0, 1 / writing - share * size / (OF_BANDWIDTH * bandwidth))
    found = []
    for name in QUANTISATIONS:
        own = file_bytes(shape, name)
        if name == quantisation:
            continue
        speed = 1 / (rest + share * own / (OF_BANDWIDTH * bandwidth))
        # The same bytes take the same time, also where the measured time is shorter than the estimate.
        now = 1 / (rest + share * size / (OF_BANDWIDTH * bandwidth))
        found.append(
            Alternative(
                setting=f"the model in {name}",
                how="estimated",
                command="",
                writing_gain=speed / now,
                memory_change=own - size,
                remark=f"a file of about {own / 1e9:.1f} GB",
            )
        )
    return found


def optimised(name: str) -> Alternative:
    """Return what a faster copy would gain."""
    return Alternative(
        setting="a faster copy of the model",
        how="estimated",
        command=f"bunko models optimise {name}",
        prompt_gain=QUICK_FORM,
        remark="the same weights in another form: decision 009",
    )
