"""Find articles, sections and clauses by number. In: a text, or the place of a quote. Out: parts; a number.

"Article 3" names a part only where a document numbers its parts: in its headings, or at the beginning of its lines.
So a part is compared with the place of a quote, and is no word of its own. The Japanese 第3条 is an identifier.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bunko.language.numerals import fold_width


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedPart:
    """A part of a document as a text names it."""

    start: int
    end: int
    text: str
    unit: str
    """In lower case and full: article, section."""
    number: str
    """In digits: 3, 3.2, 12a."""


_UNITS = {
    "article": r"articles?|art\.",
    "section": r"sections?|sec\.|§{1,2}",
    "clause": r"clauses?",
    "chapter": r"chapters?",
    "paragraph": r"paragraphs?|para\.",
    "rule": r"rules?",
    "annex": r"annex(?:es)?",
    "appendix": r"appendi(?:x|ces)",
    "schedule": r"schedules?",
    "amendment": r"amendments?",
}
# A heading may leave these out: "12. Noise", "3.2 Scope".
_UNNAMED = frozenset({"section", "clause", "chapter", "paragraph"})
_NUMBER = r"(?P<number>\d{1,3}(?:\.\d{1,3}){0,3}[a-z]?|[IVXLC]{1,7})(?![\w%]|[.,]\d)"
_BARE = re.compile(r"[\s#>*]*(?P<number>\d{1,3}(?=[.)]\s)|\d{1,3}(?:\.\d{1,3}){1,3}(?=[.)]?\s))")
_NAMED = {unit: re.compile(rf"(?<!\w)(?i:{form})[ \t]?[ \t]?{_NUMBER}") for unit, form in _UNITS.items()}
_BEGINS = {unit: re.compile(rf"[\s#>*]*(?i:{form})[ \t]?[ \t]?{_NUMBER}") for unit, form in _UNITS.items()}
_ANY = re.compile(rf"(?<!\w)(?i:{'|'.join(_UNITS.values())})[ \t]?[ \t]?[\dIVXLC]")
_LABEL = re.compile(rf"[\s#>*]*(?i:{'|'.join(_UNITS.values())})[ \t]?[ \t]?{_NUMBER}\W*")
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_HEADING_END = re.compile(r" > |\n")


def numbered_parts(text: str) -> tuple[NumberedPart, ...]:
    """Return the parts that a text names, in order.

    >>> [(part.unit, part.number) for part in numbered_parts("Does Art. IV of § 12a, or Section 3.2, hold in part 3?")]
    [('article', '4'), ('section', '12a'), ('section', '3.2')]
    >>> numbered_parts("Article 5% of articles 1,000 and the chapter")
    ()
    """
    folded = fold_width(text)
    if not _ANY.search(folded):
        return ()
    found = [
        NumberedPart(
            start=match.start(), end=match.end(), text=match.group(), unit=unit, number=_digits(match["number"])
        )
        for unit, pattern in _NAMED.items()
        for match in pattern.finditer(folded)
    ]
    return tuple(sorted(found, key=lambda part: part.start))


def is_label(text: str) -> bool:
    """Return whether a text is only the number of a part.

    >>> is_label("Article 2."), is_label("Article 2 holds.")
    (True, False)
    """
    return bool(_LABEL.fullmatch(text))


def names_part(text: str, part: NumberedPart) -> bool:
    """Return whether a text names a part, or a part of it.

    >>> (part,) = numbered_parts("Section 3")
    >>> names_part("as section 3.1 says", part), names_part("as Section 30 says", part)
    (True, False)
    """
    return any(one.unit == part.unit and _is_within(one.number, part.number) for one in numbered_parts(text))


def part_at(part: NumberedPart, *, quote: str, headings: str, before: str) -> str:
    r"""Return the number of the part that a quote is in, of the unit of `part`; empty where it is in none.

    The beginning of the quote tells it, else the headings above, the innermost first, else the last line before that
    begins with one.

    >>> (part,) = numbered_parts("Article 3")
    >>> part_at(part, quote="Dogs pay 5.", headings="Rules > Article 4 Dogs", before="")
    '4'
    >>> part_at(part, quote="Dogs pay 5.", headings="Rules", before="Article 2. Cats.\nArticle 4. Dogs. ")
    '4'
    """
    above = [fold_width(heading) for heading in reversed(_HEADING_END.split(headings))]
    places = [fold_width(quote), *above, *reversed(fold_width(before).split("\n"))]
    found = [_BEGINS[part.unit].match(place) for place in places]
    if part.unit in _UNNAMED:
        found += [_BARE.match(heading) for heading in above]
    return next((_digits(match["number"]) for match in found if match), "")


def is_in(place: str, part: NumberedPart) -> bool:
    """Return whether the number of a place is that of a part, or of a part of it: 3.2 is in 3."""
    return bool(place) and _is_within(place, part.number)


def is_elsewhere(place: str, part: NumberedPart) -> bool:
    """Return whether the number of a place is that of another part. 3 is not elsewhere for 3.2, which may be in it."""
    return bool(place) and not _is_within(place, part.number) and not _is_within(part.number, place)


def _is_within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(f"{outer}.")


def _digits(number: str) -> str:
    if number[0].isdigit():
        return number.lower()
    values = [_ROMAN[sign] for sign in number]
    return str(sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True)))
