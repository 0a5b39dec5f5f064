"""Find where a sentence contradicts a text in nearly the same words. In: two texts. Out: Contradiction or None.

Comparing words does not find a negation, an opposite, a number that belongs to something else, or two names that
changed places. Each has its own check, which looks for patterns in English and Japanese. Nothing is parsed, so other
contradictions pass. The words and examples are in `contradiction.toml`. Knows nothing of answers
and sources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from bunko.grounding.modality import other_modality
from bunko.grounding.quantifiers import other_quantifier
from bunko.grounding.roles import swapped_roles
from bunko.language.data_files import read_data
from bunko.language.inflection import base_form, is_among, same_word
from bunko.language.names import Name, has_part, names
from bunko.language.numerals import fold_width
from bunko.language.quantities import quantities
from bunko.language.quantity import Quantity, agrees
from bunko.language.words import STOP_WORDS, stem

Kind: TypeAlias = Literal[
    "negation", "opposite", "comparison", "misplaced_number", "changed_places", "quantifier", "modality", "roles"
]
DATA_FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """How a sentence contradicts a source."""

    kind: Kind
    words: tuple[str, ...]
    """The word that is negated, the number, the names, the word of quantity or the verb."""


def contradiction(sentence: str, source: str) -> Contradiction | None:
    """Return how the sentence contradicts the source; None where no check finds anything.

    >>> contradiction("The mill was not built in 1911.", "The mill was built in 1911.")
    Contradiction(kind='negation', words=('build',))
    >>> contradiction("Rome was conquered by Carthage.", "Rome conquered Carthage in 146 BC.")
    Contradiction(kind='changed_places', words=('Carthage', 'Rome'))
    >>> contradiction("塔は1958年に完成した。", "塔は1957年に完成し、1958年に開業した。")
    Contradiction(kind='misplaced_number', words=('1958年',))
    >>> contradiction("The mill was built by Ada.", "Ada built the mill.")
    """
    return next((found for check in _CHECKS if (found := check(sentence, source))), None)


@cache
def _data(kind: Kind) -> Mapping[str, Any]:
    table: Mapping[str, Any] = read_data(DATA_FILE)[kind]
    return table


# --- negation ------------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[A-Za-z]+(?:['’](?!t\b)[a-z]+)?")


def _negation(sentence: str, source: str) -> Contradiction | None:
    word = _japanese_is_not(sentence, source) or _negated_word(sentence, source)
    return Contradiction(kind="negation", words=(word,)) if word else None


def _japanese_is_not(sentence: str, source: str) -> str:
    found = _negation_pattern("japanese_is_not").search(sentence)
    return found.group() if found and not _negation_pattern("japanese_any").search(source) else ""


def _negated_word(sentence: str, source: str) -> str:
    """Return a word that one of the two negates and the other does not."""
    here, here_plain = _polarity(sentence)
    there, there_plain = _polarity(source)
    for negated, plain, also in ((here, there_plain, there), (there, here_plain, here)):
        for word in sorted(negated):
            if _any_same(word, plain) and not _any_same(word, also):
                return word
    return ""


@lru_cache(maxsize=512)
def _polarity(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the stems of the words that are negated, and of those that are not."""
    negated: set[str] = set()
    spans: list[tuple[int, int]] = []
    for word, span in (*_english_negated(text), *_japanese_negated(text)):
        negated.add(word)
        spans.append(span)
    plain = {base_form(stem(m.group().lower())) for m in _WORD.finditer(text) if m.span() not in spans}
    for match in re.finditer(r"[一-鿿々]+|[ァ-ヺー]{2,}", text):
        if not any(start <= match.start() < end for start, end in spans):
            plain.add(match.group())
    return frozenset(negated), frozenset(plain)


