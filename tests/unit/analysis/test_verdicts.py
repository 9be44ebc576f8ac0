"""Verdicts on made-up samples whose answer is known, and how often they err."""

import math

import numpy as np
import pytest
from scipy import stats

from mbmf.analysis.intervals import Estimate, first_within, mean_over_seeds
from mbmf.analysis.verdicts import Asked, position, verdict, verdicts

ABOVE_0 = (0.0, math.inf)
TABLES = 1000
# Two standard errors of a rate of 5 % in so many tables.
MARGIN = 2 * math.sqrt(0.05 * 0.95 / TABLES)


def known(low, high):
    """An estimate whose interval is the same at every level."""
    return Estimate((low + high) / 2, 3, lambda level: (low, high))


def asked(estimates, region=ABOVE_0):
    return [Asked(estimate, region) for estimate in estimates]


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
    # One-sided, towards where the mean lies: only one of the two verdicts can be wrong.
    p_values = stats.ttest_1samp(samples, 0, axis=1).pvalue / 2
    judged = verdicts(asked([mean_over_seeds(sample) for sample in samples]))
    decided = [found.verdict != "undecided" for found in judged]
    np.testing.assert_array_equal(decided, holm(p_values))
    for found, sample in zip(judged, samples, strict=True):
        assert position((found.low, found.high), ABOVE_0) == found.verdict
        if found.verdict != "undecided":
            assert (found.verdict == "reproduced") == (sample.mean() > 0)


def test_no_claims_no_verdicts():
    assert verdicts([]) == []
    assert [found.verdict for found in verdicts(asked([known(1, 2)]))] == ["reproduced"]


def test_a_claim_without_an_estimate_keeps_its_share():
    sample = mean_over_seeds(np.random.default_rng(0).normal(size=5))
    (found,) = verdicts(asked([sample]), size=4)
    assert found.level == pytest.approx(1 - 2 * 0.05 / 4)


def test_which_ends_of_an_interval_have_the_whole_error():
    wide = Estimate(0.0, 3, lambda level: (-10 * (level - 0.8), 10 * (level - 0.8)))
    assert verdict(Asked(wide, ABOVE_0), 0.05).level == 0.9
    assert verdict(Asked(wide, ABOVE_0, both_ends=True), 0.05).level == 0.95
    # Within both edges: two one-sided tests. Beside one of them: either side could err.
    inside = verdict(Asked(wide, (-1.2, 1.2)), 0.05)
    assert (inside.verdict, inside.level) == ("reproduced", 0.9)
    assert verdict(Asked(wide, (-0.9, 0.9)), 0.05).level == 0.95
    assert verdict(Asked(wide, (1.2, 2.0)), 0.05).verdict == "undecided"
    assert verdict(Asked(wide, (1.6, 2.0)), 0.05).verdict == "not reproduced"


def tables_with(draw, region, wrong, claims=20):
    """Share of simulated tables in which some claim has a verdict that is wrong."""
    erred = np.zeros(TABLES, bool)
    for table in range(TABLES):
        judged = verdicts(asked([draw() for _ in range(claims)], region))
        erred[table] = any(found.verdict == wrong for found in judged)
    return erred.mean()


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
    rate = tables_with(lambda: mean_over_seeds(noise()), ABOVE_0, "reproduced")
    assert rate <= 0.05 + MARGIN


def test_a_bounded_region_is_seldom_wrongly_entered_or_missed():
    """At an edge, either way; and from the middle of a region far narrower than the noise."""
    draws = np.random.default_rng(0)

    def at(value):
        return lambda: mean_over_seeds(draws.normal(value, 1.0, 5))

    assert tables_with(at(3.0), (-3.0, 3.0), "reproduced") <= 0.05 + MARGIN
    assert tables_with(at(3.0), (-3.0, 3.0), "not reproduced") <= 0.05 + MARGIN
    assert tables_with(at(0.0), (-1e-9, 1e-9), "not reproduced") <= 0.05 + MARGIN


def test_an_episode_beside_the_claimed_ones_is_seldom_called_reproduced():
    """The mean falls below the bound from point 10 on; claimed are the points before, or after."""
    draws = np.random.default_rng(0)
    mean = 50.0 * np.exp(-np.arange(1, 31) / 8)
    bound = (mean[8] + mean[9]) / 2
    estimates = [first_within(draws.gamma(2.0, mean / 2, (30, 30)), bound) for _ in range(TABLES)]
    for claimed in [(5.0, 9.0), (11.0, 15.0)]:
        judged = [verdicts([Asked(e, claimed)])[0].verdict for e in estimates]
        assert judged.count("reproduced") <= 0.05 * TABLES


@pytest.mark.parametrize(("seeds", "effect"), [(3, 20.0), (5, 5.0), (10, 2.5)])
def test_a_large_effect_is_mostly_called_reproduced(seeds, effect):
    """Twenty claims, one of them true by so many standard deviations of a seed's difference."""
    draws = np.random.default_rng(seeds)
    found = 0
    for _ in range(200):
        samples = draws.normal(size=(20, seeds))
        samples[0] += effect
        judged = verdicts(asked([mean_over_seeds(sample) for sample in samples]))
        found += judged[0].verdict == "reproduced"
    assert found >= 160
