"""Find where a sentence makes something more certain, or otherwise allowed or required. In: two texts. Out: a verb.

"Will be approved" is not said by "may be approved", nor "was built" by "plans to build". Each verb has the senses of
the words before it, in Japanese of those after it. The words and examples are in `modality.toml`. Knows nothing of
answers and sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from bunko.grounding.clauses import Token, bases, content_after, content_before, tokens
from bunko.language.data_files import read_data
from bunko.language.inflection import base_form, is_among
from bunko.language.words import stem

DATA_FILE = Path(__file__).with_suffix(".toml")
_CLAUSE = 3  # content words of a clause that "perhaps" reaches
_BEFORE = re.compile(r"([一-鿿々]+|[ァ-ヺー]{2,})([ぁ-ん]{0,10})$")
_JAPANESE_VERB = re.compile(
    r"([一-鿿々]+|[ァ-ヺー]{2,})(?:(?P<past>(?:[ぁ-ん]{0,4}?(?:した|された|させた|った|いた|んだ|えた|れた|きた|ちた|みた)|[ぁ-ん]{0,3}しました|[ぁ-ん]{0,3}されました)(?=[。、\n]|$)|(?:し|され|しており)(?=、))"
    r"|(?P<fact>(?:する|される|します|されます|している|されている|である|だ|[ぁ-ん]{0,2}[うくぐすつぬぶむる])(?=[。\n]|$)))"
)
_NOT_BEFORE = frozenset("the a an this that these those to my your his her its our their of".split())
_PAST = frozenset("was were had has have been".split())
_CONDITIONS = frozenset("if unless whether provided when whenever".split())
_CONDITION = _CONDITIONS | frozenset("would could should may might must can will shall".split())
_NEGATED = re.compile(r"(?:\bnot|n['’]t|\bnever)\s+$", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """A verb in a text, and the senses that it has there."""

    verb: str
    senses: frozenset[str]
    beside: frozenset[str]
    """The other content words of its clauses; empty in Japanese."""


def other_modality(sentence: str, source: str) -> str:
    """Return the verb that the sentence makes more certain, or allows or requires otherwise; "" where there is none.

    >>> other_modality("The plan will be approved.", "The plan may be approved.")
    'approv'
    >>> other_modality("工場を売却した。", "工場を売却する予定である。")
    '売却'
    """
    there = _moods(source)
    for mood in _moods(sentence):
        of_same = [other for other in there if _is_same(mood.verb, other.verb) and _is_about_same(mood, other)]
        known = frozenset[str]().union(*(other.senses for other in of_same))
        if not known or _with_alike(mood.senses) & known:
            continue
        if any(_table("forbidden").get(sense, frozenset()) & known for sense in mood.senses):
            return mood.verb
    return ""


def _is_about_same(mood: Mood, other: Mood) -> bool:
    return not (mood.beside and other.beside) or any(is_among(word, other.beside) for word in mood.beside)


@lru_cache(maxsize=512)
def cue_places(text: str) -> tuple[tuple[str, int, int], ...]:
    """Return the cues as (sense, start, end). A cue with two senses is there twice."""
    english = [(sense, start, end) for sense, start, end, where in _english_cues(text) if where != "english_clause"]
    japanese = [
        (sense, match.start(), match.end())
        for sense, pattern in _patterns("japanese").items()
        for match in pattern.finditer(text)
    ]
    return (*english, *japanese)


def _with_alike(senses: frozenset[str]) -> frozenset[str]:
    return senses.union(*(_table("alike").get(sense, frozenset()) for sense in senses))


def _is_same(verb: str, other: str) -> bool:
    if verb.isascii():
        return is_among(verb, (other,))
    return not other.isascii() and (verb.endswith(other) or other.endswith(verb) or verb[-2:] == other[-2:])


@lru_cache(maxsize=512)
def _moods(text: str) -> tuple[Mood, ...]:
    """Return each verb that has a sense, with all its senses."""
    senses: dict[str, set[str]] = {}
    for verb, sense in (*_english(text), *_japanese(text)):
        senses.setdefault(verb, set()).add(sense)
    cues = [(start, end) for _, start, end in cue_places(text)]
    content = [token for token in tokens(text) if token.is_content and not any(a <= token.start < b for a, b in cues)]
    found = []
    for verb, its in senses.items():
        clauses = {token.clause for token in content if token.base == verb}
        beside = bases(token for token in content if token.clause in clauses and token.base != verb)
        found.append(Mood(verb=verb, senses=frozenset(its), beside=beside))
    return tuple(found)


# --- English ---------------------------------------------------------------------------------------------------------


def _english(text: str) -> Iterator[tuple[str, str]]:
    cued: set[int] = set()
    for sense, start, end, where in _english_cues(text):
        if sense == "failed" and _NEGATED.search(text, 0, start):
            cued_words = content_after(text, end, limit=1)
            yield from ((token.base, "fact") for token in cued_words)
            continue
        for token in _heads(text, start, end, where):
            cued.add(token.start)
            yield token.base, sense
    if not text.rstrip().endswith("?"):
        yield from _facts(text, cued)


def _heads(text: str, start: int, end: int, where: str) -> tuple[Token, ...]:
    if where == "english_after":
        return content_before(text, start, limit=1)
    if where == "english_clause":
        found = content_after(text, end, limit=_CLAUSE)
        return tuple(token for n, token in enumerate(found) if not n or _is_past(token))
    return content_after(text, end, limit=_CLAUSE if text.rstrip().endswith("?") else 1)


def _is_past(token: Token) -> bool:
    return token.text.endswith("ed") or _is_irregular(token)


def _english_cues(text: str) -> Iterator[tuple[str, int, int, str]]:
    """Yield each cue's sense, place and table; of two that overlap, the longer one."""
    found = [
        (sense, match.start(), match.end(), where)
        for where in ("english", "english_clause", "english_after")
        for sense, pattern in _patterns(where).items()
        for match in pattern.finditer(text)
    ]
    for sense, start, end, where in found:
        longer = any(a <= start and end <= b and (a, b) != (start, end) for _, a, b, _ in found)
        if not longer:
            yield sense, start, end, where


