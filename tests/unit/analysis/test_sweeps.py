"""An agent's sweeps, read from a table made by hand, and what their differences share."""

import math

import numpy as np
import pandas as pd
import pytest

from mbmf.analysis.sweeps import Sweep, read_sweeps, shared_prior

PARAMETERS = ["dynamics.epochs", "planning.horizon"]
# The own setting, 30 epochs and a horizon of 20, is in both sweeps and has three seeds.
SETTINGS = [(30, 20), (5, 20), (60, 20), (30, 10)]


def table():
    return pd.DataFrame(
        [
            {
                "seed": seed, "iteration": iteration, "dynamics.epochs": epochs,
                "planning.horizon": horizon, "return": 100 * iteration + epochs + horizon + seed,
            }
            for epochs, horizon in SETTINGS
            for seed in range(3 if (epochs, horizon) == (30, 20) else 2)
            for iteration in (0, 1, 2)
        ]
    )  # fmt: skip


def test_sweeps_meet_at_the_agents_own_setting():
    epochs, horizon = read_sweeps(table(), PARAMETERS, "last")
    assert (epochs.own, epochs.values) == (30, [5, 30, 60])
    assert (horizon.own, horizon.values) == (20, [10, 20])
    assert epochs.of(30).tolist() == horizon.of(20).tolist() == [250, 251, 252]
    # The third seed was run of the own setting alone.
    np.testing.assert_array_equal(epochs.of(5), [225, 226, np.nan])


@pytest.mark.parametrize(("quantity", "expected"), [("first", 25), ("first_minus_last", -200)])
def test_which_iteration(quantity, expected):
    epochs, _ = read_sweeps(table(), PARAMETERS, quantity)
    assert epochs.of(5)[0] == expected


def sweep(parameter, own, values, returns):
    return Sweep(parameter, own, list(range(len(returns))), values, np.array(returns, float))


def test_a_prior_is_of_neighbours_and_of_what_can_matter():
    rng = np.random.default_rng(0)
    own, *others = rng.normal(size=(5, 3))
    sweeps = [
        sweep("a", 2.0, [1.0, 2.0, 3.0], np.stack([others[0], own, others[1]], axis=1)),
        sweep("b", 1.0, [0.0, 1.0], np.stack([others[2], own], axis=1)),
        # Makes no difference, as the share of on-policy data before there is any.
        sweep("c", 0.5, [0.5, 1.0], np.stack([own, own], axis=1)),
    ]
    prior = shared_prior(sweeps)
    variances = [np.var(others[i] - own, ddof=1) for i in range(3)]
    # Three differences, two degrees of freedom each, any two of which share the own setting.
    assert prior.pooled == pytest.approx(6**2 / (2 * (3 + 6 / 4)))
    assert min(variances) < prior.variance < max(variances) or math.isinf(prior.df)
    assert shared_prior(sweeps[1:]) is None  # one difference says nothing of others


def test_seeds_that_one_neighbour_lacks_are_left_out():
    returns = [[0.0, 1.0, 3.0, 7.0], [1.0, 5.0, 2.0, 1.0], [2.0, 1.0, 9.0, np.nan]]
    with_gap = sweep("a", 1.0, [1.0, 2.0, 3.0, 4.0], returns)
    prior = shared_prior([with_gap])
    # 2 + 2 + 1 degrees of freedom; neighbours share a run.
    assert prior.pooled == pytest.approx(5**2 / (5 + 2 * (2 + 1) / 4))
