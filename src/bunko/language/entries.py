"""Find the entries of a text that is a list of them: "Population: 5", or "Population:" above its lines.

In: text. Out: labels. Knows nothing of questions.
"""

from __future__ import annotations

import re
import statistics

_LABEL = re.compile(r"[ \t\u3000]*[-*・•]?[ \t]*(?P<label>[^\s:：][^:：\n]{0,39}?)[ \t]*[:：](?!//)", re.MULTILINE)
_ITEM_ENDS = re.compile(r"[,;、，；・]")
_MANY = 8
_WORDS = 3  # of an item, at the median; in Japanese, so many times as many characters
_CHARACTERS = 10
_ALONE = re.compile(r"[^\n]{1,60}[:：]\Z")


def label_of(sentence: str) -> str:
    """Return what stands before the first colon, if that is near the beginning; else an empty string.

    >>> label_of("Area: 5 sq km"), label_of("See https://example.org"), label_of("It is old.")
    ('Area', '', '')
    """
    match = _LABEL.match(sentence)
    return match["label"] if match else ""


def labels(text: str) -> list[str]:
    r"""Return the labels of a text's lines, in order.

    >>> labels("Area:\ntotal: 5\nIt is old.")
    ['Area', 'total']
    """
    return [label for line in text.split("\n") if (label := label_of(line))]


def is_label_alone(sentence: str) -> bool:
    """Return whether a line only says what those below it are.

    >>> is_label_alone("Area:"), is_label_alone("Area: 5")
    (True, False)
    """
    return bool(_ALONE.match(sentence))


def is_enumeration(text: str) -> bool:
    """Return whether a text only lists many short items, and says nothing of them.

    >>> is_enumeration("Member of: BIS, CBSS (observer), CE, EAPC, EBRD, FAO, IAEA, ILO, IMF")
    True
    >>> is_enumeration("It closed because the river fell, the wheels broke, and nobody would pay for new ones.")
    False
    """
    items = [item.strip() for item in _ITEM_ENDS.split(text) if item.strip()]
    if len(items) < _MANY:
        return False
    short = statistics.median(len(item.split()) for item in items) <= _WORDS
    return short and statistics.median(map(len, items)) <= (_CHARACTERS if not text.isascii() else _WORDS * _CHARACTERS)
