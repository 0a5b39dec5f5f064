"""Remember what the engine has read, and reuse it where that changes no number. In: prompts. Out: Readings.

The engine computes a token that is alone in its batch with other routines than one of many. The difference is tiny, but
sometimes another word wins, and the same question must get the same answer. So the last token must not be alone in its
batch, neither after the cached part nor without a cache; and what is in the cache must have been read, not written.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from bunko.engine.http import Connection
from bunko.engine.parameters import BATCH
from bunko.engine.process import LlamaProcess
from bunko.generation.prompt_cache import Prompt, cached_tokens, ends_alone, exact_beginning
from bunko.generation.wire import as_mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a prompt is about to be read."""

    prompt: Prompt | None = None
    """None if it is no prompt of its own."""
    reuses: bool = False
    """Whether the engine may reuse what it shares with the last prompt."""
    start: int = 0
    """How many tokens are reused."""


class PromptReuse:
    """The last prompt of one engine. Thread-safe."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._previous = Prompt()
        self._lock = threading.Lock()
        self._can_forget = True

    @property
    def is_new(self) -> bool:
        """Whether nothing has been read yet."""
        return not self._previous.messages

    def begin(self, prompt: Prompt) -> Reading:
        """Return how a prompt may be read, and remember it for the next one. Raises EngineError."""
        with self._lock:
            previous, self._previous = self._previous, prompt
        whole = Reading(prompt=prompt)
        reused = cached_tokens(previous.tokens, prompt.tokens)
        if previous.messages[: len(prompt.messages)] == prompt.messages and reused < len(prompt.tokens):
            return whole
        if reused == len(prompt.tokens) or (reused == len(previous.tokens) and not previous.ends):
            # What would be left is one token alone, or comes after an answer that was computed token by token.
            reused = self._forget_end(previous) if len(prompt.tokens) >= len(previous.tokens) else 0
            if not reused:
                return whole
        read = len(prompt.tokens)
        if reused and (self.ends_alone(read - reused) or self.ends_alone(read)):
            return whole
        return Reading(prompt=prompt, reuses=True, start=reused)

    def note(self, reading: Reading) -> None:
        """Remember that a prompt has been read to its end."""
        with self._lock:
            if self._previous is reading.prompt:
                self._previous = replace(self._previous, start=reading.start)

    def set(self, prompt: Prompt) -> None:
        """Remember a prompt that was read, or restored."""
        with self._lock:
            self._previous = prompt

    def ends_alone(self, count: int) -> bool:
        """Return whether the last of `count` tokens is alone in its batch."""
        return ends_alone(count, batch=self._batch())

    def _batch(self) -> int:
        process = self._connection.endpoint
        batch = process.parameters.values.get("n_batch") if isinstance(process, LlamaProcess) else None
        return batch if isinstance(batch, int) else BATCH

    def _forget_end(self, previous: Prompt) -> int:
        """Have the engine forget the end of the last prompt and its answer; return how many tokens stay, 0 for none."""
        process = self._connection.endpoint
        if not isinstance(process, LlamaProcess) or process.device != "cpu":
            return 0  # how a server or a GPU takes its batches is not known
        keep = exact_beginning(previous, batch=self._batch())
        other = next((token for token in previous.tokens if keep and token != previous.tokens[keep]), None)
        if not self._can_forget or other is None:
            return 0
        # The engine keeps the tokens that two prompts share, so this one ends with two others.
        body = {"prompt": [*previous.tokens[:keep], other, other], "n_predict": 0, "cache_prompt": True}
        timings = as_mapping(self._connection.post_json("/completion", body).get("timings"))
        # Some models can't forget a part of what they read: they have read all of it again.
        self._can_forget = timings.get("prompt_n") == 2
        return keep if self._can_forget else 0
