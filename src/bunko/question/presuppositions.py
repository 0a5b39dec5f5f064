"""Find what a question takes for granted and no passage has. In: question, hits, quotes. Out: numbers and names.

"What did Ada Lind build in 2031?" has no answer where nothing that was found knows of 2031, however much is told of
Ada Lind. Notations of one number and spellings of one name are one, as in grounding, and slips of the pen are forgiven.
Knows nothing of scores and models.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bunko.language.detection import detect_language
from bunko.language.names import Name, bearer, has_part, names
from bunko.language.numerals import fold_width
from bunko.language.quantities import Quantity, agrees, quantities
from bunko.question.yes_no import asks_whether
from bunko.types import Evidence, Hit

_FIGURES = re.compile(r"\d+")
# "Three reasons", "in 50 words": how much is wanted, and not what is asked about. Of shares and centuries all count.
_SMALL = 20
_NEVER_SMALL = frozenset({"percent", "century", "decade"})
_OF_THE_ANSWER = re.compile(
    r"\s*-?(?:words?|sentences?|paragraphs?|lines?|bullets?|points?|characters?|文字|字|文|行|語)", re.I
)
_LATIN = re.compile(r"[^\W\d_]", re.ASCII)
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc・]+")
_KATAKANA_WORDS = re.compile(r"[\u30a1-\u30fa\u30fc]+")
_OFFERS = re.compile(r"\bor\b|それとも|または|あるいは|[か、]どちら", re.I)
_SLIP = 0.75  # difflib's ratio: Frensh and French .83, Celeron and Céloron .86, Canterbury and Cambridge .53
# The first letters of a short name say too little to tell a slip from another name.
_LEAST_FOR_A_SLIP = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What of a question no passage has, as the question writes it."""

    numbers: tuple[str, ...] = ()
    """Years and other numbers in figures that the passages of the quotes lack."""
    names: tuple[str, ...] = ()
    """Names that all passages lack: words in capitals, and in katakana."""


def missing(question: str, hits: Sequence[Hit], quotes: Sequence[Evidence]) -> Missing:
    """Return what a question names and the passages lack.

    Names are looked for only where all passages are in the question's language: another one writes them otherwise.
    What can be answered by yes or no takes nothing for granted, and of what can be chosen from one is enough.

    >>> from bunko.types import Chunk
    >>> text = "In 1911 Ada Lind built the mill."
    >>> hit = Hit(chunk=Chunk(path="a.txt", start=0, end=len(text), text=text, language="en", key="1"), score=1.0)
    >>> quote = Evidence(path="a.txt", start=0, end=len(text), quote=text, score=1.0)
    >>> missing("What did Bob Hay do to the mill of Lind in 1931?", [hit], [quote])
    Missing(numbers=('1931',), names=('Bob Hay',))
    """
    if asks_whether(question):
        return Missing()
    quoted = [_text(hit) for hit in hits if any(_holds(hit, quote) for quote in quotes)]
    found = [_text(hit) for hit in hits]
    language = detect_language(question)
    comparable = bool(hits) and all(hit.chunk.language == language for hit in hits)
    numbers = [item for item in quantities(question) if quoted and _is_asked_about(item, question)]
    unmet = [item for item in numbers if not _is_in(item, question, quoted)]
    named = [name for name in names(question) if comparable and _is_proper(name, question)]
    unknown = [name for name in named if not _is_known(name, found)]
    if _OFFERS.search(question):
        unmet = unmet if len(unmet) == len(numbers) else []
        unknown = unknown if len(unknown) == len(named) else []
    return Missing(
        numbers=tuple(_written(question, item) for item in unmet), names=tuple(name.text for name in unknown)
    )


def _is_asked_about(item: Quantity, question: str) -> bool:
    if not _FIGURES.search(_written(question, item)) or _OF_THE_ANSWER.match(question, item.end):
        return False
    return item.kind != "number" or item.value > _SMALL or item.unit in _NEVER_SMALL


def _is_in(item: Quantity, question: str, texts: Sequence[str]) -> bool:
    """Tell whether one of the texts has a number, or its figures; of a date, its year is enough."""
    if item.kind == "date" and item.year is not None:
        item = replace(item, month=None, day=None)
    figures = _figures(_written(question, item))
    return any(
        figures <= _figures(fold_width(text)) or any(agrees(item, other) for other in quantities(text))
        for text in texts
    )


def _figures(text: str) -> set[str]:
    return set(_FIGURES.findall(text.replace(",", "")))


def _is_proper(name: Name, question: str) -> bool:
    """Tell whether this is a name beyond doubt, which a text that speaks of its bearer has.

    Letters in capitals may be short for words that stand there in full, and kanji are as often no name.
    """
    if _KATAKANA.fullmatch(name.text):
        return True
    if len(name.words) == 1 and not question[: name.start].strip():
        return False  # in capitals because it is the first
    rest = question[: name.start] + question[name.end :]
    others = [word for word in rest.split()[1:] if _LATIN.match(word)]
    in_title_case = len(others) > 1 and all(word[0].isupper() for word in others)
    return bool(_LATIN.match(name.text)) and not in_title_case and not name.text.replace(" ", "").isupper()


def _is_known(name: Name, texts: Sequence[str]) -> bool:
    if any(has_part(name, text) for text in texts):
        return True
    if _KATAKANA.fullmatch(name.text):
        known = {word for text in texts for word in _KATAKANA_WORDS.findall(text)}
    else:
        known = {word for text in texts for word in bearer(text).words}
    return any(
        len(word) >= _LEAST_FOR_A_SLIP and difflib.get_close_matches(word, known, 1, _SLIP) for word in name.words
    )


def _written(text: str, item: Quantity) -> str:
    return fold_width(text)[item.start : item.end]


def _holds(hit: Hit, quote: Evidence) -> bool:
    return hit.chunk.path == quote.path and hit.chunk.start <= quote.start < hit.chunk.end


def _text(hit: Hit) -> str:
    return f"{hit.chunk.file_words}\n{hit.chunk.heading}\n{hit.chunk.text}"
