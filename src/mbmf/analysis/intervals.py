"""Estimates with Student's intervals over seeds.

A few seeds say little. Student's interval on one number a seed is honest about that: with
three seeds its factor is 4.3 at 95 %, and grows fast beyond. A bootstrap can only repeat the
values that it has: of three seeds, one sample in nine is one seed alone, and its 95 % interval
covers the mean in 76 % of samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
Bound = Literal["at least", "at most"]

# Share of the asked error that `cautious` intervals are made with.
CAUTION = 0.45


class UndecidableError(ArithmeticError):
    """No interval can be had, for the reason given."""


class NotRunError(UndecidableError):
    """No interval can be had, for the scale does not run what is asked for, whatever came out."""


@dataclass(frozen=True)
class Estimate:
    """A number, how many seeds it rests on, and its interval at any confidence level.

    Attributes:
        value: best estimate.
        seeds: how many; of several numbers, the fewest.
        interval: ends of the interval at a confidence level. Each end alone is beyond the true
            value with a probability of at most half of what the level leaves.
        bound: the value is only known to be at least, or at most, so large; None if it is known.
    """

    value: float
    seeds: int
    interval: Callable[[float], tuple[float, float]]
    bound: Bound | None = None


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


def jackknife(statistic: Callable[[Indices], float], seeds: int) -> Estimate:
    """A positive statistic of all seeds, Student's interval from its logarithm's jackknife.

    Args:
        statistic: of some seeds, given by their indices.
        seeds: how many there are.

    Raises:
        UndecidableError: as for `mean_over_seeds`.
    """
    value = math.log(statistic(np.arange(seeds)))
    if seeds == 1:
        return _student(value, math.nan, seeds, log=True)
    logs = np.log([statistic(others) for others in leave_one_out(seeds)])
    return _student(value, float(jackknife_error(logs)), seeds, log=True)


def leave_one_out(seeds: int) -> list[Indices]:
    """Indices of all seeds but one, for each of them."""
    every = np.arange(seeds)
    return [np.delete(every, seed) for seed in every]


def jackknife_error(without: Array) -> Array:
    """Standard error of a statistic from its values without each seed.

    Args:
        without: (seeds, ...), the statistic of all seeds but one.
    """
    error: Array = np.sqrt((len(without) - 1) * np.var(without, axis=0))
    return error


def cautious(estimate: Estimate) -> Estimate:
    """An estimate whose interval is made for a share of the error that is asked for.

    Student's interval is exact for one number a seed. It errs up to 1.7 times as often as it says
    where its error comes from elsewhere: a jackknife, a variance drawn towards others, halves
    chosen by the other seeds. `benchmarks/claim_power.py` simulates these with unequal, skewed and
    heavy-tailed seeds; with this share each keeps to what is asked (docs/power.md).
    """
    return replace(estimate, interval=lambda level: estimate.interval(1 - CAUTION * (1 - level)))


def minimum(estimates: Sequence[Estimate]) -> Estimate:
    """Smallest of several numbers: whether each of them is above something.

    The low end is an intersection-union test (Berger 1982): the smallest is above what each is
    above, at the same level. The high end is below the true smallest only if some number's high
    end is below that number, so these share their error (Bonferroni).
    """

    def interval(level: float) -> tuple[float, float]:
        shared = 1 - (1 - level) / len(estimates)
        return (
            min(estimate.interval(level)[0] for estimate in estimates),
            min(estimate.interval(shared)[1] for estimate in estimates),
        )

    return Estimate(
        min(estimate.value for estimate in estimates),
        min(estimate.seeds for estimate in estimates),
        interval,
    )


def mean_interval(values: Array, level: float = 0.95) -> tuple[Array, Array, Array]:
    """Mean over seeds and Student's interval, at each point of a curve.

    Args:
        values: (seeds, points).
        level: of confidence.

    Returns:
        Mean, low and high end, (points,) each; the ends are the mean where there is one seed.
    """
    seeds, mean = len(values), values.mean(axis=0)
    if seeds < 2:
        return mean, mean, mean
    reach = student_factor(level, seeds - 1) * values.std(axis=0, ddof=1) / math.sqrt(seeds)
    return mean, mean - reach, mean + reach


def student_factor(level: float, df: float) -> float:
    """Standard errors from a mean to the ends of its interval."""
    return -float(stdtrit(df, (1 - level) / 2))


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

    def interval(level: float) -> tuple[float, float]:
        reach = errors * student_factor(level, runs - 1)
        surely = means + reach <= bound
        twice = surely & np.append(surely[1:], True)
        return first_point(means - reach <= bound), first_point(twice)

    return Estimate(first_point(means <= bound), runs, interval)


def first_point(within: NDArray[np.bool_]) -> float:
    """First point, from 1, at which something holds; infinity if it never does."""
    return float(within.argmax()) + 1 if within.any() else math.inf


def _student(value: float, error: float, seeds: int, log: bool) -> Estimate:
    if seeds < 2:
        raise UndecidableError("one seed: its spread over seeds is not known")
    if error <= 1e-12 * abs(value):
        raise UndecidableError("the same in every seed: its spread over seeds is not known")
    scale: Callable[[float], float] = _exponential if log else float

    def interval(level: float) -> tuple[float, float]:
        reach = error * student_factor(level, seeds - 1)
        return scale(value - reach), scale(value + reach)

    return Estimate(scale(value), seeds, interval)


def _exponential(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf
