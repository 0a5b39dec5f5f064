"""Estimate how certain a figure is. In: a number for each question. Out: 95% intervals and p-values. Pure, numpy only.

Intervals are percentile bootstraps over the questions (Efron 1979), with a fixed seed: the same answers give the same
intervals. Precision and F1 of refusals are ratios of sums, not means; the ratio is resampled as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from bunko.evaluation.records import Estimate, Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

RESAMPLES = 2000
SEED = 20261123
_TAILS = (2.5, 97.5)
_BLOCK = 2_000_000  # draws held in memory at once


def mean(values: Sequence[float]) -> Estimate:
    """Return the mean of the scores of all questions.

    >>> mean([1, 0, 1, 1])["value"]
    0.75
    """
    return ratio(values, [1.0] * len(values))


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Estimate:
    """Return a ratio of sums over the questions. Precision, for example, is (rightly refused) / refused.

    >>> ratio([1, 0, 1], [1, 0, 2])["value"]
    0.6666666666666666
    """
    above, below = _floats(numerators), _floats(denominators)
    if not len(above) or not below.sum():
        return Estimate(value=None, low=None, high=None, n=0)

    def statistic(draws: NDArray[np.intp]) -> Floats:
        sums = below[draws].sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(sums > 0, above[draws].sum(axis=1) / sums, np.nan)

    low, high = _interval(len(above), statistic)
    return Estimate(value=float(above.sum() / below.sum()), low=low, high=high, n=int((below > 0).sum()))


def quantile(values: Sequence[float], share: float) -> Estimate:
    """Return a quantile of the values; 0.5 is the median."""
    sample = _floats(values)
    if not len(sample):
        return Estimate(value=None, low=None, high=None, n=0)
    low, high = _interval(len(sample), lambda draws: np.quantile(sample[draws], share, axis=1))
    return Estimate(value=float(np.quantile(sample, share)), low=low, high=high, n=len(sample))


def paired_difference(a: Sequence[float], b: Sequence[float]) -> Interval:
    """Return mean(a) - mean(b) on the same questions; pairs are resampled.

    >>> paired_difference([1.0, 1.0], [0.5, 0.5])
    {'value': 0.5, 'low': 0.5, 'high': 0.5}
    """
    return _of_mean(_floats(a) - _floats(b), lambda value: value)


def paired_ratio(a: Sequence[float], b: Sequence[float]) -> Interval:
    """Return the ratio of the geometric means of a and b on the same questions; pairs are resampled.

    >>> paired_ratio([2.0, 8.0], [1.0, 4.0])
    {'value': 2.0, 'low': 2.0, 'high': 2.0}
    """
    logs = np.log(np.maximum(_floats(a), 1e-9)) - np.log(np.maximum(_floats(b), 1e-9))
    return _of_mean(logs, lambda value: round(math.exp(value), 12))


def mcnemar(wins: int, losses: int) -> float:
    """Return the two-sided p-value of McNemar's exact test, a binomial test with probability 1/2 (McNemar 1947).

    Ties are left out.

    >>> mcnemar(9, 1), mcnemar(0, 0)
    (0.021484375, 1.0)
    """
    n = wins + losses
    tail = sum(math.comb(n, k) for k in range(min(wins, losses) + 1))
    return float(min(1.0, 2 * tail / 2**n)) if n else 1.0


def _of_mean(values: Floats, scale: Callable[[float], float]) -> Interval:
    if not len(values):
        return Interval(value=None, low=None, high=None)
    low, high = _interval(len(values), lambda draws: values[draws].mean(axis=1))
    assert low is not None
    assert high is not None
    return Interval(value=scale(float(values.mean())), low=scale(low), high=scale(high))


def _interval(n: int, statistic: Callable[[NDArray[np.intp]], Floats]) -> tuple[float | None, float | None]:
    """Return the 95% interval of a statistic of n questions; resamples where it is undefined (NaN) are left out."""
    values = np.concatenate([statistic(draws) for draws in _draws(n)])
    values = values[~np.isnan(values)]
    if not len(values):
        return None, None
    low, high = np.percentile(values, _TAILS)
    return float(low), float(high)


def _draws(n: int) -> Iterator[NDArray[np.intp]]:
    """Yield blocks of resamples, one row of indices each; always the same ones for the same n."""
    chance = np.random.default_rng(SEED)
    left, rows = RESAMPLES, max(1, _BLOCK // n)
    while left > 0:
        yield chance.integers(0, n, size=(min(rows, left), n))
        left -= rows


def _floats(values: Sequence[float]) -> Floats:
    return np.asarray(values, dtype=np.float64)
