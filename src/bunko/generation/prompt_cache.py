"""Decide how much of a prompt the engine may reuse. In: token lists. Out: counts. Knows nothing of HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from bunko.engine.parameters import BATCH
from bunko.types import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt as the engine has it."""

    messages: tuple[Message, ...] = ()
    arguments: Mapping[str, object] = field(default_factory=dict)
    """Arguments of the template."""
    tokens: tuple[int, ...] = ()
    """Empty if they are unknown."""
    ends: bool = False
    """Whether nothing was written after it."""

    def is_of(self, messages: Sequence[Message], arguments: Mapping[str, object]) -> bool:
        """Return whether it was made from these messages and arguments."""
        return self.messages == tuple(messages) and self.arguments == arguments


def cached_tokens(previous: Sequence[int], tokens: Sequence[int]) -> int:
    """Count the tokens that two prompts share at their beginning.

    >>> cached_tokens([1, 2, 3], [1, 2, 4, 3])
    2
    """
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(previous, tokens, strict=False)))


def ends_alone(count: int, *, batch: int = BATCH) -> bool:
    """Return whether the last of `count` tokens is alone in its batch."""
    return count % batch == 1
