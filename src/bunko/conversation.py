"""A conversation: a library and the earlier turns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from bunko.door import at_the_door, steps_at_the_door
from bunko.types import Answer, Event, Finished, Message

# Characters and quotes of an answer that are kept in the history: an answer may list a thousand documents.
_HISTORY_CHARACTERS = 10_000
_MOST_QUOTES = 50


class Streams(Protocol):
    """What a conversation needs of a library, local or remote."""

    def stream(self, question: str, *, history: tuple[Message, ...] = ()) -> Iterator[Event]:
        """Yield what `Library.stream` yields."""
        ...


class Conversation:
    """A library and the earlier turns."""

    def __init__(self, library: Streams) -> None:
        self._library = library
        self.history: tuple[Message, ...] = ()

    def _repr_html_(self) -> str:
        from bunko.notebook_html import conversation_html

        return conversation_html(self.history)

    @steps_at_the_door
    def stream(self, question: str) -> Iterator[Event]:
        """Yield what `Library.stream` yields; a complete answer becomes part of the history."""
        for event in self._library.stream(question, history=self.history):
            if isinstance(event, Finished):
                answer = event.answer  # a request about an answer is kept as it is: it has no question of its own
                asked = Message(role="user", content=question if answer.revision else answer.standalone_question)
                self.history += (asked, _turn(answer))
            yield event

    @at_the_door
    def ask(self, question: str) -> Answer:
        """Answer a question, given the earlier turns."""
        return last(self.stream(question))


def _turn(answer: Answer) -> Message:
    return Message(
        role="assistant",
        content=answer.text[:_HISTORY_CHARACTERS],
        reasoning=answer.reasoning,
        evidence=answer.evidence[:_MOST_QUOTES],
    )


def last(events: Iterator[Event]) -> Answer:
    """Return the answer at the end of a stream of events."""
    for event in events:
        if isinstance(event, Finished):
            return event.answer
    raise AssertionError("a stream of events ends with Finished")
