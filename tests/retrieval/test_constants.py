"""The constants of retrieval, each by a case on either side of it: found by changing them (tests/tools/mutate.py)."""

from __future__ import annotations

import pytest

from bunko.question.question import parse_question
from bunko.retrieval.evidence import select
from bunko.retrieval.ranking import by_order
from bunko.settings import EvidenceSettings
from bunko.testing import FakeEmbedder
from bunko.types import Chunk, Evidence, Hit


def make_hit(text: str, *, path: str = "a.txt", heading: str = "", score: float = 1.0) -> Hit:
    chunk = Chunk(path=path, start=0, end=len(text), text=text, heading=heading, key=path + text)
    return Hit(chunk=chunk, score=score, lexical=score)


def ordered(question: str, *hits: Hit) -> dict[str, float]:
    return {hit.chunk.text: hit.score for hit in by_order(parse_question(question), hits)}


def chosen(question: str, *hits: Hit) -> list[Evidence]:
    return select(parse_question(question), hits, FakeEmbedder(), vector=None, settings=EvidenceSettings(quotes=5))


def test_words_count_as_near_up_to_four_words_apart() -> None:
    four, five = "mill alpha beta gamma wheel", "mill alpha beta gamma delta wheel"
    scores = ordered("mill wheel", make_hit(four), make_hit(five, path="b.txt"))
    assert scores[four] > scores[five]


def test_words_of_the_heading_count_half() -> None:
    text = "It sleeps quietly upon some straw."
    (item,) = chosen("cat sleep", make_hit(text, heading="Cat"))
    # One word of two in the sentence, the other in its heading, and half for the best passage's score.
    assert item.score == pytest.approx(0.5 + 0.5 * 0.5 + 0.5)


@pytest.mark.parametrize(
    ("passage", "kept"),
    [
        (0.4, True),  # 0.5 of 1 + 0.5 * 0.4: 0.417 of the best
        (0.6, False),  # 0.5 of 1 + 0.5 * 0.6: 0.385 of the best
    ],
)
def test_a_sentence_needs_two_fifths_of_the_best_ones_score(passage: float, kept: bool) -> None:
    answer = make_hit("The cat sleeps quietly upon some straw.", score=passage)
    other = make_hit("Ships carried their cargo along the coast.", path="b.txt", score=1.0)
    assert [item.path for item in chosen("cat sleep", answer, other)] == ["a.txt", *(["b.txt"] if kept else [])]
