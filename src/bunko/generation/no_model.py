"""Stand in for a language model where there is none (`--model none`). In: messages. Out: an empty completion."""

from __future__ import annotations

from collections.abc import Sequence

from bunko.ports import GenerationOptions, GeneratorSpec, Piece, Pieces
from bunko.settings import NO_MODEL
from bunko.types import Message, Usage


class NoModel:
    """A generator that writes nothing: what would ask a model takes the way that needs none."""

    spec = GeneratorSpec(name=NO_MODEL, writes=False)

    def context_tokens(self) -> int:
        """Return 0: nothing is read."""
        return 0

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return 0: there is no tokenizer."""
        return 0

    def stream(self, messages: Sequence[Message], *, options: GenerationOptions) -> Pieces:
        """Yield the end of an empty completion."""
        yield Piece(finish_reason="stop", usage=Usage())
