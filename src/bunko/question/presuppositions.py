"""Find what a question presupposes. In: its text, quantities and names. Out: numbers and names, no documents needed.

"What did Ada Lind build in 2031?" presupposes that Ada Lind exists and that something happened in 2031.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from bunko.language.identifiers import Identifier
from bunko.language.names import Name
from bunko.language.numbered_parts import NumberedPart
from bunko.language.numerals import fold_width
from bunko.language.quantity import Quantity

_FIGURES = re.compile(r"\d+")
# "Three reasons", "in 50 words" say how long the answer should be. Of percentages and centuries every number counts.
_SMALL = 20
_NEVER_SMALL = frozenset({"percent", "century", "decade"})
_OF_THE_ANSWER = re.compile(
    r"\s*-?(?:words?|sentences?|paragraphs?|lines?|bullets?|points?|characters?|文字|字|文|行|語)", re.I
)
_LATIN = re.compile(r"[^\W\d_]", re.ASCII)
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc・]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PresupposedNumber:
    """A number that a question takes for granted."""

    text: str
    """As the question writes it, in half width."""
    quantity: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Presuppositions:
    """What a question takes for granted."""

    numbers: tuple[PresupposedNumber, ...] = ()
    """Years and other numbers in figures."""
    names: tuple[Name, ...] = ()
    """Proper names: capitalised words, and words in katakana."""


def presuppositions(
    text: str,
    quantities: Sequence[Quantity],
    names: Sequence[Name],
    identifiers: Sequence[Identifier | NumberedPart] = (),
) -> Presuppositions:
    """Return what a question takes for granted. Don't call it for a yes/no question, which takes nothing for granted.

    The parts of `identifiers` are neither numbers nor names.

    >>> from bunko.language.names import names
    >>> from bunko.language.quantities import quantities
    >>> text = "What did Bob Hay do to the mill of Lind in 1931?"
    >>> found = presuppositions(text, quantities(text), names(text))
    >>> [number.text for number in found.numbers], [name.text for name in found.names]
    (['1931'], ['Bob Hay', 'Lind'])
    """
    folded = fold_width(text)
    numbers = [PresupposedNumber(text=folded[item.start : item.end], quantity=item) for item in quantities]
    taken = [(item.start, item.end) for item in identifiers]
    return Presuppositions(
        numbers=tuple(
            number
            for number in numbers
            if _is_asked_about(number, text) and not _overlaps(number.quantity.start, number.quantity.end, taken)
        ),
        names=tuple(name for name in names if _is_proper(name, text) and not _overlaps(name.start, name.end, taken)),
    )


def _overlaps(start: int, end: int, taken: Sequence[tuple[int, int]]) -> bool:
    return any(start < other_end and other_start < end for other_start, other_end in taken)


def _is_asked_about(number: PresupposedNumber, text: str) -> bool:
    item = number.quantity
    if not _FIGURES.search(number.text) or _OF_THE_ANSWER.match(text, item.end):
        return False
    return item.kind != "number" or item.value > _SMALL or item.unit in _NEVER_SMALL


def _is_proper(name: Name, text: str) -> bool:
    """Return whether a name is certainly one. Documents may spell out acronyms, and kanji are often not a name."""
    if _KATAKANA.fullmatch(unicodedata.normalize("NFKC", name.text)):
        return True
    if len(name.words) == 1 and not text[: name.start].strip():
        return False  # capitalised because it is the first word
    rest = text[: name.start] + text[name.end :]
    others = [word for word in rest.split()[1:] if _LATIN.match(word)]
    in_title_case = len(others) > 1 and all(word[0].isupper() for word in others)
    return bool(_LATIN.match(name.text)) and not in_title_case and not name.text.replace(" ", "").isupper()
