"""How an answer ends. In: pieces, finish reasons. Out: notes for the reader, and the text before an end mark.

Knows no connections.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bunko.generation.bounding import Stopper
from bunko.ports import FinishReason, Piece
from bunko.types import Message

# Control tokens that a server with the wrong settings for a model lets through: what follows is another turn.
_MARKS = ("<|im_end|>", "<|im_start|>", "<end_of_turn>", "<start_of_turn>", "<|eot_id|>", "<|endoftext|>")


def ending_marks(messages: Sequence[Message]) -> tuple[str, ...]:
    """Return the control tokens that end a text; none that the prompt has, since the answer may quote it."""
    asked = "\n".join(message.content for message in messages)
    return tuple(mark for mark in _MARKS if mark not in asked)


def cut_at(stops: tuple[str, ...], pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Yield pieces up to the first of these texts, however it is split. The last piece is kept."""
    if not stops:
        yield from pieces
        return
    stopper = Stopper(stops)
    for piece in pieces:
        text = stopper.feed(piece.text) if piece.text and not stopper.is_over else ""
        if piece.finish_reason:
            text += stopper.end()
        if text or piece.reasoning:
            yield replace(piece, text=text, finish_reason=None, notes=())
        if piece.finish_reason:
            reason = "stop" if stopper.is_over else piece.finish_reason
            yield replace(piece, text="", reasoning="", finish_reason=reason)


def finish_reason_of(finish: str) -> FinishReason:
    """Return how a completion ended, by what the server says; it is "stop" where that is unknown.

    >>> finish_reason_of("length"), finish_reason_of("content_filter"), finish_reason_of("tool_calls")
    ('length', 'content_filter', 'stop')
    """
    return "length" if finish == "length" else "content_filter" if finish == "content_filter" else "stop"


def notes_on_end(finish: str, *, refusal: str, tool: str) -> tuple[str, ...]:
    """Return what the reader should know of how an answer ended.

    >>> notes_on_end("content_filter", refusal="", tool="")
    ('The server stopped the answer: its content filter does not allow it.',)
    """
    if refusal.strip():
        return (f"The model refused to answer: “{refusal.strip()[:300]}”",)
    if finish == "content_filter":
        return ("The server stopped the answer: its content filter does not allow it.",)
    if tool or finish in ("tool_calls", "function_call"):
        return (f"The model called a tool ({tool or 'unnamed'}) instead of answering; Bunko gives it none.",)
    return ()


def tool_of(delta: Mapping[str, Any]) -> str:
    """Return the name of the tool that a delta calls; empty if it calls none."""
    calls = delta.get("tool_calls") or [{"function": delta.get("function_call")}]
    first = calls[0] if isinstance(calls, list) and isinstance(calls[0], dict) else {}
    function = first.get("function")
    return str(function.get("name") or "")[:80] if isinstance(function, dict) else ""
