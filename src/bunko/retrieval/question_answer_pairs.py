"""Find the questions that a text answers itself, as FAQ lists do. In: text, sentences. Out: question and answer pairs.

A sentence that repeats the reader's question would get the best score and answers nothing; the sentence after it is
the answer, and may share no word with the question. Knows nothing of scores.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_QUESTION = re.compile(r"[?？]\W*$|(?:ます|です|でしょう|ません|でした|ました|のです|ない|る|た)か。?\W*$")
_LABEL = re.compile(r"(?:A|Ans|Answer|Ａ|答え?|回答|解答)\s?[.:：．）)]\s*", re.I)
_YES_OR_NO = re.compile(r"(?:yes|no|はい|いいえ)[.!。．！]?", re.I)
_LONGEST = 200
"""Characters; nobody asks a longer question."""
_SENTENCES = 3
"""Of an answer; later sentences are as often about something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweringSentence:
    """A sentence without a label such as "A:", and the question before it that it answers."""

    start: int
    end: int
    question: str = ""


def answering_sentences(text: str, spans: Sequence[tuple[int, int]]) -> list[AnsweringSentence]:
    """Return the sentences, each with the question in the text that it answers; answered questions are left out.

    `spans` are the sentences, in order. A question without an answer is kept: it may be all there is. A lone "Yes." is
    one with the sentence that says more.

    >>> text = "Q: Who built it? A: Ada did."
    >>> [(text[it.start : it.end], it.question) for it in answering_sentences(text, [(0, 16), (17, 28)])]
    [('Ada did.', 'Q: Who built it?')]
    """
    found: list[AnsweringSentence] = []
    question, left = "", 0
    spans = _with_what_follows(text, spans)
    for n, (start, end) in enumerate(spans):
        is_question = _is_question(text, start, end)
        apart = n > 0 and "\n\n" in text[spans[n - 1][1] : start]
        if is_question or left == 0 or (apart and left < _SENTENCES):
            question = ""
        if question:
            found.append(AnsweringSentence(start=_after_label(text, start, end), end=end, question=question))
            left -= 1
        elif is_question and n + 1 < len(spans) and not _is_question(text, *spans[n + 1]):
            question, left = text[start:end], _SENTENCES
        else:
            found.append(AnsweringSentence(start=start, end=end))
    return found


def _with_what_follows(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the sentences, a lone yes or no as one with the next sentence of its paragraph."""
    joined: list[tuple[int, int]] = []
    goes_on = False
    for start, end in spans:
        if goes_on and "\n\n" not in text[joined[-1][1] : start]:
            joined[-1] = (joined[-1][0], end)
            goes_on = False
        else:
            joined.append((start, end))
            goes_on = bool(_YES_OR_NO.fullmatch(text, _after_label(text, start, end), end))
    return joined


def _after_label(text: str, start: int, end: int) -> int:
    label = _LABEL.match(text, start, end)
    return label.end() if label and label.end() < end else start


def _is_question(text: str, start: int, end: int) -> bool:
    return end - start <= _LONGEST and bool(_QUESTION.search(text, start, end))
