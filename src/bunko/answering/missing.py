"""Find what a question presupposes and no passage contains. In: question, hits, quotes. Out: numbers and names.

Notations of one number and spellings of one name are equal, as in grounding, and typing errors are forgiven. Knows
nothing of scores and models.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bunko.language.names import Name, fold_text, has_part
from bunko.language.numerals import fold_width
from bunko.language.quantities import agrees, quantities
from bunko.question.presuppositions import PresupposedNumber
from bunko.question.question import Question
from bunko.types import Evidence, Hit

_FIGURES = re.compile(r"\d+")
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc・]+")
_KATAKANA_WORDS = re.compile(r"[\u30a1-\u30fa\u30fc]+")
_TYPO = 0.75  # difflib's ratio: Frensh and French .83, Celeron and Céloron .86, Canterbury and Cambridge .53
# In shorter names, a typing error looks like another name.
_SHORTEST_WITH_TYPO = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What of a question no passage contains, as the question writes it."""

    numbers: tuple[str, ...] = ()
    """Years and other numbers in figures that the passages of the quotes lack."""
    names: tuple[str, ...] = ()
    """Proper names that all passages lack."""


def missing(question: Question, hits: Sequence[Hit], quotes: Sequence[Evidence]) -> Missing:
    """Return what a question presupposes and the passages lack.

    Names are compared only where all passages are in the question's language: another language spells them otherwise.

    >>> from bunko.question.question import parse_question
    >>> from bunko.types import Chunk
    >>> text = "In 1911 Ada Lind built the mill."
    >>> hit = Hit(chunk=Chunk(path="a.txt", start=0, end=len(text), text=text, language="en", key="1"), score=1.0)
    >>> quote = Evidence(path="a.txt", start=0, end=len(text), quote=text, score=1.0)
    >>> missing(parse_question("What did Bob Hay do to the mill of Lind in 1931?"), [hit], [quote])
    Missing(numbers=('1931',), names=('Bob Hay',))
    """
    presupposed = question.presupposes
    quoted = [_text(hit) for hit in hits if any(_contains(hit, quote) for quote in quotes)]
    found = [_text(hit) for hit in hits]
    comparable = bool(hits) and all(hit.chunk.language == question.language for hit in hits)
    numbers = presupposed.numbers if quoted else ()
    names = presupposed.names if comparable else ()
    unmet = [number for number in numbers if not _is_in(number, quoted)]
    unknown = [name for name in names if not _is_known(name, found)]
    if question.offers_choice:  # of the alternatives, a document need know only one
        unmet = unmet if len(unmet) == len(numbers) else []
        unknown = unknown if len(unknown) == len(names) else []
    return Missing(numbers=tuple(number.text for number in unmet), names=tuple(name.text for name in unknown))


def _is_in(number: PresupposedNumber, texts: Sequence[str]) -> bool:
    """Return whether a text has a number, or at least its figures; of a date, its year is enough."""
    item = number.quantity
    if item.kind == "date" and item.year is not None:
        item = replace(item, month=None, day=None)
    figures = _figures(number.text)
    return any(
        figures <= _figures(fold_width(text)) or any(agrees(item, other) for other in quantities(text))
        for text in texts
    )


def _figures(text: str) -> set[str]:
    return set(_FIGURES.findall(text.replace(",", "")))


def _is_known(name: Name, texts: Sequence[str]) -> bool:
    if any(has_part(name, text) for text in texts):
        return True
    if _KATAKANA.fullmatch(name.text):
        known = {word for text in texts for word in _KATAKANA_WORDS.findall(text)}
    else:
        known = {word for text in texts for word in fold_text(text).words}
    return any(
        len(word) >= _SHORTEST_WITH_TYPO and difflib.get_close_matches(word, known, 1, _TYPO) for word in name.words
    )


def _contains(hit: Hit, quote: Evidence) -> bool:
    return hit.chunk.path == quote.path and hit.chunk.start <= quote.start < hit.chunk.end


def _text(hit: Hit) -> str:
    return f"{hit.chunk.file_words}\n{hit.chunk.heading}\n{hit.chunk.text}"
