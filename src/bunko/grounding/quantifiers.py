"""Find where a sentence says more than a text by a word of quantity. In: two texts. Out: that word, or "".

"All members" says more than "some members", "only members" more than "members", and "at most 12" is not "at least 12".
The words and examples are in `quantifiers.toml`. Knows nothing of answers and sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from bunko.grounding.clauses import bases, content_after, content_before, tokens
from bunko.language.data_files import read_data
from bunko.language.inflection import is_among
from bunko.language.numerals import fold_width
from bunko.language.quantities import quantities
from bunko.language.quantity import Quantity, agrees

DATA_FILE = Path(__file__).with_suffix(".toml")
_NEAR = 2  # content words beside a word of quantity that tell what it is said of
_NEAR_CHARACTERS = 8  # in Japanese
# "Few members voted" does not say that members voted. For "never", there is the check of negations.
_NOT_TO_BE_DROPPED = frozenset({("amount", "few"), ("amount", "none"), ("frequency", "few"), ("degree", "few")})
_RUN = re.compile(r"[一-鿿々]+|[ァ-ヺー]{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantifier:
    """A word of quantity in a text."""

    start: int
    end: int
    text: str
    scale: str
    """amount, frequency, degree or japanese: what is compared with each other."""
    level: str
    rank: int
    heads: frozenset[str]
    """The words beside it, of which it is said."""


def other_quantifier(sentence: str, source: str) -> str:
    """Return the word by which a sentence says more than the source, or the contrary; "" where there is none.

    >>> other_quantifier("All members voted.", "Some members voted.")
    'all'
    >>> other_quantifier("Some members voted.", "All members voted.")
    ''
    """
    sentence, source = fold_width(sentence), fold_width(source)
    checks = (_stronger, _dropped, _only, _bound)
    return next((found for check in checks if (found := check(sentence, source))), "")


def quantifier_places(text: str) -> tuple[tuple[str, int, int], ...]:
    """Return the words of quantity as (kind, start, end). Words of one kind say the same."""
    return tuple((f"{one.scale} {one.level}", one.start, one.end) for one in _quantifiers(fold_width(text)))


def _stronger(sentence: str, source: str) -> str:
    there = _quantifiers(source)
    for one in _quantifiers(sentence):
        same_thing = [other for other in there if other.scale == one.scale and _share_a_head(one, other)]
        if same_thing and not any(_is_covered(one, other) for other in same_thing):
            return one.text
    return ""


def _is_covered(one: Quantifier, other: Quantifier) -> bool:
    """Return whether the source's quantifier says all that the sentence's says."""
    if one.level == other.level:
        return True
    if "none" in (one.level, other.level):
        return False
    if one.level == "few":
        return False
    if "not_all" in (one.level, other.level):
        return "every" not in (one.level, other.level) and one.level != "most"
    return one.rank <= other.rank


def _dropped(sentence: str, source: str) -> str:
    """Return the source's "few" or "rarely" where the sentence says the same without any such word."""
    scales = {one.scale for one in _quantifiers(sentence)}
    for other in _quantifiers(source):
        if other.scale in scales or (other.scale, other.level) not in _NOT_TO_BE_DROPPED:
            continue
        following = content_after(source, other.end, limit=1)
        if following and is_among(following[0].base, bases(tokens(sentence))):
            return other.text
    return ""


def _only(sentence: str, source: str) -> str:
    for language in ("english", "japanese"):
        said = _pattern("only", language).search(_without_harmless(sentence, language))
        if said and not _pattern("only", f"{language}_source").search(source):
            return said.group().lower()
    return ""


def _share_a_head(one: Quantifier, other: Quantifier) -> bool:
    if one.scale == "japanese":
        return any(a in b or b in a for a in one.heads for b in other.heads) or not (one.heads and other.heads)
    return any(is_among(head, other.heads) for head in one.heads)


