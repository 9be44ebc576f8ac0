"""Estimates with intervals over seeds, and verdicts on many of them at once.

A few seeds say little. Student's interval on one number a seed is honest about that: with
three seeds its factor is 4.3 at 95 %, and grows fast beyond. A bootstrap can only repeat the
values that it has: of three seeds, one sample in nine is one seed alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
Verdict = Literal["reproduced", "not reproduced", "undecided"]
Region = tuple[float, float]

# Probability that any of a table's verdicts is wrong.
ERROR_RATE = 0.05


class UndecidableError(ArithmeticError):
    """No interval can be had, for the reason given."""


@dataclass(frozen=True)
class Estimate:
    """A number, how many seeds it rests on, and its interval at any confidence level."""

    value: float
    seeds: int
    interval: Callable[[float], tuple[float, float]]


@dataclass(frozen=True)
class Judged:
    """A verdict and the interval, at confidence `level`, that it was read from."""

    verdict: Verdict
    low: float
    high: float
    level: float


def mean_over_seeds(values: Array, log: bool = False) -> Estimate:
    """Mean with Student's interval.

    Args:
        values: (seeds,), one number a seed.
        log: they are logarithms; the estimate is their geometric mean.

    Raises:
        UndecidableError: fewer than two seeds, values that are not finite or all the same.
    """
    if not np.isfinite(values).all():
        raise UndecidableError("not finite in some seed")
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return _student(float(np.mean(values)), error, len(values), log)


def ratio_over_seeds(numerators: Array, denominators: Array) -> Estimate:
    """Ratio of two means, paired by seed, with Student's interval by the delta method.

    Raises:
        UndecidableError: as for `mean_over_seeds`, or the denominators' mean is not positive.
    """
    below = float(denominators.mean())
    if not below > 0:
        raise UndecidableError(f"a share of {below:.1f}, which is not positive, says nothing")
    ratio = float(numerators.mean()) / below
    return mean_over_seeds(ratio + (numerators - ratio * denominators) / below)


def jackknife(statistic: Callable[[Indices], float], seeds: int) -> Estimate:
    """A positive statistic of all seeds, Student's interval from its logarithm's jackknife.

    Args:
        statistic: of some seeds, given by their indices.
        seeds: how many there are.

    Raises:
        UndecidableError: as for `mean_over_seeds`.
    """
    every = np.arange(seeds)
    value = math.log(statistic(every))
    if seeds == 1:
        return _student(value, math.nan, seeds, log=True)
    without = np.log([statistic(np.delete(every, seed)) for seed in every])
    error = math.sqrt((seeds - 1) * float(np.var(without)))
    return _student(value, error, seeds, log=True)


def first_within(values: Array, bound: float) -> Estimate:
    """First point, from 1, at which a falling curve's mean is at most `bound`.

    The interval goes from the first point that is not surely above the bound to the first that
    is surely within it, as is the one after it: each by Student's interval at that point. A
    single point would be within by chance too often, for many come close to the bound before.

    Args:
        values: (runs, points).
        bound: to be reached.

    Raises:
        UndecidableError: one run.
    """
    runs = len(values)
    if runs < 2:
        raise UndecidableError("one run: its spread over runs is not known")
    means, errors = values.mean(axis=0), values.std(axis=0, ddof=1) / math.sqrt(runs)

    def first(within: NDArray[np.bool_]) -> float:
        return float(within.argmax()) + 1 if within.any() else math.inf

    def interval(level: float) -> tuple[float, float]:
        reach = errors * float(stats.t.ppf((1 + level) / 2, runs - 1))
        surely = means + reach <= bound
        return first(means - reach <= bound), first(surely & np.append(surely[1:], True))

    return Estimate(first(means <= bound), runs, interval)


def _student(value: float, error: float, seeds: int, log: bool) -> Estimate:
    if seeds < 2:
        raise UndecidableError("one seed: its spread over seeds is not known")
    if error <= 1e-12 * abs(value):
        raise UndecidableError("the same in every seed: its spread over seeds is not known")
    scale: Callable[[float], float] = _exponential if log else float

    def interval(level: float) -> tuple[float, float]:
        reach = error * float(stats.t.ppf((1 + level) / 2, seeds - 1))
        return scale(value - reach), scale(value + reach)

    return Estimate(scale(value), seeds, interval)


def _exponential(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf


def position(interval: tuple[float, float], region: Region) -> Verdict:
    """Where an interval lies: within the claimed region, beside it, or across its edge."""
    low, high = interval
    if region[0] <= low and high <= region[1]:
        return "reproduced"
    if high < region[0] or region[1] < low:
        return "not reproduced"
    return "undecided"


def verdicts(estimates: Sequence[Estimate], regions: Sequence[Region]) -> list[Judged]:
    """A verdict on each estimate, all of them right with probability 1 − ERROR_RATE.

    Holm's procedure: of m claims each has ERROR_RATE / m, both ways of being wrong together;
    those that the intervals of this level decide leave their share to the others, until no
    more are decided. An equivalence (a bounded region) is thereby two one-sided tests.

    Args:
        estimates: of independent or dependent claims.
        regions: lowest and highest value that each claim allows.
    """
    judged: dict[int, Judged] = {}
    decided = -1
    while len(judged) < len(estimates) and decided != 0:
        rest = [index for index in range(len(estimates)) if index not in judged]
        level = 1 - ERROR_RATE / len(rest)
        now = {index: _judged(estimates[index], regions[index], level) for index in rest}
        final = {index: found for index, found in now.items() if found.verdict != "undecided"}
        judged |= final
        decided = len(final)
        if not decided:
            judged |= now
    return [judged[index] for index in range(len(estimates))]


def _judged(estimate: Estimate, region: Region, level: float) -> Judged:
    interval = estimate.interval(level)
    return Judged(position(interval, region), *interval, level)
