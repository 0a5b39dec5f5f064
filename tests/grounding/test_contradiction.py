"""The right words may say the contrary. What is caught is listed here, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given

from bunko.grounding.contradiction import contradiction
from tests.strategies import anything

CONTRARY = [
    ("The mill was not built in 1911.", "The mill was built in 1911."),
    ("The mill was built in 1911.", "The mill was never built."),
    ("He didn't leave.", "He left in 1990."),
    ("They did not dig the canal.", "They dug the canal in 1911."),
    ("The queen never wore it.", "The queen wears it."),
    ("It is a non fundamental error.", "It is a fundamental error."),
    ("The plan was unpopular there.", "The plan was popular there."),
    ("Carthage conquered Rome.", "Rome conquered Carthage."),
    ("Rome was conquered by Carthage.", "Rome conquered Carthage."),
    ("Norway is larger than Sweden.", "Sweden is larger than Norway."),
    ("It is more powerful than any other.", "It is as powerful as any other."),
    ("The number increased.", "The number decreased."),
    ("It lies north of the river.", "It lies south of the river."),
    ("It has 12 apples and 15 pears.", "It has 15 apples and 12 pears."),
    ("It was completed in 1958.", "It was completed in 1957 and opened in 1958."),
    ("塔は建てられなかった。", "塔は建てられた。"),
    ("京都は首都ではない。", "京都は首都である。"),
    ("最高速度は120km/hではない。", "最高速度は120km/hである。"),
    ("信長は光秀を破った。", "光秀は信長を破った。"),
    ("人口は減少した。", "人口は増加した。"),
    ("塔は1958年に完成した。", "塔は1957年に完成し、1958年に開業した。"),
]
NOT_CONTRARY = [
    ("The mill was built by Ada.", "Ada built the mill."),
    ("Bob hired Ann.", "Ann was hired by Bob."),
    ("Ann met Bob.", "Bob met Ann."),
    ("It was opened in 1958.", "It was completed in 1957 and opened in 1958."),
    ("The bridge was not opened until 1932.", "The bridge was opened in 1932."),
    ("It is not only old but tall.", "It is old and tall."),
    ("He left in 1990.", "He did not stay but left in 1990."),
    ("少なくとも3人が亡くなった。", "3人が亡くなった。"),
    ("光秀は信長に破られた。", "信長は光秀を破った。"),
    ("東京だけでなく大阪でも開催された。", "東京と大阪で開催された。"),
    ("必ず開催される。", "毎年開催される。"),
]
# Seen by no outward sign: decision 012 tells.
NOT_CAUGHT = [
    ("He failed to leave.", "He left."),
    ("Ann, who sold the house to Bob, moved.", "Bob sold the house, and Ann moved."),
    ("Everybody liked it.", "Few liked it."),
]


@pytest.mark.parametrize(("sentence", "source"), CONTRARY)
def test_the_contrary_is_seen(sentence: str, source: str) -> None:
    assert contradiction(sentence, source)


@pytest.mark.parametrize(("sentence", "source"), [*NOT_CONTRARY, *NOT_CAUGHT])
def test_what_is_not_the_contrary_is_let_pass(sentence: str, source: str) -> None:
    assert contradiction(sentence, source) == ""


@given(anything)
def test_a_text_does_not_contradict_itself(text: str) -> None:
    assert contradiction(text, text) == ""
