"""Fake engines, for tests of programs that use Bunko: no model, no network, the same result each time.

library = bunko.Library(folder, settings=Settings(), embedder=FakeEmbedder(), generator=FakeGenerator())
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from bunko.errors import PromptTooLong
from bunko.language.words import words
from bunko.ports import (
    EmbedderSpec,
    GenerationOptions,
    GeneratorSpec,
    Passage,
    Piece,
    Pieces,
    ReaderSpec,
    Reading,
    ReadSpan,
    Request,
)
from bunko.types import Message, Usage

if TYPE_CHECKING:
    from bunko.ports import Vectors

# The quote of the best source in the prompt of a full answer, in which sources have numbers.
_NUMBERED = re.compile(r"^\[1\][^\n]*\n(.+?)\n(?:\n|</sources>)", re.M | re.S)


class FakeEmbedder:
    """Texts that share words get similar vectors: each word adds a fixed direction."""

    def __init__(self, *, name: str = "fake", dimension: int = 64, languages: frozenset[str] = frozenset("*")) -> None:
        self.spec = EmbedderSpec(name=name, dimension=dimension, languages=languages, max_tokens=256)
        self.embedded: list[str] = []
        """Every passage that was embedded, in order."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row for each text, in order."""
        import numpy as np

        self.embedded += texts
        return np.array([self.embed_query(text) for text in texts], np.float32).reshape(-1, self.spec.dimension)

    def embed_query(self, text: str) -> Vectors:
        """Return the question's vector."""
        import numpy as np

        vector = np.full(self.spec.dimension, 1e-3, dtype=np.float32)
        for word in words(text):
            digest = hashlib.blake2b(word.encode(), digest_size=4).digest()
            vector[int.from_bytes(digest, "big") % self.spec.dimension] += 1
        unit: Vectors = vector / np.linalg.norm(vector)
        return unit

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count one token for every four characters."""
        return [len(text) // 4 + 1 for text in texts]


class FakeGenerator:
    """Write what `reply` returns for the messages; by default the text of the best source."""

    placement = ""

    def __init__(
        self,
        reply: Callable[[Sequence[Message]], str] | str | None = None,
        *,
        name: str = "fake",
        context: int = 2048,
        parameters: int = 0,
    ) -> None:
        self.spec = GeneratorSpec(name=name, parameters=parameters)
        self._reply = reply
        self._context = context
        self.prompts: list[list[Message]] = []
        """Every prompt that it was given, in order."""
        self._observer: Callable[[Request], None] | None = None

    def observe(self, observer: Callable[[Request], None] | None) -> None:
        """Call `observer` with each request; None: no more."""
        self._observer = observer

    def render(self, messages: Sequence[Message], *, arguments: Mapping[str, object] | None = None) -> str | None:
        """Return None: there is no template."""

    def start(self) -> None:
        """Do nothing: there is no engine."""

    def prime(self, messages: Sequence[Message]) -> None:
        """Do nothing: there is nothing to gain."""

    def interrupt(self) -> None:
        """Do nothing: there is no engine."""

    def close(self) -> None:
        """Do nothing: there is no engine."""

    def context_tokens(self) -> int:
        """Return the context that was given."""
        return self._context

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Count one token for every four characters."""
        return sum(len(message.content) // 4 + 4 for message in messages)

    def stream(self, messages: Sequence[Message], *, options: GenerationOptions) -> Pieces:
        """Yield the reply word by word. Raises PromptTooLong as a real engine does."""
        prompt = self.count_tokens(messages)
        if prompt > self._context:
            raise PromptTooLong(f"The prompt has {prompt} tokens; the context has {self._context}.")
        self.prompts.append(list(messages))
        if self._observer:
            self._observer(Request(messages=tuple(messages), options=options))
        pieces = self._text(messages).split(" ")
        written = pieces[: options.max_tokens]
        for n, piece in enumerate(written):
            yield Piece(text=piece if n == 0 else f" {piece}")
        usage = Usage(prompt_tokens=prompt, completion_tokens=len(written))
        yield Piece(finish_reason="stop" if len(written) == len(pieces) else "length", usage=usage)

    def _text(self, messages: Sequence[Message]) -> str:
        if callable(self._reply):
            return self._reply(messages)
        if self._reply is not None:
            return self._reply
        if numbered := _NUMBERED.search(messages[-1].content):
            return numbered[1].replace("\n", " ")
        sources, found, _ = messages[-1].content.partition("\n\n")
        return sources.splitlines()[-1] if found and sources else "Nothing."


class FakeReader:
    """Mark the words of `answers` wherever they are; a passage without any of them does not answer."""

    def __init__(
        self, *answers: str, probability: float = 0.9, languages: frozenset[str] = frozenset({"en", "ja"})
    ) -> None:
        self.spec = ReaderSpec(name="fake", languages=languages, least_confidence=0.1)
        self._answers = answers
        self._probability = probability
        self.passages: list[Passage] = []
        """Every passage that it was given, in order."""

    def begin(self) -> None:
        """Do nothing: there is no model."""

    def close(self) -> None:
        """Do nothing: there is no model."""

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        """Return for each stretch the first of the answers that is in it."""
        self.passages += passages
        return [self._reading(passage) for passage in passages]

    def _reading(self, passage: Passage) -> Reading:
        spans = tuple(self._span(passage.text, *stretch) for stretch in passage.within)
        return Reading(relevance=1.0 if any(spans) else 0.01, spans=spans)

    def _span(self, text: str, start: int, end: int) -> ReadSpan | None:
        places = [(at, at + len(answer)) for answer in self._answers if (at := text.find(answer, start, end)) >= 0]
        return ReadSpan(start=places[0][0], end=places[0][1], probability=self._probability) if places else None
