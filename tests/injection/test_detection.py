"""Orders to a language model, and texts about orders, answers and instructions. The patterns: test_patterns.py."""

from __future__ import annotations

import time

import pytest
from hypothesis import given

from bunko.injection.detection import gives_orders
from tests.strategies import anything


@given(anything)
def test_any_text_gets_an_answer(text: str) -> None:
    assert gives_orders(text) in (True, False)


@pytest.mark.parametrize(
    "piece",
    [
        "ignore all ",
        "answer the ",
        "if asked ",
        "ユーザー:",
        "答えは",
        "<|",
        "user: ",
        "any ",
        "ignorez tes ",
        "ignoriere alle ",
        "忽略所有",
        "只回答",
    ],
)
def test_a_long_text_takes_no_longer_than_others(piece: str) -> None:
    begun = time.perf_counter()
    gives_orders(piece * 100_000)
    assert time.perf_counter() - begun < 2
