"""Find the words in runs of hiragana. In: a run, and what stands before it. Out: words.

Hiragana is mostly grammar, but みかん and うどん are nouns. A run is cut so that grammar (`hiragana.toml`) and the
endings of verbs cover as much of it as possible; what is left are words. There is no dictionary: two words in a row
are one, and a word that looks like grammar may lose a part. So `words` compares pairs of characters. Knows nothing of
kanji.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

from bunko.language.data_files import read_data

After: TypeAlias = Literal["nothing", "kanji", "word"]
_Kind: TypeAlias = Literal["start", "particle", "grammar", "ending", "word"]

FILE = Path(__file__).with_name("hiragana.toml")
_LONGEST_RUN = 64  # characters; longer ones are cut
_LONGEST = 12  # characters of a word, and of a piece of grammar
_ENDING = 3  # characters of a verb's ending after its kanji
_NO_ENDING = frozenset("のはをへとにでも")
_NO_BEGINNING = frozenset("んっゃゅょぁぃぅぇぉ")
# Costs. A piece of grammar is cheaper than a word, and a word dearer the longer it is. One character is hardly ever a
# word, and の is mostly a particle.
_GRAMMAR = 0.1
_WORD = 0.3
_PER_CHARACTER = 0.3
_SINGLE = 2.0
_JUNK = 3.0  # so that every run can be cut
_WITH_NO = 0.4
_UNUSUAL = 0.5  # この directly after a word, as in きのこの; です at the beginning of a text


@dataclass(frozen=True, slots=True)
class _Cut:
    """The cheapest way to cut the beginning of a run, the last piece being of a kind."""

    cost: float
    start: int
    before: _Cut | None
    kind: _Kind


def hiragana_words(run: str, *, after: After) -> tuple[str, ...]:
    """Return the words in a run of hiragana, in order. `after` is what stands directly before the run.

    >>> hiragana_words("びんの", after="nothing"), hiragana_words("はいつですか", after="kanji")
    (('びん',), ())
    >>> hiragana_words("のみかんは", after="kanji"), hiragana_words("まりますか", after="kanji")
    (('みかん',), ())
    """
    found = _cut(run[:_LONGEST_RUN], after)
    for start in range(_LONGEST_RUN, len(run), _LONGEST_RUN):
        found += _cut(run[start : start + _LONGEST_RUN], "word")
    return found


@lru_cache(maxsize=16384)
def _cut(run: str, after: After) -> tuple[str, ...]:
    best: list[dict[_Kind, _Cut]] = [{} for _ in range(len(run) + 1)]
    best[0]["start"] = _Cut(0.0, 0, None, "start")
    for i in range(len(run)):
        for cut in list(best[i].values()):
            for length, price, kind in _pieces(run, i, after=after, last=cut.kind):
                there = best[i + length]
                if kind not in there or cut.cost + price < there[kind].cost:
                    there[kind] = _Cut(cut.cost + price, i, cut, kind)
    last: _Cut | None = min(best[-1].values(), key=lambda cut: cut.cost)
    words: list[str] = []
    end = len(run)
    while last is not None:
        if last.kind == "word" and end - last.start > 1:
            words.append(run[last.start : end])
        end, last = last.start, last.before
    return tuple(reversed(words))


def _pieces(run: str, i: int, *, after: After, last: _Kind) -> Iterator[tuple[int, float, _Kind]]:
    """Yield what may stand at a place: (length, cost, kind)."""
    attached, endings, free = _grammar()
    follows = i > 0 or after != "nothing"
    yield 1, _JUNK, "grammar"
    inflects = last == "ending" or (i == 0 and after == "kanji")
    for length in range(1, min(_LONGEST, len(run) - i) + 1):
        piece = run[i : i + length]
        if last != "word" and "を" not in piece and (piece[0] not in _NO_BEGINNING or length == 1):
            cost = _WORD + _PER_CHARACTER * length if length > 1 else _SINGLE
            yield length, cost + _WITH_NO * ("の" in piece[1:]), "word"
        if piece in free or (length > 1 and piece in attached):
            unusual = last == "word" if piece in free else not follows
            yield length, _GRAMMAR + _UNUSUAL * unusual, "grammar"
        elif follows and last != "particle" and piece in attached:
            yield length, _GRAMMAR, "particle"
        if inflects and piece in endings:
            yield length, _GRAMMAR, "ending"
    if i == 0 and after == "kanji" and run[0] not in _NO_ENDING:
        for length in range(1, min(_ENDING, len(run)) + 1):
            yield length, _GRAMMAR * length, "ending"


@cache
def _grammar() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    data = read_data(FILE)
    attached, endings, free = (
        frozenset(word for line in data[name] for word in line.split()) for name in ("attached", "endings", "free")
    )
    return attached, endings, free
