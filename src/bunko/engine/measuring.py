"""Measure how fast a model runs here. In: the engine's parameters. Out: tokens per second, and memory.

The prompt is made of arbitrary tokens: time does not depend on which.
"""

from __future__ import annotations

import contextlib
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from bunko.engine.http import Connection, Timeouts
from bunko.engine.parameters import Parameters
from bunko.engine.process import LlamaProcess
from bunko.errors import EngineError
from bunko.installation import this_installation

# As long as a question with its evidence; then an answer.
PROMPT_TOKENS, ANSWER_TOKENS = 256, 32
_RUNS = 3
_TOKEN_S = 120.0
_START_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The best of several runs: other programs can only make a run slower."""

    prompt: float
    """Tokens per second."""
    writing: float
    load_s: float
    memory: int
    placement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedRun:
    """One request, as the engine timed it."""

    prompt: float
    """Tokens per second."""
    writing: float
    """Tokens per second."""
    first_token_s: float
    text: str
    drafted: int = 0
    """Tokens that were guessed ahead."""
    accepted: int = 0
    """Of these, those that were the model's own."""


def measure(parameters: Parameters, *, log_directory: Path, runs: int = _RUNS) -> Measured:
    """Load a model, time it, and stop it. Raises EngineError."""
    with TimedEngine(parameters, log_directory=log_directory, token_s=_TOKEN_S) as engine:
        timed = [engine.run(arbitrary_tokens(PROMPT_TOKENS, seed=number)) for number in range(runs)]
        return Measured(
            prompt=max(run.prompt for run in timed),
            writing=max(run.writing for run in timed),
            load_s=engine.load_s,
            memory=engine.memory(),
            placement=engine.placement,
        )


def arbitrary_tokens(count: int, *, seed: int) -> list[int]:
    """Return a prompt of this many tokens; each seed gives another one.

    >>> arbitrary_tokens(3, seed=0)
    [100, 113, 126]
    """
    return [100 + (7 * seed + 13 * place) % 100 for place in range(count)]


class TimedEngine:
    """An engine for measuring: loaded on entry, stopped on exit. Raises EngineError."""

    def __init__(self, parameters: Parameters, *, log_directory: Path, token_s: float = _START_S) -> None:
        self._process = LlamaProcess(parameters, log_directory=log_directory, start_timeout_s=_START_S)
        self._connection = Connection(self._process, timeouts=Timeouts(first_token_s=token_s, token_s=token_s))
        self.load_s = 0.0

    def __enter__(self) -> TimedEngine:
        began = time.monotonic()
        with contextlib.ExitStack() as unless_loaded:
            unless_loaded.callback(self._stop)
            self._process.address()
            unless_loaded.pop_all()
        self.load_s = time.monotonic() - began
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def run(self, prompt: list[int] | str, *, answer_tokens: int = ANSWER_TOKENS) -> TimedRun:
        """Read a prompt and write this many tokens, two or more; nothing of an earlier prompt is reused."""
        body = {
            "prompt": prompt,
            "n_predict": answer_tokens,
            "cache_prompt": False,
            "ignore_eos": True,
            "temperature": 0,
        }
        reply = self._connection.post_json("/completion", body)
        timings = reply.get("timings")
        if not isinstance(timings, dict) or not timings.get("predicted_ms"):
            raise EngineError(
                "The engine reports no timings.",
                f"Update it: {this_installation().install('xllamacpp', how='upgrade')}",
            )
        return TimedRun(
            prompt=float(timings["prompt_per_second"]),
            writing=float(timings["predicted_per_second"]),
            first_token_s=float(timings["prompt_ms"]) / 1000,
            text=str(reply.get("content", "")),
            drafted=int(timings.get("draft_n") or 0),
            accepted=int(timings.get("draft_n_accepted") or 0),
        )

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        return list(self._connection.post_json("/tokenize", {"content": text}).get("tokens", []))

    def likeliest(self, prompt: list[int], *, reuse: bool) -> tuple[list[tuple[int, float]], int]:
        """Return the five likeliest tokens after a prompt with their log-probabilities, and how many tokens were read.

        `reuse`: the tokens that the last prompt had at its beginning, too, are not read again. The engine tells none
        of them if the likeliest one is a part of a character.
        """
        body = {"prompt": prompt, "n_predict": 1, "cache_prompt": reuse, "ignore_eos": True, "temperature": 0}
        reply = self._connection.post_json("/completion", {**body, "n_probs": 5})
        first = (reply.get("completion_probabilities") or [{}])[0]
        found = [(int(one["id"]), float(one["logprob"])) for one in first.get("top_logprobs", [])]
        return found, int((reply.get("timings") or {}).get("prompt_n") or 0)

    def memory(self) -> int:
        """Return the engine's memory in bytes, at its peak where the system knows it; 0 if unknown."""
        return _peak_memory(self._process.pid)

    @property
    def placement(self) -> str:
        """Where the model is, as `LlamaProcess.placement`."""
        return self._process.placement

    def _stop(self) -> None:
        self._connection.close()
        self._process.close()


def _peak_memory(pid: int | None) -> int:
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        if pid and sys.platform == "linux":
            found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
            if found:
                return int(found[1]) * 1024
        if pid:
            memory = psutil.Process(pid).memory_info()
            return int(getattr(memory, "peak_wset", memory.rss))
    return 0
