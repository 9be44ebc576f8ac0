"""Intervals of made-up samples whose answer is known."""

import math

import numpy as np
import pytest
from scipy import stats

from mbmf.analysis.intervals import (
    CAUTION,
    UndecidableError,
    cautious,
    first_within,
    jackknife,
    mean_interval,
    mean_over_seeds,
    minimum,
)


def test_mean_has_students_interval():
    values = np.array([1.0, 2.0, 6.0])
    found = mean_over_seeds(values)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert (found.value, found.seeds) == (3, 3)
    assert found.interval(0.9) == pytest.approx((expected.low, expected.high))


def test_logarithms_give_the_geometric_mean():
    found = mean_over_seeds(np.log([1.0, 4.0]), log=True)
    low, high = found.interval(0.95)
    assert found.value == pytest.approx(2)
    assert math.sqrt(low * high) == pytest.approx(2)
    assert low > 0


def test_mean_of_a_curve_has_students_interval_at_each_point():
    values = np.array([[1.0, 5.0], [2.0, 5.0], [6.0, 8.0]])
    mean, low, high = mean_interval(values)
    for point, column in enumerate(values.T):
        expected = stats.ttest_1samp(column, 0).confidence_interval(0.95)
        assert (low[point], high[point]) == pytest.approx((expected.low, expected.high))
    assert mean.tolist() == [3, 6]
    once = mean_interval(values[:1])
    assert [end.tolist() for end in once] == [[1, 5]] * 3


def test_students_interval_covers_what_a_bootstrap_of_three_seeds_does_not():
    draws = np.random.default_rng(0).normal(size=(2000, 3))
    _, low, high = mean_interval(draws.T)
    assert np.mean((low <= 0) & (high >= 0)) == pytest.approx(0.95, abs=0.015)
    resampled = draws[:, np.random.default_rng(1).integers(0, 3, (300, 3))].mean(axis=2)
    low, high = np.percentile(resampled, [2.5, 97.5], axis=1)
    assert np.mean((low <= 0) & (high >= 0)) == pytest.approx(0.76, abs=0.03)


def test_a_cautious_interval_has_a_share_of_the_error():
    plain = mean_over_seeds(np.array([1.0, 2.0, 6.0]))
    assert cautious(plain).interval(0.9) == plain.interval(1 - 0.1 * CAUTION)
    assert CAUTION < 1


def test_smallest_of_several_is_above_what_each_is_above():
    samples = [np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 9.0])]
    first, second = map(mean_over_seeds, samples)
    found = minimum([first, second])
    assert (found.value, found.seeds) == (2, 3)
    low, high = found.interval(0.9)
    # At its low end each number has the whole error; at its high end they share it.
    assert low == min(first.interval(0.9)[0], second.interval(0.9)[0])
    assert high == first.interval(0.95)[1]
    assert minimum([first]).interval(0.9) == first.interval(0.9)


def test_jackknife_of_a_mean_of_logarithms_is_students_interval():
    logs = np.array([0.1, 0.5, 0.9, 0.4])
    found = jackknife(lambda seeds: math.exp(logs[seeds].mean()), 4)
    assert found.interval(0.9) == pytest.approx(mean_over_seeds(logs, log=True).interval(0.9))


def test_first_point_within_a_bound():
    falling = np.array([9.0, 7.0, 5.0, 3.0, 1.0])
    found = first_within(falling + np.array([[-1.0], [0.0], [1.0]]), 4.5)
    assert (found.value, found.seeds) == (4, 3)
    # Of the mean of three runs, Student's 95 % interval reaches 4.303 / sqrt(3) = 2.48.
    assert found.interval(0.95) == (3, 5)
    assert found.interval(0.01) == (4, 4)
    assert found.interval(0.999) == (1, math.inf)
    assert first_within(np.array([[9.0, 8.0], [9.0, 9.0]]), 5).value == math.inf
    once = np.array([[9.0, 1.0, 9.0, 1.0, 1.0], [9.5, 1.5, 9.5, 1.5, 1.5]])
    assert first_within(once, 5.0).interval(0.5) == (2, 4)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([1.0], "one seed"),
        ([1.0, math.nan], "not finite"),
        ([1.0, math.inf, -math.inf], "not finite"),
        ([2.0, 2.0, 2.0], "the same in every seed"),
    ],
)
def test_what_has_no_spread_has_no_interval(values, why):
    with pytest.raises(UndecidableError, match=why):
        mean_over_seeds(np.array(values))


def test_other_reasons_for_no_interval():
    with pytest.raises(UndecidableError, match="one seed"):
        jackknife(lambda seeds: 2.0, 1)
    with pytest.raises(UndecidableError, match="one run"):
        first_within(np.zeros((1, 3)), 1.0)
