"""Find nuggets in texts. In: nuggets, a context or an answer. Out: which of them stand there. Pure; knows no models.

A nugget is one fact that a good answer states (TREC QA 2003, TREC RAG 2024); a vital one must be in it. Nugget recall
is the share of a question's nuggets that are found, vital recall the share of its vital ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bunko.language.scripts import CJK
from bunko.language.words import fold

# A context may have a part of a quote only, since sentences are chosen and passages cut. Of sentences of squad2-en and
# clapnq, .6% stood by these two in twenty passages of other documents.
SHARE = 0.6
WINDOW = 3
# Hiragana is in every Japanese text: with it, 10% of jsquad-ja's sentences stood in twenty passages of other documents;
# without it none of 138. A quote needs this many other tokens for it to be left out.
_HIRAGANA = re.compile(r"[\u3041-\u3096]")
_ENOUGH = 4
# A character of a script without spaces, or a word of another.
_TOKEN = re.compile(rf"{CJK.pattern}|(?:(?!{CJK.pattern})[^\W_])+")
_SIGNS = str.maketrans({"’": "'", "‘": "'", "‐": "-", "‑": "-", "–": "-", "−": "-"})
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nugget:
    """A fact that a good answer states."""

    fact: str
    """The fact, in one's own words."""
    quote: str = ""
    """The words of a document that say it; empty if not given."""
    strings: tuple[str, ...] = ()
    """Any of these in an answer shows that it states the fact. Empty: the quote or the fact is looked for."""
    vital: bool = True
    """Whether an answer without it is incomplete."""


class SearchedText:
    """A text in which nuggets are looked for. It is split and folded once."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def folded(self) -> str:
        """The text as strings are looked for in it."""
        return folded(self._text)

    @cached_property
    def places(self) -> Mapping[str, Sequence[int]]:
        """The places of each token, counted in tokens."""
        found: dict[str, list[int]] = {}
        for place, token in enumerate(tokens(self._text)):
            found.setdefault(token, []).append(place)
        return found


def tokens(text: str) -> list[str]:
    """Return a text's words, folded, in order; in Japanese and Chinese, its characters. Stop words are words here.

    >>> tokens("The ＮＡＴＯ summit, 東京で")
    ['the', 'nato', 'summit', '東', '京', 'で']
    """
    return _TOKEN.findall(fold(text).casefold())


def folded(text: str) -> str:
    """Return a text on one line in which only what a reader reads differently differs.

    >>> folded("Non‑aligned:  2,000 ＵＡＨ")
    'non-aligned: 2000 uah'
    """
    plain = " ".join(fold(text).casefold().translate(_SIGNS).split())
    return _THOUSANDS.sub("", plain)


def stands_in(quote: str, text: SearchedText) -> bool:
    """Return whether 60% of a quote's distinct words stand in the text within three times the quote's length.

    Japanese and Chinese are compared by characters; hiragana does not count.

    >>> stands_in("The mill was built in 1803.", SearchedText("In 1803, the brothers Croft built a water mill."))
    True
    >>> stands_in("The mill was built in 1803.", SearchedText("The old mill is open in summer."))
    False
    >>> stands_in("水車小屋は1803年に建てられた。", SearchedText("その水車小屋が建ったのは1803年である。"))
    True
    """
    of_quote = tokens(quote)
    wanted = _counted(of_quote)
    if not wanted:
        return False
    return _most_within(wanted, text.places, WINDOW * len(of_quote)) >= SHARE * len(wanted)


def holds_string(text: SearchedText, string: str) -> bool:
    """Return whether a text has a string, at the beginning of a word. A number is found as a whole only.

    A string may be a stem: words that go on count.

    >>> holds_string(SearchedText("Sanctions of $2,000."), "sanction"), holds_string(SearchedText("It's 12.5%"), "2.5")
    (True, False)
    """
    wanted = folded(string)
    if not wanted:
        return False
    before = after = ""
    if wanted[0].isdigit():
        before = r"(?<!\d)(?<!\d[.,])"
    elif wanted[0].isalpha() and not CJK.match(wanted[0]):
        before = rf"(?:(?<!\w)|(?<={CJK.pattern}))"
    if wanted[-1].isdigit():
        after = r"(?!\d|[.,]\d)"
    return re.search(before + re.escape(wanted) + after, text.folded) is not None


def in_context(nugget: Nugget, texts: Sequence[SearchedText]) -> bool:
    """Return whether one of the texts says a nugget: by its quote, else by its strings, else by the fact's words."""
    if nugget.quote or not nugget.strings:
        return any(stands_in(nugget.quote or nugget.fact, text) for text in texts)
    return any(holds_string(text, string) for text in texts for string in nugget.strings)


def in_answer(nugget: Nugget, answer: SearchedText) -> bool:
    """Return whether an answer says a nugget: it has one of its strings; without any, its quote or its fact."""
    if nugget.strings:
        return any(holds_string(answer, string) for string in nugget.strings)
    return any(stands_in(words, answer) for words in (nugget.quote, nugget.fact))


def recall(found: Iterable[bool]) -> float | None:
    """Return the share of nuggets that were found; None if there are none.

    >>> recall([True, False]), recall([])
    (0.5, None)
    """
    each = list(found)
    return sum(each) / len(each) if each else None


def _counted(of_quote: Sequence[str]) -> set[str]:
    """Return the distinct tokens of a quote that are looked for."""
    without_hiragana = {token for token in of_quote if not _HIRAGANA.fullmatch(token)}
    return without_hiragana if len(without_hiragana) >= _ENOUGH else set(of_quote)


def _most_within(wanted: set[str], places: Mapping[str, Sequence[int]], width: int) -> int:
    """Return the largest number of distinct wanted tokens within `width` tokens in a row.

    >>> _most_within({"a", "b"}, {"a": [0, 1], "b": [4]}, 4), _most_within({"a", "b"}, {"a": [0], "b": [4]}, 4)
    (2, 1)
    """
    in_order = sorted((place, token) for token in wanted for place in places.get(token, ()))
    counts: dict[str, int] = {}
    most = first = 0
    for place, token in in_order:
        counts[token] = counts.get(token, 0) + 1
        while in_order[first][0] <= place - width:
            gone = in_order[first][1]
            counts[gone] -= 1
            if not counts[gone]:
                del counts[gone]
            first += 1
        most = max(most, len(counts))
    return most
