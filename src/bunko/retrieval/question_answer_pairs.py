"""Find the questions that a text answers itself, as lists of frequent ones do. In: text, sentences. Out: pairs.

A sentence that repeats a reader's question word for word looks like the best of all, and tells nothing; what follows
it may share no word with the question, and is the answer. Knows nothing of scores.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_QUESTION = re.compile(r"[?？]\W*$|(?:ます|です|でしょう|ません|でした|ました|のです|ない|る|た)か。?\W*$")
_LABEL = re.compile(r"(?:A|Ans|Answer|Ａ|答え?|回答|解答)\s?[.:：．）)]\s*", re.I)
_LONGEST = 200
"""Characters: a longer one is no question that a reader would ask."""
_SENTENCES = 3
"""An answer may go on; what comes later speaks of something else as often as not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A sentence, without the label of an answer, and the question before it that it answers."""

    start: int
    end: int
    question: str = ""


def told(text: str, spans: Sequence[tuple[int, int]]) -> list[Told]:
    """Return the sentences, each with the question of the text that it answers; such questions are not among them.

    `spans` are the sentences, in order. A question that nothing follows is kept: it may be all there is.

    >>> text = "Q: Who built it? A: Ada did."
    >>> [(text[it.start : it.end], it.question) for it in told(text, [(0, 16), (17, 28)])]
    [('Ada did.', 'Q: Who built it?')]
    """
    found: list[Told] = []
    question, left = "", 0
    for n, (start, end) in enumerate(spans):
        is_question = _is_question(text, start, end)
        apart = n > 0 and "\n\n" in text[spans[n - 1][1] : start]
        if is_question or left == 0 or (apart and left < _SENTENCES):
            question = ""
        if question:
            found.append(Told(start=_after_label(text, start, end), end=end, question=question))
            left -= 1
        elif is_question and n + 1 < len(spans) and not _is_question(text, *spans[n + 1]):
            question, left = text[start:end], _SENTENCES
        else:
            found.append(Told(start=start, end=end))
    return found


def _after_label(text: str, start: int, end: int) -> int:
    label = _LABEL.match(text, start, end)
    return label.end() if label and label.end() < end else start


def _is_question(text: str, start: int, end: int) -> bool:
    return end - start <= _LONGEST and bool(_QUESTION.search(text, start, end))
