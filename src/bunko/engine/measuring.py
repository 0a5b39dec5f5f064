"""Measure how fast a model runs here. In: the engine's parameters. Out: tokens per second, and memory.

The prompt is made of arbitrary tokens: time does not depend on which.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

from bunko.engine.http import Connection, Timeouts
from bunko.engine.parameters import Parameters
from bunko.engine.process import LlamaProcess
from bunko.errors import EngineError

# As long as a question with its evidence; then an answer.
PROMPT_TOKENS, ANSWER_TOKENS = 256, 32
_RUNS = 3
_TOKEN_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The best of several runs: other programs can only make a run slower."""

    prompt: float
    """Tokens per second."""
    writing: float
    load_s: float
    memory: int
    placement: str


def measure(parameters: Parameters, *, log_directory: Path, runs: int = _RUNS) -> Measured:
    """Load a model, time it, and stop it. Raises EngineError."""
    process = LlamaProcess(parameters, log_directory=log_directory, start_timeout_s=600.0)
    connection = Connection(process, timeouts=Timeouts(first_token_s=_TOKEN_S, token_s=_TOKEN_S))
    began = time.monotonic()
    try:
        process.address()
        load_s = time.monotonic() - began
        speeds = [_run(connection, number) for number in range(runs)]
        return Measured(
            prompt=max(speed[0] for speed in speeds),
            writing=max(speed[1] for speed in speeds),
            load_s=load_s,
            memory=_memory(process.pid),
            placement=process.placement,
        )
    finally:
        connection.close()
        process.close()


def _run(connection: Connection, number: int) -> tuple[float, float]:
    prompt = [100 + (7 * number + 13 * place) % 100 for place in range(PROMPT_TOKENS)]
    body = {
        "prompt": prompt,
        "n_predict": ANSWER_TOKENS,
        "cache_prompt": False,
        "ignore_eos": True,
        "temperature": 0,
    }
    timings = connection.post_json("/completion", body).get("timings")
    if not isinstance(timings, dict) or not timings.get("predicted_ms"):
        raise EngineError("The engine reports no timings.", "Update it: pip install --upgrade xllamacpp.")
    return float(timings["prompt_per_second"]), float(timings["predicted_per_second"])


def _memory(pid: int | None) -> int:
    import psutil

    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss) if pid else 0
    return 0
