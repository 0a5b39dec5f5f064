"""How much a model reads follows the kind of the question, the speed of the model, and the user's patience."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from bunko.answering.context_size import context_size

SPEEDS = st.floats(0.1, 1e6)


@given(SPEEDS, SPEEDS, st.booleans())
def test_a_faster_model_reads_no_less(one: float, other: float, is_wide: bool) -> None:
    slow, fast = sorted((one, other))
    sizes = [context_size(is_wide=is_wide, tokens_per_s=speed, patience_s=60) for speed in (slow, fast)]
    assert sizes == sorted(sizes)


@given(SPEEDS, st.floats(0.1, 600))
def test_a_model_reads_in_the_time_that_it_has(speed: float, patience: float) -> None:
    size = context_size(is_wide=True, tokens_per_s=speed, patience_s=patience)
    assert size == 400 or size <= speed * patience
    fact = context_size(is_wide=False, tokens_per_s=speed, patience_s=patience)
    assert fact <= speed * patience / 2


def test_a_server_gets_the_most() -> None:
    sizes = [
        context_size(is_wide=True, tokens_per_s=speed, patience_s=patience)
        for speed, patience in ((math.inf, 60), (1, 0), (0, 60))
    ]
    assert sizes == [4000, 4000, 3000]


def test_a_fact_is_read_from_sentences_where_there_is_no_time_for_passages() -> None:
    assert context_size(is_wide=False, tokens_per_s=5, patience_s=60) == 0
