"""A conversation: a library and the earlier turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from bunko.door import at_the_door, steps_at_the_door
from bunko.types import Answer, Event, Finished, Message
from bunko.within import Within

if TYPE_CHECKING:
    from typing_extensions import Unpack

# Characters and quotes of an answer that are kept in the history: an answer may list a thousand documents.
_HISTORY_CHARACTERS = 10_000
_MOST_QUOTES = 50


class Streams(Protocol):
    """What a conversation needs of a library, local or remote."""

    def stream(
        self,
        question: str,
        *,
        history: tuple[Message, ...] = (),
        settings: Mapping[str, object] | None = None,
        **within: Unpack[Within],
    ) -> Iterator[Event]:
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
    def stream(
        self, question: str, *, settings: Mapping[str, object] | None = None, **within: Unpack[Within]
    ) -> Iterator[Event]:
        """Yield what `Library.stream` yields; a complete answer becomes part of the history.

        `settings` and the documents to ask hold for this question.
        """
        for event in self._library.stream(question, history=self.history, settings=settings, **within):
            if isinstance(event, Finished):
                answer = event.answer  # a request about an answer is kept as it is: it has no question of its own
                asked = Message(role="user", content=question if answer.revision else answer.standalone_question)
                self.history += (asked, _turn(answer))
            yield event

    @at_the_door
    def ask(self, question: str, *, settings: Mapping[str, object] | None = None, **within: Unpack[Within]) -> Answer:
        """Answer a question, given the earlier turns. Arguments are those of `stream`."""
        return last(self.stream(question, settings=settings, **within))


def _turn(answer: Answer) -> Message:
    return Message(
        role="assistant",
        content=answer.text[:_HISTORY_CHARACTERS],
        reasoning=answer.reasoning,
        evidence=answer.evidence[:_MOST_QUOTES],
    )


def last(events: Iterator[Event]) -> Answer:
    """Return the answer at the end of a stream of events, its notes in the language of the question."""
    for event in events:
        if isinstance(event, Finished):
            from bunko.notes.wording import with_worded_notes

            return with_worded_notes(event.answer)
    raise AssertionError("a stream of events ends with Finished")
