"""The divergence of two distributions of which only the likeliest tokens are known."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from bunko.importing.divergence import divergence, one_divergence, perplexity
from bunko.importing.trial import Next

_WEIGHTS = st.lists(st.floats(0.001, 1.0), min_size=4, max_size=12)


def _listed(weights: list[float], count: int) -> tuple[Next, list[float]]:
    whole = [weight / sum(weights) for weight in weights]
    order = sorted(range(len(whole)), key=lambda token: -whole[token])[:count]
    return Next(tokens=tuple(order), logs=tuple(math.log(whole[token]) for token in order)), whole


@given(first=_WEIGHTS, second=_WEIGHTS, count=st.integers(1, 12))
def test_it_is_never_more_than_the_whole_divergence(first: list[float], second: list[float], count: int) -> None:
    size = min(len(first), len(second))
    reference, p = _listed(first[:size], count)
    other, q = _listed(second[:size], count)
    whole = sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
    found = one_divergence(reference, other)
    assert 0 <= found <= whole + 1e-9
    if count >= size:
        assert math.isclose(found, whole, abs_tol=1e-9)


@given(weights=_WEIGHTS, count=st.integers(1, 12))
def test_a_model_is_not_apart_from_itself(weights: list[float], count: int) -> None:
    listed, whole = _listed(weights, count)
    found = divergence([listed, listed], [listed, listed])
    assert found.mean < 1e-9 and found.same_first == 1
    assert math.isclose(found.left_over, max(0.0, 1 - sum(whole[token] for token in listed.tokens)), abs_tol=1e-9)


def test_a_token_that_is_not_listed_counts_as_the_least_likely() -> None:
    place = Next(tokens=(3, 5), logs=(math.log(0.6), math.log(0.3)))
    found = perplexity([place], [99])
    assert found.outside == 1 and math.isclose(found.value, 1 / 0.3)
