"""Limit the tokens of reasoning and answer. In: pieces as they come, and how to continue. Out: pieces within limits.

Reasoning has a budget of its own, after which the model must answer; the answer has its full budget, however long the
reasoning was; and stop texts apply to the answer only. Knows nothing of servers or tags.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from bunko.ports import FinishReason, Piece, Pieces
from bunko.types import Usage

# A model that was asked to answer may still open and close an empty thought; more reasoning is cut.
_SECOND_THOUGHT = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Limits in tokens as the server counts them, or else one for each event."""

    think: int
    answer: int
    stop: tuple[str, ...] = ()


class Stopper:
    r"""Cut a text before the first stop text, however it is split into pieces.

    >>> stopper = Stopper(("\n\n",))
    >>> stopper.feed("one\n"), stopper.feed("two\n"), stopper.feed("\nthree"), stopper.is_over
    ('one', '\ntwo', '', True)
    """

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = stops
        self._held = ""
        self.is_over = False
        """Whether a stop text was found."""

    def feed(self, text: str) -> str:
        """Return the text that can be released now."""
        held = self._held + text
        places = [place for stop in self._stops if (place := held.find(stop)) >= 0]
        if places or self.is_over:
            self.is_over, self._held = True, ""
            return held[: min(places)] if places else ""
        keep = max((_overlap(held, stop) for stop in self._stops), default=0)
        self._held = held[len(held) - keep :]
        return held[: len(held) - keep]

    def end(self) -> str:
        """Return the text that was held back."""
        rest, self._held = self._held, ""
        return rest


def within(pieces: Pieces, bounds: Bounds, *, go_on: Callable[[str], Pieces]) -> Pieces:
    """Yield what the model writes. If it reasoned and did not answer, `go_on(thought)` asks for the answer."""
    first = _Leg(bounds)
    yield from first.run(pieces)
    if first.has_said or not (first.thought.strip() or first.is_cut):
        yield first.last()
        return
    second = _Leg(replace(bounds, think=_SECOND_THOUGHT))
    yield from second.run(go_on(first.thought if bounds.think else ""))
    last, before = second.last(), first.last()
    yield replace(
        last,
        finish_reason=last.finish_reason if second.has_said or last.finish_reason == "content_filter" else "length",
        usage=_sum(before.usage, last.usage),
        prompt_ms=before.prompt_ms + last.prompt_ms,
        predicted_ms=before.predicted_ms + last.predicted_ms,
        thought_cut=first.is_cut and bounds.think > 0,
    )


class _Leg:
    """The part of an answer that comes from one request."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._stopper = Stopper(bounds.stop)
        self._finish: FinishReason | None = None
        self._end = Piece()
        self._written = 0
        self._thought_tokens = 0
        self._before_text = 0
        self._text = ""
        self.thought = ""
        self.has_said = False
        self.is_cut = False

    def run(self, pieces: Pieces) -> Pieces:
        """Yield all pieces but the last one."""
        with contextlib.closing(pieces):
            for piece in pieces:
                self._count(piece)
                if piece.was_thought:
                    self.thought += self._text + self._stopper.end()
                    self._text, self.has_said = "", False
                if piece.reasoning or piece.was_thought:
                    yield from self._think(piece)
                if piece.text:
                    yield from self._say(piece.text)
                if self._finish:
                    return
        if rest := self._stopper.end():
            yield Piece(text=rest)

    def last(self) -> Piece:
        """Return the last piece."""
        cut = self.is_cut or (0 < self._bounds.think <= self._thought_tokens)
        return replace(self._end, finish_reason=self._finish or self._end.finish_reason or "stop", thought_cut=cut)

    def _count(self, piece: Piece) -> None:
        if piece.usage:
            self._written = piece.usage.completion_tokens
        elif piece.text or piece.reasoning:
            self._written += 1
        if piece.usage or piece.finish_reason:
            self._end = replace(piece, text="", reasoning="", was_thought=False)
        elif not self._end.prompt_ms:
            self._end = Piece(usage=Usage(completion_tokens=self._written))

    def _think(self, piece: Piece) -> Pieces:
        if not (piece.was_thought or self.thought or piece.reasoning.strip()):
            return
        self._thought_tokens = self._written
        bounds = self._bounds
        if not (piece.was_thought or self.has_said) and self._written >= bounds.think:
            self._finish, self.is_cut = "length", True
            if not bounds.think:
                return
        self.thought += piece.reasoning
        yield Piece(reasoning=piece.reasoning, was_thought=piece.was_thought)

    def _say(self, text: str) -> Pieces:
        if not self._text:
            self._before_text = self._written - 1
        said = self._stopper.feed(text)
        if said:
            self._text += said
            self.has_said = self.has_said or bool(said.strip())
            yield Piece(text=said)
        if self._stopper.is_over:
            self._finish = "stop"
        elif self._written - self._before_text >= self._bounds.answer:
            self._finish = "length"
            if rest := self._stopper.end():
                yield Piece(text=rest)


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of a text may be the beginning of a stop text."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:n])), 0)


def _sum(before: Usage | None, after: Usage | None) -> Usage | None:
    """Return the usage of two requests; the second one reads the prompt of the first again, from the cache."""
    if before is None or after is None:
        return before or after
    first = before if before.prompt_tokens else after
    return Usage(
        prompt_tokens=first.prompt_tokens,
        cached_tokens=first.cached_tokens,
        completion_tokens=before.completion_tokens + after.completion_tokens,
    )
