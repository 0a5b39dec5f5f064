"""Take a question's filters, and choose its documents. In: a question, filters, a store. Out: what to ask of what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from bunko.errors import QuestionError
from bunko.overview.surveying import Shelf
from bunko.ports import Quotable
from bunko.scope.choosing import choose
from bunko.scope.language import take_filters
from bunko.settings import ScopeSettings
from bunko.store import Listed
from bunko.types import Event, Finished, Retrieved, Scope, Span


class Documents(Quotable, Shelf, Protocol):
    """What questions need of a store, or of a part of one."""

    def count_documents(self) -> int:
        """Return the number of documents that could be read."""
        ...

    def languages(self) -> dict[str, int]:
        """Return the number of documents in each language."""
        ...

    def listing(self) -> Sequence[Listed]:
        """Return what filters compare of every document."""
        ...

    def outlines(self, formats: Sequence[str]) -> dict[str, tuple[str, tuple[Span, ...]]]:
        """Return format and tables of the documents of some formats, by path."""
        ...


@runtime_checkable
class Whole(Documents, Protocol):
    """What filters need of a store."""

    def part(self, paths: AbstractSet[str]) -> Documents:
        """Return the documents of these paths as a store of their own."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """The documents that a question is asked of."""

    store: Documents
    scope: Scope | None = None
    """Which documents these are; None: all."""


def text_of(question: str) -> tuple[str, ScopeSettings]:
    """Return a question without its filters, and these. Raises QuestionError where there is nothing else."""
    asked = take_filters(question)
    if not asked.text.strip() and asked.filters:
        raise QuestionError(
            "The question has filters, but no words.", 'Write what you want to know: "Who is the mayor? file:minutes*"'
        )
    return asked.text, asked.filters


def within(store: Whole, *filters: ScopeSettings) -> Within:
    """Return the documents of a store that pass all filters. Raises ScopeError where none does."""
    wanted = [one for one in filters if one]
    if not wanted:
        return Within(store=store)
    listed = store.listing()
    choice = choose(wanted, listed)
    readable = [one for one in listed if not one.error]
    scope = Scope(
        filters=choice.written,
        documents=sum(one.path in choice.paths for one in readable),
        of=len(readable),
    )
    return Within(store=store.part(choice.paths), scope=scope)


def with_scope(events: Iterator[Event], scope: Scope, *, question: str) -> Iterator[Event]:
    """Yield the events of an answer with the documents that were asked, and the question as it was written."""
    for event in events:
        match event:
            case Retrieved():
                yield replace(event, scope=scope)
            case Finished():
                yield Finished(answer=replace(event.answer, question=question, scope=scope))
            case _:
                yield event