def _facts(text: str, cued: set[int]) -> Iterator[tuple[str, str]]:
    """Yield the verbs that are plainly said to be so: those with a subject, and no cue."""
    all_tokens = tokens(text)
    for n, token in enumerate(all_tokens):
        clause = [one for one in all_tokens[:n] if one.clause == token.clause]
        if not token.is_content or token.start in cued or not _has_subject(clause) or token.text.endswith("ing"):
            continue
        if clause[-1].text in _NOT_BEFORE or any(one.text in _CONDITION for one in clause):
            continue
        tense = _tense(token, {one.text for one in clause[-3:]})
        if tense != "fact" or not _has_condition(text):
            yield token.base, tense


def _has_condition(text: str) -> bool:
    """Return whether a text says only what holds if something else does: "members vote if they are present"."""
    return any(token.text in _CONDITIONS for token in tokens(text))


def _tense(verb: Token, helpers: set[str]) -> str:
    """Return "passive" for "is closed", "past" for "closed" and "was closed", else "fact"."""
    is_changed = verb.text not in (verb.base, f"{verb.base}s", f"{verb.base}es") and not verb.text.endswith("s")
    if helpers & _PAST:
        return "past"
    if is_changed and helpers & {"is", "are"}:
        return "passive"
    return "past" if is_changed and _is_past(verb) else "fact"


def _is_irregular(verb: Token) -> bool:
    return base_form(stem(verb.text)) != stem(verb.text)


def _has_subject(clause: list[Token]) -> bool:
    return any(one.is_content or one.text in ("he", "she", "it", "they", "we", "you", "i", "who") for one in clause)


# --- Japanese --------------------------------------------------------------------------------------------------------


def _japanese(text: str) -> Iterator[tuple[str, str]]:
    cued: set[int] = set()
    for sense, pattern in _patterns("japanese").items():
        for match in pattern.finditer(text):
            before = _BEFORE.search(text, max(0, match.start() - 20), match.start())
            if before:
                cued.add(before.start(1))
                yield before.group(1), sense
    for match in _JAPANESE_VERB.finditer(text):
        if match.start() not in cued:
            yield match.group(1), "past" if match["past"] else "fact"


# --- data ------------------------------------------------------------------------------------------------------------


@cache
def _patterns(table: str) -> dict[str, re.Pattern[str]]:
    edge = "" if table == "japanese" else r"\b"
    return {sense: re.compile(f"{edge}(?:{regex}){edge}", re.I) for sense, regex in read_data(DATA_FILE)[table].items()}


@cache
def _table(name: str) -> dict[str, frozenset[str]]:
    return {sense: frozenset(others.split()) for sense, others in read_data(DATA_FILE)[name].items()}
