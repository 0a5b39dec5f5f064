"""Reply to a greeting and the like. In: a question. Out: the events of an answer. Searches nothing, asks no model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bunko.question.question import Question
from bunko.question.small_talk import SmallTalk
from bunko.stopwatch import Stopwatch
from bunko.types import Answer, Event, Finished, Message, Retrieved, TextDelta


def small_talk_of(question: Question, history: Sequence[Message]) -> SmallTalk | None:
    """Return the small talk that a text is. "And then?" has no word to search for, but an earlier turn may have it."""
    talk = question.small_talk
    return None if talk is None or (history and not talk.kind) else talk


def reply(talk: SmallTalk, question: Question, *, model: str, language: str, watch: Stopwatch) -> Iterator[Event]:
    """Yield Retrieved without evidence, the reply, then Finished. `language` is the answer's; empty: the text's own."""
    text = (replace(talk, language=language) if language else talk).reply
    yield Retrieved(question=question.text, evidence=(), hits=())
    yield TextDelta(text=text)
    yield Finished(
        answer=Answer(
            question=question.text,
            standalone_question=question.text,
            text=text,
            kind="greeting",
            timings=watch.timings(),
            model=model,
            finish_reason="none",
        )
    )