@lru_cache(maxsize=512)
def _quantifiers(text: str) -> tuple[Quantifier, ...]:
    return (*_english(_without_harmless(text, "english")), *_japanese(_without_harmless(text, "japanese")))


def _english(text: str) -> Iterator[Quantifier]:
    for scale in ("amount", "frequency", "degree"):
        for level, start, end in _found(scale, text):
            heads = bases(content_after(text, end, limit=_NEAR))
            if scale != "amount":
                heads |= bases(content_before(text, start, limit=_NEAR))
            said = text[start:end].lower().strip(" .;")
            yield Quantifier(
                start=start, end=end, text=said, scale=scale, level=level, rank=_ranks()[level], heads=heads
            )


def _japanese(text: str) -> Iterator[Quantifier]:
    for level, start, end in _found("japanese", text):
        clause_start = max(text.rfind(mark, 0, start) for mark in "、。\n") + 1
        before = text[max(clause_start, start - _NEAR_CHARACTERS) : start]
        after = re.split("[、。\n]", text[end : end + _NEAR_CHARACTERS])[0]
        heads = frozenset(run for part in (before, after) for run in _RUN.findall(part))
        yield Quantifier(
            start=start, end=end, text=text[start:end], scale="japanese", level=level, rank=_ranks()[level], heads=heads
        )


def _found(scale: str, text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the level and place of each word of quantity; of two that overlap, the longer one."""
    matches = [
        (level, match.start(), match.end())
        for level in _levels(scale)
        for match in _pattern(scale, level).finditer(text)
    ]
    for level, start, end in matches:
        covered = any(
            (other_start, -other_end) != (start, -end) and other_start <= start and end <= other_end
            for _, other_start, other_end in matches
        )
        if not covered:
            yield level, start, end


def _without_harmless(text: str, language: str) -> str:
    return _pattern("harmless", language).sub(lambda match: " " * len(match.group()), text)


# --- bounds of numbers ---------------------------------------------------------------------------------------------


def _bound(sentence: str, source: str) -> str:
    """Return the words that make a number the least where the source has it as the most, or the other way round."""
    there = _bounds(source)
    for side, number, said in _bounds(sentence):
        sides = {other_side for other_side, other, _ in there if agrees(number, other)}
        if sides and side not in sides:
            return said
    return ""


@lru_cache(maxsize=512)
def _bounds(text: str) -> tuple[tuple[str, Quantity, str], ...]:
    numbers = [item for item in quantities(text) if item.kind == "number" and not item.weak]
    found: list[tuple[str, Quantity, str]] = []
    # Each number is replaced by one sign, so that a pattern sees it as a whole.
    for item in numbers:
        before, after = text[: item.start], text[item.end :]
        marked = f"{before}\0{after}"
        for name in ("least", "most", "exact"):
            for language in ("english", "japanese"):
                match = _bound_pattern(f"{language}_{name}").search(marked)
                if match:
                    found.append((name, item, match.group().replace("\0", text[item.start : item.end])))
    return tuple(found)


@cache
def _bound_pattern(name: str) -> re.Pattern[str]:
    regex = read_data(DATA_FILE)["bounds"][name]
    edge = r"\b" if name.startswith("english") and not regex.startswith("NUMBER") else ""
    return re.compile(f"{edge}(?:{regex})".replace("NUMBER", "\0"), re.I)


# --- data ------------------------------------------------------------------------------------------------------------


@cache
def _ranks() -> dict[str, int]:
    return dict(read_data(DATA_FILE)["rank"])


def _levels(scale: str) -> tuple[str, ...]:
    table: dict[str, Any] = read_data(DATA_FILE)[scale]
    return tuple(table)


@cache
def _pattern(table: str, name: str) -> re.Pattern[str]:
    regex = read_data(DATA_FILE)[table][name]
    if table == "japanese" or name.startswith("japanese"):
        return re.compile(regex)
    return re.compile(rf"(?<![\w-])(?:{regex})(?![\w-])", re.I)
