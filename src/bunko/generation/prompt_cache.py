"""Decide how much of a prompt the engine may reuse. In: token lists. Out: counts. Knows nothing of HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from bunko.engine.parameters import BATCH
from bunko.types import Message

_STEP = 32


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
    start: int = -1
    """How many of its tokens were in the cache when it was read; -1 if it was not read to its end."""

    def is_of(self, messages: Sequence[Message], arguments: Mapping[str, object]) -> bool:
        """Return whether it was made from these messages and arguments."""
        return self.messages == tuple(messages) and self.arguments == arguments


def cached_tokens(previous: Sequence[int], tokens: Sequence[int]) -> int:
    """Count the tokens that two prompts share at their beginning.

    >>> cached_tokens([1, 2, 3], [1, 2, 4, 3])
    2
    """
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(previous, tokens, strict=False)))


def exact_beginning(prompt: Prompt, *, batch: int = BATCH) -> int:
    """Count the tokens of a prompt that was read which may stay, so that the rest is computed as it was before.

    The engine's numbers depend on how many tokens it computes at once, and on their place among these: some routines
    take four or eight at a time, and those left over alone. So the rest begins at a multiple of 32 in the last batch,
    and has 32 tokens or more; or it is all of the last batch.

    >>> exact_beginning(Prompt(tokens=tuple(range(300)), start=20)), exact_beginning(Prompt(tokens=(1,) * 60, start=0))
    (244, 0)
    """
    read = len(prompt.tokens)
    if not 0 <= prompt.start < read:
        return 0
    last = prompt.start + (read - prompt.start - 1) // batch * batch
    return last + max(0, (read - last - _STEP) // _STEP * _STEP)


def ends_alone(count: int, *, batch: int = BATCH) -> bool:
    """Return whether the last of `count` tokens is alone in its batch."""
    return count % batch == 1