def _english_negated(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the first content word after each word of negation, with its span."""
    within = _data("negation")["within_characters"]
    for cue in _negation_pattern("english").finditer(text):
        for match in _WORD.finditer(text, cue.end(), cue.end() + within):
            word = match.group().lower()
            if word in STOP_WORDS or word.endswith("ly") or word in ("yet", "ever", "even"):
                continue
            if not re.match(r"[^.;,]*\buntil\b", text[match.end() : match.end() + within]):
                yield base_form(stem(word)), match.span()
            break


def _japanese_negated(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    for match in _negation_pattern("japanese").finditer(text):
        word, between = match.groups()
        if _negation_pattern("japanese_except").fullmatch(word):
            continue
        if not _negation_pattern("japanese_except_between").search(between):
            yield word, match.span()


@cache
def _negation_pattern(name: str) -> re.Pattern[str]:
    return re.compile(_data("negation")[name])


def _any_same(word: str, others: frozenset[str]) -> bool:
    if word.isascii():
        return is_among(word, others)
    return any(word in other or other in word for other in others if not other.isascii())


# --- opposites -----------------------------------------------------------------------------------------------------


def _opposite(sentence: str, source: str) -> Contradiction | None:
    checks = (_english_opposite, _un_prefix, _japanese_opposite)
    word = next((word for check in checks if (word := check(sentence, source))), "")
    return Contradiction(kind="opposite", words=(word,)) if word else None


def _english_opposite(sentence: str, source: str) -> str:
    here, there = _stems(sentence), _stems(source)
    for one, other in _english_opposites():
        if here & one and there & other and not here & other and not there & one:
            return min(here & one)
    return ""


def _un_prefix(sentence: str, source: str) -> str:
    """Return a word that one of the two has with un- and the other without: unpopular, popular."""
    here, there = _stems(sentence), _stems(source)
    for word in sorted(here - there):
        if _is_prefixed(word) and word[2:] in there:
            return word
    for word in sorted(there - here):
        if _is_prefixed(word) and word[2:] in here:
            return word[2:]
    return ""


def _is_prefixed(word: str) -> bool:
    return len(word) >= 6 and word.startswith("un")


def _japanese_opposite(sentence: str, source: str) -> str:
    for one, other in _japanese_opposites():
        here = [word for word in one if word in sentence]
        turned = any(word in source for word in other) and not any(word in source for word in one)
        if here and turned and not any(word in sentence for word in other):
            return here[0]
    return ""


@cache
def _english_opposites() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    return _both_ways([tuple(frozenset(stem(word) for word in side) for side in pair) for pair in _pairs("english")])


@cache
def _japanese_opposites() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    return _both_ways([tuple(tuple(side) for side in pair) for pair in _pairs("japanese")])


def _pairs(language: str) -> list[list[list[str]]]:
    return [[side.split() for side in pair] for pair in _data("opposite")[language]]


def _both_ways(pairs: Sequence[tuple[Any, ...]]) -> tuple[tuple[Any, Any], ...]:
    return tuple(turned for one, other in pairs for turned in ((one, other), (other, one)))


@lru_cache(maxsize=512)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(match.group().lower()) for match in _WORD.finditer(text))


_MORE = re.compile(r"\b(?:more|less) ([a-z]+) than\b", re.I)
_AS = re.compile(r"\bas ([a-z]+) as\b", re.I)


def _comparison(sentence: str, source: str) -> Contradiction | None:
    """Find a comparison that differs: more powerful than, as powerful as."""
    for one, other in ((_MORE, _AS), (_AS, _MORE)):
        for word in one.findall(sentence):
            if word in other.findall(source) and word not in one.findall(source):
                return Contradiction(kind="comparison", words=(str(word),))
    return None


# --- numbers that belong to something else ---------------------------------------------------------------------------

_AFTER = re.compile(r"[\s\"'”’)\]-]*(?:[ぁ-ん]{0,3}([一-鿿々]+|[ァ-ヺー]{2,})|([A-Za-z]+)(?:\s+([A-Za-z]+))?)")


def _misplaced_number(sentence: str, source: str) -> Contradiction | None:
    """Find a number that belongs to something else in the source, where the same thing has another number."""
    sentence, source = fold_width(sentence), fold_width(source)
    there = quantities(source)
    for item in quantities(sentence):
        if item.weak or item.kind == "code":
            continue
        for attached in (_word_after, _verb_before):
            word = attached(sentence, item)
            if not word:
                continue
            same_thing = [
                other for other in there if _of_one_kind(item, other) and _is_word(word, attached(source, other))
            ]
            elsewhere = [other for other in there if agrees(item, other)]
            if same_thing and elsewhere and not any(agrees(item, other) for other in same_thing):
                return Contradiction(kind="misplaced_number", words=(sentence[item.start : item.end],))
    return None


def _of_one_kind(one: Quantity, other: Quantity) -> bool:
    return _is_year(one) == _is_year(other)


def _is_year(item: Quantity) -> bool:
    return item.kind == "date" or (not item.unit and 1000 <= item.value < 2100)


def _is_word(word: str, other: str) -> bool:
    if not word or not other:
        return False
    if word.isascii():
        return same_word(word, other)
    return word == other or word.startswith(other) or other.startswith(word)


def _word_after(text: str, item: Quantity) -> str:
    """Return the word after a number, which is counted; after a Japanese date, the verb."""
    found = _AFTER.match(text, item.end)
    if not found:
        return ""
    if found.group(1):
        return found.group(1)
    if _is_year(item):
        return ""
    for word in found.group(2, 3):
        if word and word.lower() not in STOP_WORDS:
            return stem(word.lower())
    return ""


def _verb_before(text: str, item: Quantity) -> str:
    """Return the last content word before an English date: completed, of "completed in 1958"."""
    if not _is_year(item):
        return ""
    before = re.search(
        r"([A-Za-z]+)\s+(?:in|on|by|since|until|from|around|about|of|to)(?: the| early| late)*\s*$", text[: item.start]
    )
    return stem(before.group(1).lower()) if before and before.group(1).lower() not in STOP_WORDS else ""


# --- names that changed places ---------------------------------------------------------------------------------------

_PASSIVE = re.compile(r"\b(?:was|were|is|are|be|been|being|got)\b.*\bby\b", re.I)
_JA_PASSIVE = re.compile(r"ら?れ[たるて、。]")
_JA_ROLE = re.compile(r"(?P<of>が|は|を|に|によって|より)")


def _changed_places(sentence: str, source: str) -> Contradiction | None:
    """Find two names that are connected by a verb, and are the other way round in the source."""
    for one, other, ties in _ties(sentence):
        agree = oppose = False
        for first, second, others in _ties(source):
            if not any(is_among(word, others) for word in ties):
                continue
            agree |= has_part(one, first.text) and has_part(other, second.text)
            oppose |= has_part(one, second.text) and has_part(other, first.text)
        if oppose and not agree:
            return Contradiction(kind="changed_places", words=(one.text, other.text))
    return None


@lru_cache(maxsize=512)
def _ties(text: str) -> tuple[tuple[Name, Name, frozenset[str]], ...]:
    return tuple(_find_ties(text))


def _find_ties(text: str) -> Iterator[tuple[Name, Name, frozenset[str]]]:
    """Yield pairs of names, the subject first, with the words that connect them."""
    found = names(text)
    apart, pivots, both_ways = _tie_words()
    for n, one in enumerate(found):
        for other in found[n + 1 :]:
            between = text[one.end : other.start]
            if len(between) > apart:
                break
            if re.search(r"[\u3041-\u30ff]", between):
                tie = _japanese_tie(text, one, other, between)
                if tie:
                    yield tie
                continue
            words = {match.group().lower() for match in _WORD.finditer(between)}
            ties = (
                frozenset(base_form(stem(word)) for word in words if word in pivots or word not in STOP_WORDS)
                - both_ways
            )
            if ties and "and" not in words:
                yield (other, one, ties) if _PASSIVE.search(between) else (one, other, ties)


@cache
def _tie_words() -> tuple[int, frozenset[str], frozenset[str]]:
    """Return the largest distance of two names, the prepositions that connect them, and the symmetric verbs."""
    data = _data("changed_places")
    return data["apart_characters"], frozenset(data["pivots"].split()), frozenset(map(stem, data["both_ways"].split()))


def _japanese_tie(text: str, one: Name, other: Name, between: str) -> tuple[Name, Name, frozenset[str]] | None:
    """Determine subject and object by the particles: AがBを破った, BはAに破られた, AはBより高い."""
    first, second = _JA_ROLE.match(between), _JA_ROLE.match(text, other.end)
    if not first or not second or "と" in between[:1]:
        return None
    rest = text[second.end() : second.end() + 30]
    verb = re.match(r"[^一-鿿]*([一-鿿々]+)", rest)
    if not verb:
        return None
    roles = (first["of"], second["of"])
    passive = bool(_JA_PASSIVE.search(rest[: verb.end() + 8]))
    subject = {"が", "は"}
    if roles[0] in subject and roles[1] not in subject:
        doer, done = one, other
    elif roles[1] in subject and roles[0] not in subject:
        doer, done = other, one
    else:
        return None
    return (done, doer, frozenset({verb.group(1)})) if passive else (doer, done, frozenset({verb.group(1)}))


# --- checks with a module of their own -------------------------------------------------------------------------------


def _quantifier(sentence: str, source: str) -> Contradiction | None:
    word = other_quantifier(sentence, source)
    return Contradiction(kind="quantifier", words=(word,)) if word else None


def _modality(sentence: str, source: str) -> Contradiction | None:
    verb = other_modality(sentence, source)
    return Contradiction(kind="modality", words=(verb,)) if verb else None


def _roles(sentence: str, source: str) -> Contradiction | None:
    swapped = swapped_roles(sentence, source)
    return Contradiction(kind="roles", words=swapped) if swapped else None


_CHECKS: tuple[Callable[[str, str], Contradiction | None], ...] = (
    _negation,
    _opposite,
    _comparison,
    _misplaced_number,
    _changed_places,
    _quantifier,
    _modality,
    _roles,
)
