"""Moderated variances against limma's numbers, and how often their intervals err."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import polygamma

from mbmf.analysis.intervals import CAUTION, mean_over_seeds
from mbmf.analysis.moderated import (
    Prior,
    fit_prior,
    moderated_mean,
    pooled_df,
    trigamma_inverse,
)


def unrelated(count):
    """Contrasts of differences that share no run."""
    return np.kron(np.eye(count), [1.0, -1.0])


def test_prior_is_limmas():
    """squeezeVar of limma (pylimma 0.2.0) on eight variances with two degrees of freedom."""
    variances = np.array([0.432, 0.551, 0.928, 1.279, 0.229, 1.334, 0.009, 5.631])
    prior = fit_prior(variances, np.full(8, 2.0), unrelated(8))
    assert prior.df == pytest.approx(1.8092575365)
    assert prior.variance == pytest.approx(0.4734887700)
    assert prior.pooled == 16
    # limma's posterior variance of the first, through the interval of a sample that has it.
    values = np.array([1.0, 2.0, 3.0]) * math.sqrt(0.432)
    low, high = moderated_mean(values, prior).interval(0.9)
    error = math.sqrt(0.4517056387 / 3)
    assert high - low == pytest.approx(2 * error * stats.t.isf(0.05 * CAUTION, 3.8092575365))


def test_variances_that_differ_by_chance_alone_are_pooled():
    variances = np.array([1.1, 0.9, 1.0, 1.2, 1.05])
    prior = fit_prior(variances, np.full(5, 4.0), unrelated(5))
    assert prior == Prior(pytest.approx(1.05), math.inf, 20)
    # Whatever the sample's own variance.
    for spread in (0.1, 10.0):
        low, high = moderated_mean(spread * np.arange(5.0), prior).interval(0.9)
        assert high - low == pytest.approx(
            2 * math.sqrt(1.05 / 5) * stats.t.isf(0.05 * CAUTION, 20)
        )


def test_prior_of_many_variances_is_the_true_one():
    rng = np.random.default_rng(0)
    true = 5.0 * 4.0 / rng.chisquare(5.0, 1500)
    variances = true * rng.chisquare(3.0, 1500) / 3.0
    prior = fit_prior(variances, np.full(1500, 3.0), unrelated(1500))
    assert prior.df == pytest.approx(5.0, rel=0.3)
    assert prior.variance == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize("value", [1e-3, 0.1, 1.0, 10.0, 1e3])
def test_trigamma_inverse(value):
    assert polygamma(1, trigamma_inverse(value)) == pytest.approx(value)


def test_differences_that_share_runs_have_fewer_degrees_of_freedom():
    df = np.full(3, 2.0)
    assert pooled_df(unrelated(3), df) == pytest.approx(6)
    # Three times the same difference is one.
    assert pooled_df(np.array([[1.0, -1.0]] * 3), df) == pytest.approx(2)
    # All against one setting: simulated, the mean of their variances spreads as with 2 × 2 of them.
    star = np.array([[1.0, -1, 0, 0], [1, 0, -1, 0], [1, 0, 0, -1]])
    rng = np.random.default_rng(0)
    means = ((star @ rng.normal(size=(100_000, 4, 3))).var(axis=2, ddof=1) / 2).mean(axis=1)
    assert pooled_df(star, df) == pytest.approx(2 / means.var(), rel=0.03)


def test_without_a_prior_it_is_students_interval():
    values = np.array([1.0, 2.0, 6.0])
    assert fit_prior(np.array([1.0, 2.0]), np.full(2, 2.0), unrelated(2)) is None
    assert moderated_mean(values, None).interval(0.9) == mean_over_seeds(values).interval(0.9)
