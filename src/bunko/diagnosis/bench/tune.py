"""Find the engine's parameters for a model on this machine: `bunko bench --tune`. In: settings. Out: Tuning results.

One parameter after another is measured in turns with the best so far, and kept if every run was faster and a prompt of
which a part is known gives the same numbers as before (`exactness`). At the end all of it is measured in turns with the
defaults: unless it is faster, the defaults stay. Guessing tokens ahead is kept only where it changes no number and no
text.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from bunko.diagnosis.bench.exactness import exact_width, reuses_exactly
from bunko.diagnosis.bench.local import Size, reference_size, time_run, warm_up
from bunko.diagnosis.bench.records import Tried, Tuning
from bunko.diagnosis.bench.timing import Budget, Say
from bunko.engine.measuring import TimedEngine, TimedRun
from bunko.engine.parameters import BATCH, Parameters
from bunko.engine.tuned import EIGHT_BITS, FLASH, Speculation, Tuned
from bunko.errors import EngineError

SECONDS = 110.0
"""For everything, loading included; what does not fit is left out."""
_PAIRS = 3
_LEAST_GAIN = 1.03
_LEAST_QUOTING_GAIN = 1.1
_MOST_LOSS = 0.97
# A question can be stopped between two batches only.
_BATCH_S = 1.0
_BATCHES = (64, 256, 512)
_MOST_GUESSED, _LEAST_GUESSED = 8, 2
_MATCH = 4
_QUOTE_TOKENS = 48
# Of all seconds, for guessing ahead.
_FOR_GUESSES = 0.5
_INEXACT = "it would change the answer where a part of the prompt was read before"
_NO_TIME, _AHEAD = "left out, for lack of time", "words guessed ahead"
_QUOTED = (
    "The mill on the river Ande was built in 1871 by Ada Lind, a miller's daughter, and it burned down in the winter "
    "of 1904. Two years later the town bought the ruin for nine hundred crowns. The new mill has four floors, a "
    "turbine in the cellar and a museum of old tools under the roof."
)
QUOTING = f"{_QUOTED}\n\nThe same text again, word for word:\n\n{_QUOTED[:60]}"
"""An answer that quotes: the case that guessing from the prompt is for."""
_ANSWERING = f"{_QUOTED}\n\nQuestion: Who built the mill, and what happened to it?\nAnswer: The mill"


@dataclass(slots=True, kw_only=True)
class _Search:
    """The state of a search: the defaults, the best so far, and what was tried."""

    defaults: Parameters
    logs: Path
    budget: Budget
    size: Size
    context_tokens: int
    say: Say
    best: dict[str, object] = field(default_factory=dict)
    tried: list[Tried] = field(default_factory=list)
    stage_s: float = 0.0
    """Seconds that the slowest setting took."""

    def engine(self, values: Mapping[str, object]) -> TimedEngine:
        parameters = replace(self.defaults, values={**self.defaults.values, **values})
        return TimedEngine(parameters, log_directory=self.logs)

    def gains(self, base: TimedEngine, other: TimedEngine) -> list[float]:
        """Return for each pair of usual questions how many times faster the other engine was."""

        def seconds(engine: TimedEngine, seed: int) -> float:
            run = time_run(engine, self.size, seed=seed)
            return self.size.cost(prompt=run.prompt, writing=run.writing)

        return self.pairs(base, other, seconds)

    def pairs(self, base: TimedEngine, other: TimedEngine, seconds: Callable[[TimedEngine, int], float]) -> list[float]:
        """Return for each pair of runs how many times faster the other engine was; none if three don't fit."""
        warm_up(base)
        warm_up(other)
        found: list[float] = []
        for seed in range(_PAIRS):
            began = self.budget.spent()
            order = ((base, 0), (other, 1)) if seed % 2 else ((other, 1), (base, 0))
            took = {place: seconds(engine, seed) for engine, place in order}
            found.append(took[0] / took[1])
            if (_PAIRS - 1 - seed) * (self.budget.spent() - began) > self.budget.left():
                return []
        return found


def tune(
    defaults: Parameters,
    *,
    cores: int,
    is_busy: bool,
    context_tokens: int,
    logs: Path,
    draft: Path | None = None,
    seconds: float = SECONDS,
    say: Say,
) -> Tuning:
    """Measure a model on processors. Raises EngineError if it does not run with the defaults."""
    budget = Budget(seconds)
    with ExitStack() as stack:
        say("loading the model")
        first = stack.enter_context(TimedEngine(defaults, log_directory=logs))
        run, _ = warm_up(first)
        small = Budget(budget.left() / 8)  # every setting takes six runs
        size = reference_size(run, context_tokens=context_tokens, budget=small)
        search = _Search(defaults=defaults, logs=logs, budget=budget, size=size, context_tokens=context_tokens, say=say)
        for setting, values in _candidates(cores, speed=run.prompt):
            if is_busy and "threads" in setting:
                search.tried.append(Tried(setting=setting, remark="left out: other programs use the processors"))
            else:
                _try(search, first, setting, values)
        tuned = _confirmed(search, first)
        search.best = dict(tuned.values)
        tuned = _with_speculation(search, first, tuned, draft=draft)
    return Tuning(tuned=tuned, tried=tuple(search.tried), seconds=budget.spent())


def _candidates(cores: int, *, speed: float) -> list[tuple[str, Mapping[str, object]]]:
    """Return what to try, the most promising first. `speed`: tokens of a prompt per second."""
    found: list[tuple[str, Mapping[str, object]]] = [("flash attention", FLASH)]
    if cores > 1:
        half = cores // 2
        found.append((f"{half} threads to write", {"cpuparams.n_threads": half, "cpuparams_batch.n_threads": cores}))
    found += [
        (f"batches of {batch} tokens", {"n_batch": batch, "n_ubatch": batch})
        for batch in _BATCHES
        if batch < BATCH or batch / max(speed, 1e-3) <= _BATCH_S
    ]
    found.append(("weights as they are in the file", {"no_extra_bufts": True}))
    return found


