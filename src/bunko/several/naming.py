"""Name the library of each source. In: events whose paths begin with the library's name. Out: events, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from bunko.types import Citation, Event, Evidence, Finished, Hit, Message, Retrieved

Source = TypeVar("Source", Evidence, Citation)


def named_event(event: Event) -> Event:
    """Return an event whose sources have the library and the path within it."""
    match event:
        case Retrieved():
            return replace(event, evidence=tuple(map(_named, event.evidence)), hits=tuple(map(named_hit, event.hits)))
        case Finished():
            answer = replace(
                event.answer,
                evidence=tuple(map(_named, event.answer.evidence)),
                citations=tuple(map(_named, event.answer.citations)),
                hits=tuple(map(named_hit, event.answer.hits)),
            )
            return Finished(answer=answer)
        case _:
            return event


def named_hit(hit: Hit) -> Hit:
    """Return a hit with its library and the path within it."""
    library, _, path = hit.chunk.path.partition("/")
    return replace(hit, chunk=replace(hit.chunk, library=library, path=path))


def _named(source: Source) -> Source:
    library, _, path = source.path.partition("/")
    return replace(source, library=library, path=path)


def joined(message: Message) -> Message:
    """Return an earlier turn with paths that begin with the library's name, as they are known within."""
    if not message.evidence:
        return message
    return replace(
        message,
        evidence=tuple(
            replace(item, path=f"{item.library}/{item.path}", library="") if item.library else item
            for item in message.evidence
        ),
    )
