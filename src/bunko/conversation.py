"""A conversation: a library and the earlier turns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from bunko.types import Answer, Event, Finished, Message

if TYPE_CHECKING:
    pass


# Characters of an answer that a follow-up question can refer to: an answer may name a hundred documents.
_REMEMBERED = 1000


class Streams(Protocol):
    """What a conversation needs of a library, wherever that is."""

    def stream(self, question: str, *, history: tuple[Message, ...] = ()) -> Iterator[Event]:
        """Yield what `Library.stream` yields."""
        ...


class Conversation:
    """A library and what was said so far."""

    def __init__(self, library: Streams) -> None:
        self._library = library
        self.history: tuple[Message, ...] = ()

    def stream(self, question: str) -> Iterator[Event]:
        """Yield what `Library.stream` yields; an answer that was heard to its end becomes part of the history."""
        for event in self._library.stream(question, history=self.history):
            if isinstance(event, Finished):
                asked = Message(role="user", content=event.answer.standalone_question)
                self.history += (asked, _said(event.answer))
            yield event

    def ask(self, question: str) -> Answer:
        """Answer a question in the light of the ones before it."""
        return last(self.stream(question))


def _said(answer: Answer) -> Message:
    return Message(role="assistant", content=answer.text[:_REMEMBERED], reasoning=answer.reasoning)


def last(events: Iterator[Event]) -> Answer:
    """Return the answer that ends a stream of events."""
    for event in events:
        if isinstance(event, Finished):
            return event.answer
    raise AssertionError("a stream of events ends with Finished")