def _try(search: _Search, first: TimedEngine, setting: str, values: Mapping[str, object]) -> None:
    """Measure one setting in turns with the best so far, and keep it if it is faster."""
    search.say(f"trying {setting}")
    if search.budget.left() - search.stage_s < _FOR_GUESSES * search.budget.seconds:
        search.tried.append(Tried(setting=setting, remark=_NO_TIME))
        return
    began = search.budget.spent()
    try:
        with ExitStack() as stack:
            base = stack.enter_context(search.engine(search.best)) if search.best else first
            other = stack.enter_context(search.engine({**search.best, **values}))
            gains = search.gains(base, other)
            kept = _is_faster(gains, least=_LEAST_GAIN)
            is_exact = not kept or reuses_exactly(other, context_tokens=search.context_tokens)
    except EngineError as error:
        search.tried.append(Tried(setting=setting, remark=f"the engine does not run with it: {error.message}"))
        return
    search.stage_s = max(search.stage_s, search.budget.spent() - began)
    kept = kept and is_exact
    remark = _INEXACT if not is_exact else "" if gains else _NO_TIME
    search.tried.append(
        Tried(setting=setting, gain=statistics.median(gains) if gains else None, is_kept=kept, remark=remark)
    )
    if kept:
        search.best |= values


def _is_faster(gains: list[float], *, least: float) -> bool:
    return len(gains) == _PAIRS and min(gains) > 1 and statistics.median(gains) >= least


def _confirmed(search: _Search, first: TimedEngine) -> Tuned:
    """Return what is kept, measured once more beside the defaults; nothing if it is not faster."""
    if not search.best:
        return Tuned()
    search.say("comparing with the defaults")
    with search.engine(search.best) as engine:
        gains = search.gains(first, engine)
    gain = statistics.median(gains) if gains else 0.0
    kept = _is_faster(gains, least=_LEAST_GAIN)
    search.tried.append(Tried(setting="all that was kept", gain=gain or None, is_kept=kept))
    return Tuned(values=dict(search.best), gain=gain) if kept else Tuned()


def _with_speculation(search: _Search, first: TimedEngine, tuned: Tuned, *, draft: Path | None) -> Tuned:
    """Return the same with guesses, from the first form of attention in which they change nothing, if it is faster."""
    kinds = {"words guessed from the prompt": None} | ({"words guessed by the draft model": draft} if draft else {})
    why = "they would change the text with this model"
    attentions: tuple[Mapping[str, object], ...] = ({}, EIGHT_BITS)
    for attention in attentions:
        if search.budget.left() < 0.1 * search.budget.seconds:
            why = _NO_TIME
            break
        search.say("looking whether words may be guessed ahead")
        values = {**tuned.values, **attention}
        try:
            with search.engine(values) as plain:
                width = exact_width(plain, most=_MOST_GUESSED + 1, context_tokens=search.context_tokens)
                if width <= _LEAST_GUESSED:  # one guess at a time gains nothing
                    continue
                for setting, file in kinds.items():
                    one = Speculation(draft=file, match=min(_MATCH, width - 1), most=width - 1)
                    found = _guessing(search, first, plain, replace(tuned, attention=attention), one, setting=setting)
                    tuned = found if found and found.quoting_gain > tuned.quoting_gain else tuned
                return tuned
        except EngineError as error:  # a head that eight bits don't divide
            why = f"the engine does not run with {', '.join(attention) or 'the defaults'}: {error.message}"
    search.tried.append(Tried(setting=_AHEAD, remark=why))
    return tuned


def _guessing(
    search: _Search, first: TimedEngine, plain: TimedEngine, tuned: Tuned, one: Speculation, *, setting: str
) -> Tuned | None:
    """Return the same with guesses, if an answer that quotes is faster with them, and other answers are not slower.

    `plain` runs without guesses, `first` with the defaults.
    """
    runs: list[TimedRun] = []

    def seconds(engine: TimedEngine, seed: int) -> float:
        runs.append(engine.run(_TEXTS[seed % len(_TEXTS)], answer_tokens=_QUOTE_TOKENS))
        return 1 / runs[-1].writing

    try:
        with search.engine({**tuned.values, **tuned.attention, **one.values()}) as engine:
            quoting = search.pairs(plain, engine, seconds)
            usual = search.gains(first, engine) if _is_faster(quoting, least=_LEAST_QUOTING_GAIN) else []
    except EngineError as error:
        search.tried.append(Tried(setting=setting, remark=f"the engine does not run with it: {error.message}"))
        return None
    is_same = all(len({run.text for run in runs[number : number + 2]}) == 1 for number in range(0, len(runs), 2))
    drafted, accepted = sum(run.drafted for run in runs), sum(run.accepted for run in runs)
    others = statistics.median(usual) if usual else 0.0
    kept = is_same and others >= _MOST_LOSS
    remarks = [
        f"{accepted} of {drafted} guesses were right",
        "the text is the same" if is_same else "it changed the text",
        f"a usual question ×{others:.2f}" if usual else "",
        "" if quoting else _NO_TIME,
    ]
    gain = statistics.median(quoting) if quoting else None
    remark = "; ".join(filter(None, remarks))
    search.tried.append(Tried(setting=setting, gain=gain, is_kept=kept, is_quoting=True, remark=remark))
    return replace(tuned, speculation=one, gain=others, quoting_gain=gain or 1) if kept else None


_TEXTS = (QUOTING, _ANSWERING)
