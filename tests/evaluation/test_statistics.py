"""Intervals and tests: known values, and the laws that they keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.evaluation import statistics

_SHARES = st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("wins", "losses", "p"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),
        (5, 0, 2 / 2**5),
        (9, 1, 2 * (1 + 10) / 2**10),
        (3, 3, 1.0),
        (12, 4, 2 * (1 + 16 + 120 + 560 + 1820) / 2**16),
    ],
)
def test_mcnemar_by_known_values(wins: int, losses: int, p: float) -> None:
    assert statistics.mcnemar(wins, losses) == pytest.approx(p)
    assert statistics.mcnemar(losses, wins) == pytest.approx(p)


def test_mcnemar_copes_with_many_questions() -> None:
    assert statistics.mcnemar(3000, 2000) == pytest.approx(0, abs=1e-30)
    assert statistics.mcnemar(2500, 2500) == 1.0


def test_a_mean_has_the_interval_that_the_normal_approximation_gives() -> None:
    values = [1.0] * 120 + [0.0] * 180
    estimate = statistics.mean(values)
    half = 1.96 * np.sqrt(0.4 * 0.6 / 300)
    assert estimate["value"] == pytest.approx(0.4)
    assert estimate["low"] == pytest.approx(0.4 - half, abs=0.006)
    assert estimate["high"] == pytest.approx(0.4 + half, abs=0.006)
    assert estimate["n"] == 300


def test_a_ratio_counts_the_questions_that_have_one() -> None:
    precision = statistics.ratio([1, 0, 1, 0], [1, 1, 1, 0])
    assert precision["value"] == pytest.approx(2 / 3)
    assert precision["n"] == 3
    assert statistics.ratio([], []) == {"value": None, "low": None, "high": None, "n": 0}
    assert statistics.ratio([0, 0], [0, 0])["value"] is None


def test_quantiles_of_times() -> None:
    times = list(map(float, range(1, 102)))
    assert statistics.quantile(times, 0.5)["value"] == 51
    assert statistics.quantile(times, 0.95)["value"] == 96
    assert statistics.quantile([], 0.5)["value"] is None


def test_pairs_are_compared_on_the_same_questions() -> None:
    chance = np.random.default_rng(1)
    hard = chance.uniform(0, 1, 200)
    difference = statistics.paired_difference([*(hard + 0.1)], [*hard])
    assert difference["value"] == pytest.approx(0.1)
    assert difference["low"] == pytest.approx(0.1)  # the questions' own differences don't count
    times = statistics.paired_ratio([*(3 * np.exp(hard))], [*np.exp(hard)])
    assert [times["low"], times["value"], times["high"]] == pytest.approx([3, 3, 3])
    assert statistics.paired_difference([], [])["value"] is None


@given(_SHARES)
def test_intervals_hold_their_value_and_come_out_the_same_each_time(values: list[float]) -> None:
    estimate = statistics.mean(values)
    assert estimate == statistics.mean(values)
    low, value, high = estimate["low"], estimate["value"], estimate["high"]
    assert low is not None and value is not None and high is not None
    assert min(values) <= low <= high <= max(values)
    assert low - 1e-9 <= value <= high + 1e-9 or len(values) < 3
