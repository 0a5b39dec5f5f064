"""Find two things that changed places around a verb. In: two texts. Out: the two, or None.

"The dog bit the man" is not said by "The man bit the dog", though all the words are there. Nothing is parsed: in
English the words before and after a verb are compared, in Japanese the nouns by their particles. Two things must have
changed places, and neither may be where it was. The words and examples are in `roles.toml`. Knows nothing of answers
and sources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TypeAlias

from bunko.grounding.clauses import Token, bases, tokens
from bunko.language.data_files import read_data
from bunko.language.inflection import base_form, is_among
from bunko.language.words import stem

DATA_FILE = Path(__file__).with_suffix(".toml")
Pairs: TypeAlias = Sequence[tuple[str, str]]
"""A role and a noun each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A verb, and the words on both its sides, as in the active voice. A word that is on both sides is left out."""

    verb: str
    doers: frozenset[str]
    others: frozenset[str]
    directions: tuple[tuple[str, str], ...]
    """Prepositions of the clause, each with the word after it: ("from", "harbour")."""


def swapped_roles(sentence: str, source: str) -> tuple[str, str] | None:
    """Return two words that changed places around a verb; None where there are none.

    >>> swapped_roles("The dog bit the man.", "The man bit the dog.")
    ('dog', 'man')
    >>> swapped_roles("The man was bitten by the dog.", "The dog bit the man.")
    >>> swapped_roles("犬が男を噛んだ。", "男が犬を噛んだ。")
    ('犬', '男')
    """
    return _english(sentence, source) or _japanese(sentence, source)


# --- English ---------------------------------------------------------------------------------------------------------


def _english(sentence: str, source: str) -> tuple[str, str] | None:
    there = _deeds(source)
    here = _deeds(sentence)
    for deed in here:
        if sum(other.verb == deed.verb for other in here) > 1:  # which of the two is meant is not known
            continue
        of_one_verb = [other for other in there if other.verb == deed.verb]
        if any(_common(deed.doers, other.doers) and not _turned(deed, other) for other in of_one_verb):
            continue
        for other in of_one_verb:
            if found := _turned(deed, other):
                return found
    return None


def _turned(deed: Deed, other: Deed) -> tuple[str, str] | None:
    if not _common(deed.doers, other.doers):
        doer, done = _common(deed.doers, other.others), _common(deed.others, other.doers)
        if doer and done and doer != done:
            return doer, done
    return _swapped(deed.directions, other.directions, same=lambda one, two: is_among(one, (two,)))


def _common(some: frozenset[str], others: frozenset[str]) -> str:
    return next((word for word in sorted(some) if is_among(word, others)), "")


@lru_cache(maxsize=512)
def _deeds(text: str) -> tuple[Deed, ...]:
    return tuple(_find_deeds(text))


def _find_deeds(text: str) -> Iterator[Deed]:
    all_tokens = tokens(text)
    for n, token in enumerate(all_tokens):
        if not token.is_content or not _can_be_verb(all_tokens, n):
            continue
        before = [one for one in all_tokens[:n] if one.clause == token.clause]
        after = _after(all_tokens, n)
        doers, others = _content(before), _content(after)
        if _is_passive(text, before, after, token):
            agent = next(k for k, one in enumerate(after) if one.text == "by")
            doers, others = _content(after[agent:]), doers | _content(after[:agent])
        if doers or others:
            directions = tuple(_directions([*before, *after]))
            yield Deed(verb=token.base, doers=doers - others, others=others - doers, directions=directions)


def _directions(clause: list[Token]) -> Iterator[tuple[str, str]]:
    for n, token in enumerate(clause):
        following = next((one.base for one in clause[n + 1 :] if one.is_content), "")
        if following and token.text in _english_words()[2]:
            yield token.text, following


def _can_be_verb(all_tokens: tuple[Token, ...], n: int) -> bool:
    words, both_ways, _ = _english_words()
    return n > 0 and all_tokens[n - 1].text not in words and all_tokens[n].base not in both_ways


def _after(all_tokens: tuple[Token, ...], n: int) -> list[Token]:
    """Return the words after a verb in its clause; "than" begins no other one here."""
    after: list[Token] = []
    clause = all_tokens[n].clause
    for token in all_tokens[n + 1 :]:
        if token.text == "than" and token.clause == clause + 1:
            clause = token.clause
        if token.clause != clause:
            break
        after.append(token)
    return after


def _content(found: list[Token]) -> frozenset[str]:
    return bases(token for token in found if token.is_content)


def _is_passive(text: str, before: list[Token], after: list[Token], verb: Token) -> bool:
    if not any(token.text == "by" for token in after):
        return False
    is_helped = any(_passive().fullmatch(token.text) for token in before[-4:])
    return is_helped or after[0].text == "by"


@cache
def _english_words() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return the words before a noun, the symmetric verbs, and the prepositions that have a direction."""
    data = read_data(DATA_FILE)["english"]
    both_ways = frozenset(base_form(stem(word)) for word in data["both_ways"].split())
    return frozenset(data["before_a_noun"].split()), both_ways, frozenset(data["directions"].split())


