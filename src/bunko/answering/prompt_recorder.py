"""Record the prompts that a question sends, and send none. In: settings, a question. Out: messages.

The question goes through the whole pipeline, so what is recorded is what the engine would get. The engine is started,
since it has the tokenizer and the chat template; it generates nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from bunko.engines import Engines
from bunko.ports import GenerationOptions, Generator, GeneratorSpec, Piece, Pieces
from bunko.settings import Settings
from bunko.types import Message


class Recorder:
    """A generator that records its prompts and answers nothing."""

    def __init__(self, generator: Generator) -> None:
        """`generator` counts the tokens."""
        self.generator = generator
        self.prompts: list[tuple[Message, ...]] = []
        """Every prompt, in order."""

    @property
    def spec(self) -> GeneratorSpec:
        """That of the generator."""
        return self.generator.spec

    def context_tokens(self) -> int:
        """Return the generator's context size in tokens. Raises EngineError."""
        return self.generator.context_tokens()

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the tokens of a prompt. Raises EngineError."""
        return self.generator.count_tokens(messages)

    def stream(self, messages: Sequence[Message], *, options: GenerationOptions) -> Pieces:
        """Record the messages; yield the end of an empty answer."""
        self.prompts.append(tuple(messages))
        yield Piece(finish_reason="stop")


class RecordingEngines(Engines):
    """Engines whose language models only record."""

    recorder: Recorder | None = None

    def generator(self, settings: Settings) -> Generator:
        """Return a recorder for the model that the settings name. Raises ModelError."""
        if self.recorder is None:
            self.recorder = Recorder(super().generator(settings))
        return self.recorder
