"""Recognise lists of lines: each line a statement of its own, with no mark that ends it. In: a text. Out: yes or no.

Lines of a list may be as long as wrapped ones. Two things set them apart: they are built alike ("key A opens the
cellar", "key B opens the attic"), or each begins as a sentence does and none breaks off in mid-sentence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from bunko.language.scripts import CJK

# A word, a number as one mark, a single Japanese character.
_TOKEN = re.compile(r"(?P<number>\d+(?:[.,:/-]\d+)*)|[^\W\d_a-zA-Z]|[a-zA-Z]+")
_BREAKS_OFF = re.compile(
    r"(?:[-,、，;(（「『・–—]|\b(?:an?|the|and|or|but|nor|of|in|on|at|to|by|for|from|with|as|than|that|which|who|whose|is|"
    r"are|was|were|be|been|has|have|had|not|its|their|his|her|this|these|into|over|under|between))\s*$",
    re.IGNORECASE,
)
_BLANK = re.compile(r"\n[ \t\u3000]*\n")
_JAPANESE_TOPIC = re.compile(r"[^はがをに、。\s]{1,12}(?:は|[\s\u3000])")
_JAPANESE_PARTICLE = re.compile(r"[はがをにでとのもへやっ、，・ー（「『]\s*$")
# Shares of the tokens of two lines that both have, in the same order. Adjacent lines of wrapped prose share 0.1 to
# 0.3, mostly "the" and "of"; Japanese ones, compared by characters, up to 0.4 (benchmarks/LOG.md).
_ALIKE = 0.4
_ALIKE_IN_CJK = 0.6
_ALIKE_IN_LOWER_CASE = 0.5
_FEWEST_LINES = 3
"""Of a block in which every line begins as a sentence does: two may be chance."""
_LONGEST_LINE = 1_000
"""Characters. Comparing two lines takes time that grows with the product of their lengths."""
_MOST_LINES = 200
"""Of a block that are looked at; the rest is like them."""


class LineLists:
    """The blocks of a text, lines between blank ones, asked in order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = -1  # of the block that was looked at last
        self._each_begins = False

    def separates(self, line_end: int) -> bool:
        """Return whether the line break at this place is between two entries of a list."""
        text = self._text
        start = text.rfind("\n", 0, line_end) + 1
        end = text.find("\n", line_end + 1)
        line, following = text[start:line_end].strip(), text[line_end + 1 : end if end >= 0 else len(text)].strip()
        if not line or not following:
            return False
        if line_end > self._end:
            self._look(start)
        return self._each_begins or _are_alike(line, following)

    def _look(self, start: int) -> None:
        """Look at the block that begins with the line at `start`."""
        blank = _BLANK.search(self._text, start)
        self._end = blank.start() if blank else len(self._text)
        lines = self._text[start : min(self._end, start + 200 * _MOST_LINES)].split("\n")[:_MOST_LINES]
        lines = [line.strip() for line in lines if line.strip()]
        self._each_begins = len(lines) >= _FEWEST_LINES and (
            _are_english_statements(lines) or _are_japanese_statements(lines)
        )


def _are_english_statements(lines: Sequence[str]) -> bool:
    return all(_begins(line) for line in lines) and not any(_BREAKS_OFF.search(line) for line in lines[:-1])


def _are_japanese_statements(lines: Sequence[str]) -> bool:
    return all(
        CJK.search(line) and _JAPANESE_TOPIC.match(line) and not _JAPANESE_PARTICLE.search(line) for line in lines
    )


def _begins(line: str) -> bool:
    """Return whether a line begins as sentences do. Scripts without case don't show it: False."""
    return bool(line) and line[0] not in ")]}.,;:!?–—-" and (line[0].isupper() or not line[0].isalpha())


def _are_alike(one: str, other: str) -> bool:
    """Return whether two lines are built alike.

    >>> _are_alike("Anna Berg works in room 114, phone 5501", "Bert Falk works in room 230, phone 5502")
    True
    >>> _are_alike("The mill was built by the monks in the year", "1803 and sold to the town of Ashwood by the")
    False
    """
    if one.endswith("-") or max(len(one), len(other)) > _LONGEST_LINE:
        return False
    least = _ALIKE_IN_CJK if CJK.search(one) else _ALIKE if _begins(one) and _begins(other) else _ALIKE_IN_LOWER_CASE
    first, second = _tokens(one), _tokens(other)
    enough = least * (len(first) + len(second)) / 2
    if sum((Counter(first) & Counter(second)).values()) < max(enough, 1):  # quick: in any order
        return False
    blocks = SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) >= enough


def _tokens(line: str) -> list[str]:
    return ["0" if match["number"] else match.group().casefold() for match in _TOKEN.finditer(line)]