@cache
def _passive() -> re.Pattern[str]:
    return re.compile(read_data(DATA_FILE)["english"]["passive"])


# --- Japanese --------------------------------------------------------------------------------------------------------

# 買い手 is one noun; 犬が男 is two, so no particle may be in it.
_KANJI_NOUN = r"[一-鿿々]+(?:[いきくぎぐしじすちつてびぶみむめりるれえけげせねべうだ][一-鿿々]+)*"
_NOUN = (
    rf"(?:{_KANJI_NOUN}|[ァ-ヺー]+|[A-Za-zＡ-Ｚａ-ｚ]+|(?<![ぁ-ん])[ぁ-ん]{{2,6}}?|(?<=[がをにへは])[ぁ-ん]{{2,6}}?)"
)
_VERB = re.compile(r"[^一-鿿ァ-ヺ、。]{0,2}?(?:([一-鿿々]+)|([ァ-ヺー]{2,})|(?<=[をにがへでは])([ぁ-ん]{2}))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A Japanese predicate, and the noun of each role."""

    verb: str
    roles: tuple[tuple[str, str], ...]
    """Pairs of a role and a noun, in order."""


def _japanese(sentence: str, source: str) -> tuple[str, str] | None:
    there = _frames(source)
    for frame in _frames(sentence):
        swapped = None
        for other in there:
            if not (frame.verb.startswith(other.verb) or other.verb.startswith(frame.verb)):
                continue
            if (swapped := _swapped(frame.roles, other.roles, same=_same_noun)) is None:
                break
        if swapped:
            return swapped
    return None


def _swapped(roles: Pairs, others: Pairs, *, same: Callable[[str, str], bool]) -> tuple[str, str] | None:
    """Return two nouns of which each has the other's role."""
    for role, noun in roles:
        for second_role, second in roles:
            if role == second_role or same(noun, second):
                continue
            if any(one == second_role and same(word, noun) for one, word in others) and any(
                one == role and same(word, second) for one, word in others
            ):
                return noun, second
    return None


def _same_noun(one: str, other: str) -> bool:
    return one.endswith(other) or other.endswith(one)


@lru_cache(maxsize=512)
def _frames(text: str) -> tuple[Frame, ...]:
    return tuple(_find_frames(text))


def _find_frames(text: str) -> Iterator[Frame]:
    """Yield a frame for each part between 、 and 。 that has two nouns with particles."""
    data = read_data(DATA_FILE)["japanese"]
    for part in re.split(r"[。！？\n]", text):
        found = list(_phrase().finditer(part))
        if len(found) < 2:
            continue
        verb = _VERB.match(part, found[-1].end())
        said = next((group for group in verb.groups() if group), "") if verb else ""
        if not verb or not said or any(said.startswith(word) for word in data["both_ways"].split()):
            continue
        pairs = [(data["same_role"].get(match["particle"], match["particle"]), match["noun"]) for match in found]
        passive = bool(re.search(data["passive"], part[verb.end() :]))
        yield Frame(verb=said, roles=tuple(_roles(pairs, passive=passive)))


def _roles(pairs: list[tuple[str, str]], *, passive: bool) -> Iterator[tuple[str, str]]:
    """Yield who does it, to what, and the other roles. は and も stand for が or を, whichever is free."""
    particles = {particle for particle, _ in pairs}
    for particle, noun in pairs:
        role = particle
        if particle in ("は", "も"):
            role = "を" if "が" in particles and "を" not in particles else "が"
        if passive and role == "が":
            role = "を"
        elif passive and role in ("に", "によって") and "を" not in particles:
            role = "が"
        yield role, noun


@cache
def _phrase() -> re.Pattern[str]:
    particles = read_data(DATA_FILE)["japanese"]["particles"]
    return re.compile(rf"(?P<noun>(?:{_NOUN}の)?{_NOUN})(?P<particle>{particles})(?=[^ぁ-ん]|[ぁ-ん]{{2}})")
