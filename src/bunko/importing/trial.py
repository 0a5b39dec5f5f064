"""Run a GGUF file in the engine to test it. In: a path. Out: tokens, likely next tokens, prompts, speed.

Uses requests that only llama.cpp's server has. Judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bunko.engine.http import Connection, Timeouts
from bunko.engine.parameters import Machine, chat_parameters
from bunko.engine.process import LlamaProcess
from bunko.engine.stand_in import Answer, Marks
from bunko.errors import EngineError
from bunko.models.gguf.header import read_gguf
from bunko.settings import Settings, cache_directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """The likeliest next tokens, likeliest first, with the natural logarithms of their probabilities."""

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

    def tokens(self, text: str, *, marks: Marks = "text") -> list[int]:
        """Return a text's tokens. Control tokens in it are plain "text", or parsed as "tokens"."""
        return self._tokenize({"content": text, "add_special": False, "parse_special": marks == "tokens"})

    def prompt_tokens(self, text: str) -> list[int]:
        """Return a text's tokens as the start of a prompt: with the model's start token, if it has one."""
        return self._tokenize({"content": text, "add_special": True, "parse_special": False})

    def text(self, tokens: Sequence[int]) -> str:
        """Return tokens as text."""
        return str(self._connection.post_json("/detokenize", {"tokens": list(tokens)})["content"])

    def prompt(self, messages: Sequence[Mapping[str, str]], *, answer: Answer = "open") -> str:
        """Render messages as a prompt; "open" appends the start of an answer. Raises EngineError."""
        body = {"messages": list(messages), "add_generation_prompt": answer == "open"}
        return str(self._connection.post_json("/apply-template", body)["prompt"])

    def next_tokens(self, tokens: Sequence[int], *, count: int) -> Next:
        """Return the `count` likeliest next tokens, by the model's probabilities over its whole vocabulary."""
        # The server reports no probabilities if the token that it writes is an end, or part of a character. A bias
        # makes it write a plain letter; the reported probabilities are those before the bias.
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

    def _tokenize(self, body: Mapping[str, object]) -> list[int]:
        return [int(token) for token in self._connection.post_json("/tokenize", body)["tokens"]]


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
    """Return a template's error message, without the engine's text around it."""
    return error.message.rpartition(": ")[2].rstrip(".") or error.message
