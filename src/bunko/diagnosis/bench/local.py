"""Time a model in our own engine. In: the engine's parameters. Out: LocalSpeed. Estimates nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bunko.diagnosis.bench.records import LocalSpeed, SizeRow
from bunko.diagnosis.bench.timing import Budget, Say, figure
from bunko.engine.measuring import ANSWER_TOKENS, PROMPT_TOKENS, TimedEngine, TimedRun, arbitrary_tokens

WARM_UP = (32, 4)
"""Tokens of prompt and answer of the first request, which reads the weights from the disk."""
# The first is the size that other settings are compared with: a question with its evidence.
SIZES = (PROMPT_TOKENS, 64, 1024, 3072)
QUICK_SIZES = (PROMPT_TOKENS,)
# For a model so slow that one run of the usual size would take most of the budget.
_SMALL_PROMPT, _SMALL_ANSWER = 64, 8
# Tokens that stay free in the context window.
_SPARE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What one run reads and writes, in tokens."""

    prompt: int
    answer: int

    def cost(self, *, prompt: float, writing: float) -> float:
        """Return the seconds of a run at these speeds, in tokens per second.

        >>> Size(prompt=256, answer=32).cost(prompt=128.0, writing=16.0)
        4.0
        """
        return self.prompt / prompt + self.answer / writing


def warm_up(engine: TimedEngine) -> tuple[TimedRun, float]:
    """Run a short request; return it, and its seconds. Raises EngineError."""
    began = time.monotonic()
    run = engine.run(arbitrary_tokens(WARM_UP[0], seed=99), answer_tokens=WARM_UP[1])
    return run, time.monotonic() - began


def reference_size(first: TimedRun, *, context_tokens: int, budget: Budget) -> Size:
    """Return the size that settings are compared with: a smaller one for a slow model or a small context."""
    usual = Size(prompt=min(PROMPT_TOKENS, max(8, context_tokens - ANSWER_TOKENS - _SPARE)), answer=ANSWER_TOKENS)
    if usual.cost(prompt=first.prompt, writing=first.writing) < 0.4 * budget.left():
        return usual
    return Size(prompt=min(_SMALL_PROMPT, usual.prompt), answer=_SMALL_ANSWER)


def time_sizes(
    engine: TimedEngine, sizes: Sequence[int], *, threads: int, context_tokens: int, budget: Budget, say: Say
) -> tuple[LocalSpeed, list[str]]:
    """Time a loaded engine with prompts of these sizes, in tokens; return the notes on what was left out, too.

    The first size is always measured, at least once. Raises EngineError.
    """
    say("warming up")
    first, warm_up_s = warm_up(engine)
    reference = reference_size(first, context_tokens=context_tokens, budget=budget)
    rows: list[SizeRow] = []
    left_out: list[int] = []
    speed = first
    for size in sizes:
        wanted = reference if not rows else Size(prompt=size, answer=reference.answer)
        known = wanted.prompt in [row.prompt_tokens for row in rows]
        if known or (rows and wanted.prompt + wanted.answer + _SPARE > context_tokens):
            continue
        repeats = budget.repeats(wanted.cost(prompt=speed.prompt, writing=speed.writing), share=0.3)
        if not repeats and rows:
            left_out.append(size)
            continue
        say(f"reading {wanted.prompt:,} tokens and writing {wanted.answer}")
        runs = [time_run(engine, wanted, seed=seed) for seed in range(max(1, repeats))]
        speed = runs[-1] if not rows else speed
        rows.append(row_of(wanted, runs))
    notes = [f"Prompts of {n:,} tokens were left out for lack of time." for n in left_out]
    speeds = LocalSpeed(
        placement=engine.placement,
        threads=threads,
        context_tokens=context_tokens,
        load_s=engine.load_s,
        warm_up_s=warm_up_s,
        memory=engine.memory(),
        sizes=tuple(rows),
    )
    return speeds, notes


def time_run(engine: TimedEngine, size: Size, *, seed: int) -> TimedRun:
    """Time one run of arbitrary tokens. Raises EngineError."""
    return engine.run(arbitrary_tokens(size.prompt, seed=seed), answer_tokens=size.answer)


def row_of(size: Size, runs: Sequence[TimedRun]) -> SizeRow:
    """Summarise runs of one size."""
    return SizeRow(
        prompt_tokens=size.prompt,
        answer_tokens=size.answer,
        prompt=figure([run.prompt for run in runs]),
        writing=figure([run.writing for run in runs]),
        first_token_s=figure([run.first_token_s for run in runs]),
    )


def in_order(speed: LocalSpeed) -> LocalSpeed:
    """Return the same with the sizes in ascending order."""
    return replace(speed, sizes=tuple(sorted(speed.sizes, key=lambda row: row.prompt_tokens)))
