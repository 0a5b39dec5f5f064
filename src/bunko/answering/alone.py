"""Have the model answer alone, without documents. In: a question, the earlier turns. Out: events, the answer last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bunko.answering import prompts
from bunko.answering.answer_length import with_length, with_room
from bunko.answering.writing import notes_of, write
from bunko.errors import QuestionError
from bunko.ports import Generator
from bunko.question.question import check_question
from bunko.settings import Settings
from bunko.stopwatch import Stopwatch
from bunko.types import Answer, Event, Finished, Message


def answer_without_documents(
    question: str,
    generator: Generator,
    *,
    settings: Settings,
    history: Sequence[Message] = (),
    watch: Stopwatch,
) -> Iterator[Event]:
    """Yield the model's own answer: deltas, then Finished. Nothing is added to the question.

    Raises QuestionError where there is no model.
    """
    check_question(question)
    if not generator.spec.writes:
        raise QuestionError("There is no language model to ask (--model none).", "Name one, or ask a folder.")
    with watch.stage("load"):
        settings, room = with_room(with_length(settings, generator.spec), context=generator.context_tokens())
    with watch.stage("prompt"):
        messages = _within(room, question, history, generator, language=settings.answer_language)
    written = yield from write(messages, generator, settings, watch)
    yield Finished(
        answer=Answer(
            question=question,
            standalone_question=question,
            text=written.text.strip(),
            reasoning=written.reasoning.strip(),
            usage=written.usage,
            timings=watch.timings(),
            model=generator.spec.name,
            finish_reason=written.finish_reason,
            notes=(*notes_of(written, settings), *generator.spec.notes),
        )
    )


def _within(
    room: int, question: str, history: Sequence[Message], generator: Generator, *, language: str
) -> list[Message]:
    """Return the messages of a conversation without documents, the oldest turns dropped until they fit."""
    turns = list(history)
    while True:
        messages = prompts.plain_messages(question, turns, language=language)
        tokens = generator.count_tokens(messages)
        if tokens <= room:
            return messages
        oldest = 1 if turns and turns[0].role == "system" else 0
        if len(turns) == oldest:
            raise _too_long(tokens, room)
        del turns[oldest : oldest + 2]


def _too_long(tokens: int, room: int) -> QuestionError:
    return QuestionError(
        f"The question is too long: it has {tokens} tokens, and the context window has room for {room}.",
        "Shorten it, lower --max-tokens, or raise generation.context_tokens.",
    )
