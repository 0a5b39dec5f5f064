"""Make questions that nothing answers from those that are answered. In: questions. Out: questions. Knows no models.

Two kinds, both about the passage's own subject: the passage loses the sentence of the answer, or the question gets
another name or year than its own. A made question can have an answer by chance; of 40 and 25 that were read, few do.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import replace

from training.reader.data import Question

CUT, SWAPPED = "cut", "swapped"
# Words that a passage must keep without its sentence, or it is about nothing.
LEAST_WORDS = 25
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(])|(?<=。)(?=.)")
_YEAR = re.compile(r"(?<!\d)(?<!\d[.,])(?:1\d{3}|20\d{2})(?!\d|[.,]\d)(?=年|\b)")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*\b")
_KATAKANA = re.compile("[ァ-ヴ][ァ-ヴー・]{2,}")


def near_misses(questions: Sequence[Question], *, seed: int) -> list[Question]:
    """Return made questions: at most one of each kind for each answered question."""
    rng = random.Random(seed)
    made = []
    for question in questions:
        if question.span is None:
            continue
        rest = without_sentence(question.passage, question.span)
        answer = question.passage[slice(*question.span)]
        if len(rest.split()) >= LEAST_WORDS and answer.lower() not in rest.lower():
            made.append(replace(question, source=CUT, passage=rest, span=None))
        if other := swapped(question, rest, rng=rng):
            made.append(replace(question, source=SWAPPED, text=other, span=None))
    return made


def without_sentence(passage: str, span: tuple[int, int]) -> str:
    """Return a passage without the sentence that has the answer.

    >>> without_sentence("It was built in 1810. It has a tower. Nobody lives there.", (16, 20))
    'It has a tower. Nobody lives there.'
    >>> without_sentence("灯台がある。高さは41メートルである。港もある。", (9, 15))
    '灯台がある。港もある。'
    """
    ends = [match.start() for match in _SENTENCE_END.finditer(passage)]
    begin = max((end for end in ends if end <= span[0]), default=0)
    end = min((end for end in ends if end >= span[1]), default=len(passage))
    between = "" if passage[:begin].endswith("。") else " "
    return (passage[:begin] + between + passage[end:].lstrip()).strip()


def swapped(question: Question, elsewhere: str, *, rng: random.Random) -> str:
    """Return the question with another year or name in place of one of its own; empty where it has none.

    The other one is of the passage, but not of the sentence that answers, or of a passage that was found beside it.
    """
    for pattern in (_YEAR, _NAME, _KATAKANA):
        mine = list(pattern.finditer(question.text))
        texts = [elsewhere, *question.negatives[:2]]
        others: list[str] = sorted(
            {found for text in texts for found in pattern.findall(text)} - set(pattern.findall(question.text))
        )
        answered = question.passage.lower()
        beside = [found for found in others if found in elsewhere or found.lower() not in answered]
        if mine and beside:
            place = rng.choice(mine)
            return question.text[: place.start()] + rng.choice(beside) + question.text[place.end() :]
    return ""
