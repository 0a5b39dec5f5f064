"""Find the words of a document's text among the characters of a page. Pure: knows nothing of PDF or pictures.

The text of a PDF is mended: words are joined across lines, running lines removed, odd characters replaced. So both
sides are normalised, and positions are mapped from one to the other.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

# A shorter run of equal characters proves nothing: "the" is everywhere.
_LEAST_RUN = 5
_LEAST_SHARE = 0.5  # of the words that must be found, or none are marked
_HYPHENS = frozenset("-\u00ad\u2010\u2011\ufffe\x02|")  # and what is between the cells of a table's row


def find_words(characters: Sequence[str], text: str, start: int, end: int) -> list[tuple[int, int]]:
    r"""Return where `text[start:end]` is among a page's characters: (first, last + 1) of each run, in order.

    `characters` are a page's as they are drawn, one each, or half of a surrogate pair; `text` was made from them.
    Empty if less than half of it is found.

    >>> find_words("The re-\nport is ﬁnal.", "The report is final.", 4, 10)
    [(4, 12)]
    """
    drawn, places = _plain(characters)
    read, offsets = _plain(text)
    first = _index_of(offsets, start)
    wanted = read[first : _index_of(offsets, end)]
    if not wanted:
        return []
    if drawn == read:
        at = first
    else:
        before = _count(read[: first + len(wanted) - 1], wanted)  # how often it occurs before this one
        at = _nth(drawn, wanted, before)
    if at >= 0:
        return [(places[at], places[at + len(wanted) - 1] + 1)]
    return _pieces(drawn, wanted, places)


def _plain(characters: Sequence[str]) -> tuple[str, list[int]]:
    """Return the characters without spaces, hyphens, case and width, and the position of each."""
    found: list[str] = []
    places: list[int] = []
    high = ""
    for place, character in enumerate(characters):
        if "\ud800" <= character <= "\udbff":
            high = character
            continue
        whole = character
        if high and "\udc00" <= character <= "\udfff":
            whole = (high + character).encode("utf-16", "surrogatepass").decode("utf-16")
        high = ""
        for sign in unicodedata.normalize("NFKC", whole).casefold():
            if not sign.isspace() and sign not in _HYPHENS and unicodedata.category(sign)[0] != "C":
                found.append(sign)
                places.append(place)
    return "".join(found), places


def _index_of(offsets: Sequence[int], offset: int) -> int:
    return next((n for n, place in enumerate(offsets) if place >= offset), len(offsets))


def _count(text: str, wanted: str) -> int:
    count, at = 0, text.find(wanted)
    while at >= 0:
        count, at = count + 1, text.find(wanted, at + 1)
    return count


def _nth(text: str, wanted: str, n: int) -> int:
    """Return the position of the n-th occurrence, counted from 0, or of the last; -1 if there is none."""
    at = text.find(wanted)
    while n > 0 and (following := text.find(wanted, at + 1)) >= 0 and at >= 0:
        n, at = n - 1, following
    return at


def _pieces(drawn: str, wanted: str, places: Sequence[int]) -> list[tuple[int, int]]:
    """Return the common runs of a text that is not there in one piece.

    They may be in any order: the columns of vertical text are drawn from left to right, and read from right to left.
    """
    matcher = SequenceMatcher(None, wanted, drawn, autojunk=False)
    least = min(_LEAST_RUN, len(wanted))
    open_, runs, found = [(0, len(wanted))], [], 0
    while open_:
        low, high = open_.pop()
        block = matcher.find_longest_match(low, high)
        if block.size >= least:
            runs.append((places[block.b], places[block.b + block.size - 1] + 1))
            found += block.size
            open_ += [(low, block.a), (block.a + block.size, high)]
    return _joined(runs) if found >= _LEAST_SHARE * len(wanted) else []


def _joined(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(runs):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
