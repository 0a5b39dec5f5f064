"""Run a GGUF file in the engine to try it out. In: a path. Out: tokens, likely next tokens, prompts, speed.

The requests are those of llama.cpp's server, which no other server has. Knows nothing of what is good or bad.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bunko.engine.http import Connection, Timeouts
from bunko.engine.parameters import Machine, chat_parameters
from bunko.engine.process import LlamaProcess
from bunko.errors import EngineError
from bunko.models.gguf.header import read_gguf
from bunko.settings import Settings, cache_directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """The likeliest tokens to come next, likeliest first, by natural logarithm of their probability."""

    tokens: tuple[int, ...]
    logs: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Tokens per second."""

    prompt: float
    writing: float


class Trial:
    """A running engine with one model."""

    def __init__(self, process: LlamaProcess, connection: Connection) -> None:
        self._process, self._connection = process, connection
        self._letter: int | None = None

    def tokens(self, text: str, *, special: bool = False, beginning: bool = False) -> list[int]:
        """Cut a text into tokens; `special`: marks count as such; `beginning`: with what the model wants first."""
        body = {"content": text, "add_special": beginning, "parse_special": special}
        return [int(token) for token in self._connection.post_json("/tokenize", body)["tokens"]]

    def text(self, tokens: Sequence[int]) -> str:
        """Return tokens as text."""
        return str(self._connection.post_json("/detokenize", {"tokens": list(tokens)})["content"])

    def prompt(self, messages: Sequence[Mapping[str, str]], *, generation: bool = True) -> str:
        """Render messages by the model's template. Raises EngineError where the template refuses them."""
        body = {"messages": list(messages), "add_generation_prompt": generation}
        return str(self._connection.post_json("/apply-template", body)["prompt"])

    def next_tokens(self, tokens: Sequence[int], *, count: int) -> Next:
        """Return the `count` likeliest next tokens, of the model's own probabilities over its whole vocabulary."""
        # The server says nothing of a token that is half a letter, or an end. What it writes is of no interest here: a
        # bias makes it write a plain letter, and the probabilities are those before any bias.
        if self._letter is None:
            self._letter = self.tokens("a")[-1]
        body = {"prompt": list(tokens), "n_predict": 1, "n_probs": count, "logit_bias": [[self._letter, 1e6]]}
        answer = self._connection.post_json("/completion", {**body, "temperature": 0.0, "cache_prompt": True})
        entries = answer["completion_probabilities"][0]["top_logprobs"]
        return Next(
            tokens=tuple(int(entry["id"]) for entry in entries),
            logs=tuple(float(entry["logprob"]) for entry in entries),
        )

    def speed(self, tokens: Sequence[int], *, write: int) -> Speed:
        """Read a prompt, write `write` tokens, and return the speed of both."""
        body = {"prompt": list(tokens), "n_predict": write, "ignore_eos": True, "temperature": 0.0}
        timings = self._connection.post_json("/completion", {**body, "cache_prompt": False})["timings"]
        return Speed(prompt=float(timings["prompt_per_second"]), writing=float(timings["predicted_per_second"]))

    def memory(self) -> int:
        """Return the bytes that the engine's process has in memory."""
        import psutil

        return int(psutil.Process(self._process.pid).memory_info().rss)


@contextmanager
def trying(path: Path, settings: Settings, *, context_tokens: int) -> Iterator[Trial]:
    """Run a model for as long as the context lasts. Raises EngineError."""
    generation = replace(settings.generation, context_tokens=context_tokens)
    process = LlamaProcess(
        chat_parameters(path, read_gguf(path), generation, machine=Machine.here()),
        log_directory=cache_directory(settings) / "logs",
        start_timeout_s=settings.generation.start_timeout_s,
    )
    connection = Connection(process, timeouts=Timeouts.of(settings.generation))
    try:
        process.address()
        yield Trial(process, connection)
    finally:
        connection.close()
        process.close()


def refusal(error: EngineError) -> str:
    """Return why a template refused, without the text around it."""
    return error.message.rpartition(": ")[2].rstrip(".") or error.message
