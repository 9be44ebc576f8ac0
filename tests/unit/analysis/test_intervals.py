"""Intervals and verdicts on made-up samples whose answer is known, and their error rates."""

import math

import numpy as np
import pytest
from scipy import stats

from mbmf.analysis.intervals import (
    Estimate,
    UndecidableError,
    first_within,
    jackknife,
    mean_over_seeds,
    position,
    ratio_over_seeds,
    verdicts,
)

ABOVE_0 = (0.0, math.inf)
TABLES = 1000


def known(low, high):
    """An estimate whose interval is the same at every level."""
    return Estimate((low + high) / 2, 3, lambda level: (low, high))


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


def test_ratio_is_that_of_the_means():
    found = ratio_over_seeds(np.array([2.0, 5.0, 2.0]), np.array([10.0, 20.0, 15.0]))
    assert found.value == pytest.approx(9 / 45)
    low, high = found.interval(0.95)
    assert low < 0.2 < high


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
    with pytest.raises(UndecidableError, match="not positive"):
        ratio_over_seeds(np.array([1.0, 2.0]), np.array([-1.0, 0.5]))
    with pytest.raises(UndecidableError, match="one run"):
        first_within(np.zeros((1, 3)), 1.0)


@pytest.mark.parametrize(
    ("interval", "region", "expected"),
    [
        ((1, 2), ABOVE_0, "reproduced"),
        ((-2, -1), ABOVE_0, "not reproduced"),
        ((-1, 2), ABOVE_0, "undecided"),
        ((-0.1, 0.1), (-0.2, 0.2), "reproduced"),
        ((-0.1, 0.3), (-0.2, 0.2), "undecided"),
        ((-0.5, 0.5), (-0.2, 0.2), "undecided"),  # no difference found is no equivalence
        ((0.3, 0.4), (-0.2, 0.2), "not reproduced"),
        ((5, math.inf), (-math.inf, 4), "not reproduced"),
    ],
)
def test_position(interval, region, expected):
    assert position(interval, region) == expected


def holm(p_values, rate=0.05):
    """Holm's procedure as the textbook has it: which are rejected."""
    order = np.argsort(p_values)
    rejected = np.zeros(len(p_values), bool)
    for rank, index in enumerate(order):
        if p_values[index] > rate / (len(p_values) - rank):
            break
        rejected[index] = True
    return rejected


@pytest.mark.parametrize("seed", range(20))
def test_decided_are_those_that_holm_rejects(seed):
    draws = np.random.default_rng(seed)
    samples = draws.normal(draws.uniform(-3, 3, (12, 1)), 1.0, (12, 6))
    p_values = stats.ttest_1samp(samples, 0, axis=1).pvalue
    judged = verdicts([mean_over_seeds(sample) for sample in samples], [ABOVE_0] * 12)
    decided = [found.verdict != "undecided" for found in judged]
    np.testing.assert_array_equal(decided, holm(p_values))
    for found, sample in zip(judged, samples, strict=True):
        assert position((found.low, found.high), ABOVE_0) == found.verdict
        if found.verdict != "undecided":
            assert (found.verdict == "reproduced") == (sample.mean() > 0)


def test_no_claims_no_verdicts():
    assert verdicts([], []) == []
    assert [found.verdict for found in verdicts([known(1, 2)], [ABOVE_0])] == ["reproduced"]


def tables_with(draw, regions, claims=20):
    """Share of simulated tables in which some claim is called reproduced, of each region."""
    reproduced = np.zeros(TABLES, bool)
    for table in range(TABLES):
        judged = verdicts([draw() for _ in range(claims)], [regions] * claims)
        reproduced[table] = any(found.verdict == "reproduced" for found in judged)
    return reproduced.mean()


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("spread", ["normal", "skewed", "heavy tails"])
def test_no_effect_is_seldom_called_reproduced(seeds, spread):
    """Twenty claims without a true effect: any of them reproduced in at most 5 % of tables."""
    draws = np.random.default_rng(seeds)
    noise = {
        "normal": lambda: draws.normal(size=seeds),
        # Paired differences of two skewed returns.
        "skewed": lambda: np.subtract(*draws.lognormal(sigma=1.0, size=(2, seeds))),
        "heavy tails": lambda: draws.standard_t(3, seeds),
    }[spread]
    assert tables_with(lambda: mean_over_seeds(noise()), ABOVE_0) <= 0.05


@pytest.mark.parametrize("seeds", [3, 5])
def test_a_ratio_at_the_margin_is_seldom_called_equivalent(seeds):
    draws = np.random.default_rng(seeds)

    def estimate():
        most = draws.normal(10.0, 1.0, seeds)
        return ratio_over_seeds(-0.2 * 10 + draws.normal(0.0, 0.5, seeds), most)

    assert tables_with(estimate, (-0.2, 0.2)) <= 0.05


def test_an_episode_beside_the_claimed_ones_is_seldom_called_reproduced():
    """The mean falls below the bound from point 10 on; claimed are the points before, or after."""
    draws = np.random.default_rng(0)
    mean = 50.0 * np.exp(-np.arange(1, 31) / 8)
    bound = (mean[8] + mean[9]) / 2
    estimates = [first_within(draws.gamma(2.0, mean / 2, (30, 30)), bound) for _ in range(TABLES)]
    for claimed in [(5.0, 9.0), (11.0, 15.0)]:
        judged = [verdicts([estimate], [claimed])[0].verdict for estimate in estimates]
        assert judged.count("reproduced") <= 0.05 * TABLES


@pytest.mark.parametrize(("seeds", "effect"), [(3, 30.0), (5, 6.0), (10, 3.0)])
def test_a_large_effect_is_mostly_called_reproduced(seeds, effect):
    """Twenty claims, one of them true by so many standard deviations of a seed's difference."""
    draws = np.random.default_rng(seeds)
    found = 0
    for _ in range(200):
        samples = draws.normal(size=(20, seeds))
        samples[0] += effect
        judged = verdicts([mean_over_seeds(sample) for sample in samples], [ABOVE_0] * 20)
        found += judged[0].verdict == "reproduced"
    assert found >= 160


def test_true_equivalence_is_mostly_called_reproduced():
    draws = np.random.default_rng(0)
    found = 0
    for _ in range(200):
        most = draws.normal(10.0, 1.0, 5)
        estimates = [ratio_over_seeds(draws.normal(0.0, 0.1, 5), most)]
        found += verdicts(estimates, [(-0.2, 0.2)])[0].verdict == "reproduced"
    assert found >= 160
