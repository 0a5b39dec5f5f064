"""Check whether a quote is about what a question names. In: a question, a quote with its surroundings. Out: shares.

A question names identifiers (PPR-9087), numbers and dates, and proper names. A quote is about one if it contains it, or
the headings above it, the path of its document or the question that it answers do. A pronoun may stand for it: then it
is in the text before the quote. Notations of one number and spellings of one name are equal, and typing errors are
forgiven in names. Knows nothing of scores and models.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from bunko.language.across_scripts import has_across_scripts
from bunko.language.identifiers import Identifier, contains, identifiers
from bunko.language.names import Name, fold_text, has_part
from bunko.language.numbered_parts import NumberedPart, is_elsewhere, is_in, names_part, part_at
from bunko.language.quantities import quantities
from bunko.language.quantity import Quantity, agrees
from bunko.language.reading_variants import reading_variants
from bunko.question.presuppositions import PresupposedNumber
from bunko.question.question import Question
from bunko.types import Chunk

_T = TypeVar("_T")
_FIGURES = re.compile(r"\d+")
_EITHER = re.compile(r"(?:0?[1-9]|1[0-2])/(?:0?[1-9]|1[0-2])/\d{4}")
_PARAGRAPH = re.compile(r"\n[ \t\u3000]*\n\s*")
_SENTENCE_END = re.compile(r"[.。!！?？;；|]$")
_LONGEST_HEADING = 60  # characters
_DAY_IN_PATH = re.compile(r"(?<!\d)((?:19|20)\d\d)_?(0[1-9]|1[0-2])_?([0-3]\d)(?!\d)")
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc・]+")
_KATAKANA_WORDS = re.compile(r"[\u30a1-\u30fa\u30fc]+")
_TYPO = 0.75  # difflib's ratio: Frensh and French .83, Celeron and Céloron .86, Canterbury and Cambridge .53
# In shorter names, a typing error looks like another name.
_SHORTEST_WITH_TYPO = 4
# The share that an entity counts where only the text around the quote has it.
_AROUND = 0.5


@dataclass(frozen=True, kw_only=True)
class Scope:
    """A quote, and what it may be about."""

    quote: str
    above: str
    """The path of the document, the headings above the quote, and the question in the document that it answers."""
    before: str = ""
    """The text of the passage before the quote."""
    lead: str = ""
    """What of it may name the subject: its own paragraph, or a line like a heading above."""
    after: str = ""
    """The text of the passage after it."""

    @cached_property
    def here(self) -> str:
        """The quote with what is above it."""
        return f"{self.above}\n{self.quote}"

    @cached_property
    def passage(self) -> str:
        """Everything."""
        return f"{self.above}\n{self.before}\n{self.quote}\n{self.after}"


def scope_of(chunk: Chunk, *, start: int, end: int, heading: str) -> Scope:
    """Return the scope of the quote from `start` to `end`, in characters of the document, under its own `heading`."""
    section = chunk.heading_at(start)
    start, end = start - chunk.start, end - chunk.start
    path = _DAY_IN_PATH.sub(r"\1-\2-\3", chunk.path)  # 20260305
    above = f"{path}\n{chunk.file_words}\n{section}\n{heading}"
    before = chunk.text[:start]
    return Scope(quote=chunk.text[start:end], above=above, before=before, lead=_lead(before), after=chunk.text[end:])


def _lead(before: str) -> str:
    r"""Return the end of a text that leads to the next sentence.

    >>> _lead("One.\n\nTwo. "), _lead("One.\n\n"), _lead("One.\n\nPPR-9087\n\n")
    ('Two. ', '', 'PPR-9087')
    """
    *others, last = _PARAGRAPH.split(before)
    if last.strip() or not others:
        return last
    line = others[-1].rpartition("\n")[2].strip()
    return "" if len(line) > _LONGEST_HEADING or _SENTENCE_END.search(line) else line


def share(question: Question, scope: Scope) -> float:
    """Return the share of what a question names that a quote is about: 0 to 1; 0 if it names nothing."""
    found = [
        *(float(has_identifier(item, scope)) for item in question.identifiers),
        *(float(has_numbered_part(item, scope)) for item in question.parts),
        *(
            float(has_date(item, scope)) if is_date(item.quantity) else _degree(item, scope, has_number)
            for item in question.presupposes.numbers
        ),
        *(_degree(item, scope, has_name) for item in question.presupposes.names),
    ]
    return sum(found) / len(found) if found else 0.0


def exact(question: Question, scope: Scope) -> int:
    """Return how many of the identifiers, dates and articles of a question a quote is about.

    One that is about another id, or another day, is no answer, however similar it is.
    """
    named = [has_identifier(item, scope) for item in question.identifiers]
    named += [has_numbered_part(item, scope) for item in question.parts]
    return sum(named) + sum(has_date(item, scope) for item in _dates_asked(question))


def is_placed(question: Question, scope: Scope) -> bool:
    """Return whether a quote is in an article or a section that the question names."""
    return any(is_in(_part_of(item, scope), item) for item in question.parts)


def has_numbered_part(asked: NumberedPart, scope: Scope) -> bool:
    """Return whether a quote is about an article: it is in it, or it names it."""
    return is_in(_part_of(asked, scope), asked) or names_part(scope.quote, asked)


def is_in_another_part(asked: NumberedPart, scope: Scope) -> bool:
    """Return whether a quote is in another article, and does not name the one that is asked for."""
    return is_elsewhere(_part_of(asked, scope), asked) and not names_part(scope.quote, asked)


def _part_of(asked: NumberedPart, scope: Scope) -> str:
    return part_at(asked, quote=scope.quote, headings=scope.above, before=scope.before)


def _dates_asked(question: Question) -> list[PresupposedNumber]:
    return [item for item in question.presupposes.numbers if is_date(item.quantity)]


def has_identifier(asked: Identifier, scope: Scope) -> bool:
    """Return whether a quote is about an identifier: it has it, or no other one of its kind stands between them."""
    if contains(scope.here, asked.key):
        return True
    kind = _kind(asked)
    if any(_kind(item) == kind for item in identifiers(scope.quote)):
        return False
    before = [item for item in identifiers(scope.lead) if _kind(item) == kind]
    return bool(before) and before[-1].key == asked.key


def _kind(item: Identifier) -> str:
    """Return the form of an identifier: ppr0 for PPR-9087."""
    return _FIGURES.sub("0", item.key)


def is_date(item: Quantity) -> bool:
    """Return whether a quantity is a date with more than its year."""
    return item.kind == "date" and item.month is not None and (item.year is not None or item.day is not None)


def has_date(asked: PresupposedNumber, scope: Scope) -> bool:
    """Return whether a quote is about a date: it has it, or no other date stands between them."""
    if any(_is_same(asked, date) for date in _dates(scope.here)):
        return True
    if _dates(scope.quote):
        return False
    before = _dates(scope.lead)
    return bool(before) and _is_same(asked, before[-1])


def may_have_date(asked: PresupposedNumber, scope: Scope) -> bool:
    """Return whether a quote is about a date, or its passage has the year and no date that contradicts it."""
    if has_date(asked, scope):
        return True
    year = replace(asked.quantity, month=None, day=None)
    others = [date for date in _dates(scope.passage) if any(one.year in (None, year.year) for one in date)]
    return not others and year.year is not None and any(agrees(year, other) for other in quantities(scope.passage))


def _dates(text: str) -> list[tuple[Quantity, ...]]:
    """Return the dates of a text that have more than a year, each with all its readings: 5/3/2026 has two."""
    return [_readings(item, text[item.start : item.end]) for item in quantities(text) if is_date(item)]


def _readings(item: Quantity, said: str) -> tuple[Quantity, ...]:
    return (item, replace(item, month=item.day, day=item.month)) if _EITHER.fullmatch(said) else (item,)


def _is_same(asked: PresupposedNumber, readings: tuple[Quantity, ...]) -> bool:
    """Return whether a date is the one that is asked for, as far as both say."""
    return any(
        all(
            one is None or other is None or one == other for one, other in zip(_parts(said), _parts(there), strict=True)
        )
        for there in readings
        for said in _readings(asked.quantity, asked.text)
    )


def _parts(item: Quantity) -> tuple[int | None, int | None, int | None]:
    return item.year, item.month, item.day


def has_number(asked: PresupposedNumber, text: str) -> bool:
    """Return whether a text has a number, or at least its figures; of a date, its year is enough."""
    item = asked.quantity
    if item.kind == "date" and item.year is not None:
        item = replace(item, month=None, day=None)
    figures = _figures(asked.text)
    return figures <= _figures(unicodedata.normalize("NFKC", text)) or any(
        agrees(item, other) for other in quantities(text)
    )


def _figures(text: str) -> set[str]:
    return set(_FIGURES.findall(text.replace(",", "")))


def has_name(name: Name, text: str) -> bool:
    """Return whether a text has a name, or a part of it, in any spelling, with a typing error or without."""
    if has_part(name, text):
        return True
    text = unicodedata.normalize("NFKC", text)
    said = unicodedata.normalize("NFKC", name.text)
    if any(other in text for other in reading_variants(said)) or has_across_scripts(said, text):
        return True
    known = set(_KATAKANA_WORDS.findall(text)) if _KATAKANA.fullmatch(said) else set(fold_text(text).words)
    return any(
        len(word) >= _SHORTEST_WITH_TYPO and difflib.get_close_matches(word, known, 1, _TYPO) for word in name.words
    )


def _degree(item: _T, scope: Scope, has: Callable[[_T, str], bool]) -> float:
    if has(item, scope.here):
        return 1.0
    return _AROUND if has(item, scope.passage) else 0.0


def lacking(items: Sequence[_T], texts: Sequence[str], has: Callable[[_T, str], bool]) -> list[_T]:
    """Return the items that no text has."""
    return [item for item in items if not any(has(item, text) for text in texts)]
