"""Find what a question presupposes and no passage contains. In: question, hits, quotes. Out: numbers and names.

Notations of one number and spellings of one name are equal, as in grounding, and typing errors are forgiven. Knows
nothing of scores and models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bunko.language.numbered_parts import NumberedPart
from bunko.question.presuppositions import PresupposedNumber
from bunko.question.question import Question
from bunko.retrieval.entities import (
    Scope,
    has_identifier,
    has_name,
    has_number,
    has_numbered_part,
    is_date,
    is_in_another_part,
    may_have_date,
    scope_of,
)
from bunko.types import Evidence, Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What of a question no passage contains, as the question writes it."""

    numbers: tuple[str, ...] = ()
    """Identifiers and dates that no quote is about; years and other numbers that the passages of the quotes lack."""
    names: tuple[str, ...] = ()
    """Proper names that the passages of the quotes lack."""
    parts: tuple[str, ...] = ()
    """The articles and sections named, where the quotes are in others and are about none of them."""


def missing(question: Question, hits: Sequence[Hit], quotes: Sequence[Evidence]) -> Missing:
    """Return what a question presupposes and the passages lack.

    Names are compared only where all passages are in the question's language: another language spells them otherwise.

    >>> from bunko.question.question import parse_question
    >>> from bunko.types import Chunk
    >>> text = "In 1911 Ada Lind built the mill."
    >>> hit = Hit(chunk=Chunk(path="a.txt", start=0, end=len(text), text=text, language="en", key="1"), score=1.0)
    >>> quote = Evidence(path="a.txt", start=0, end=len(text), quote=text, score=1.0)
    >>> missing(parse_question("What did Bob Hay do to the mill of Lind in 1931?"), [hit], [quote])
    Missing(numbers=('1931',), names=('Bob Hay',), parts=())
    """
    presupposed = question.presupposes
    pairs = [(hit, quote) for quote in quotes for hit in hits if _contains(hit, quote)]
    scopes = [scope_of(hit.chunk, start=quote.start, end=quote.end, heading=quote.heading) for hit, quote in pairs]
    comparable = bool(pairs) and all(hit.chunk.language == question.language for hit, _ in pairs)
    numbers = presupposed.numbers if scopes else ()
    names = presupposed.names if comparable else ()
    identifiers = question.identifiers if scopes else ()
    unmet = [number for number in numbers if not any(_has_number(number, scope) for scope in scopes)]
    unknown = [name for name in names if not any(has_name(name, scope.passage) for scope in scopes)]
    absent = [item for item in identifiers if not any(has_identifier(item, scope) for scope in scopes)]
    elsewhere = [part for part in question.parts if _is_elsewhere(part, scopes)]
    if len(elsewhere) < len(question.parts):  # of two articles that are compared, one may not exist
        elsewhere = []
    if question.offers_choice:  # of the alternatives, a document need know only one
        unmet = unmet if len(unmet) == len(numbers) else []
        unknown = unknown if len(unknown) == len(names) else []
        absent = absent if len(absent) == len(identifiers) else []
    return Missing(
        numbers=(*(item.text for item in absent), *(number.text for number in unmet)),
        parts=tuple(part.text for part in elsewhere),
        names=tuple(name.text for name in unknown),
    )


def _is_elsewhere(part: NumberedPart, scopes: Sequence[Scope]) -> bool:
    """Return whether the documents number their articles, and no quote is about this one."""
    return any(is_in_another_part(part, scope) for scope in scopes) and not any(
        has_numbered_part(part, scope) for scope in scopes
    )


def _has_number(number: PresupposedNumber, scope: Scope) -> bool:
    if is_date(number.quantity):
        return may_have_date(number, scope)
    return has_number(number, scope.passage)


def _contains(hit: Hit, quote: Evidence) -> bool:
    return hit.chunk.path == quote.path and hit.chunk.start <= quote.start < hit.chunk.end
