"""Starts of episodes: their mean, and their spread in each kind of rollout."""

import numpy as np
import pytest

from mbmf.agents import get_agent
from mbmf.agents.bodies import Bodies

# Kind of rollout: how joint positions and joint velocities are spread around the start.
SPREADS = {
    "random": (("normal", 0.01), ("normal", 0.1)),
    "policy": (("normal", 0.01), ("normal", 0.1)),
    "mpc": (("uniform", 0.1), ("normal", 0.1)),
}


@pytest.mark.parametrize("start", SPREADS)
def test_spread_of_the_start(spec, start):
    count = 4000
    generator = np.random.default_rng(0)
    bodies = Bodies(spec, count)
    bodies.reset(range(count), [generator] * count, start)
    nq, nv = bodies.model.nq, bodies.model.nv
    sim_states = bodies.get_sim_state()
    positions, velocities = sim_states[:, 1 : 1 + nq], sim_states[:, 1 + nq : 1 + nq + nv]
    of_positions, of_velocities = SPREADS[start]
    if (spec.name, start) == ("swimmer", "mpc"):
        of_velocities = ("uniform", 0.1)
    free = np.arange(nq)
    if spec.orientation:
        # A unit quaternion: its four numbers are spread as any others, then brought to length 1.
        free = np.delete(free, [3, 4, 5, 6])
        norms = np.linalg.norm(positions[:, 3:7], axis=1)
        np.testing.assert_allclose(norms, 1, rtol=0, atol=1e-12)
        size = positions[:, 4:7].std(axis=0)
        # w is 1 give or take 0.1: dividing by it widens x, y and z by less than 1 %.
        np.testing.assert_allclose(size, deviation(of_positions), rtol=0.07)
    for values, law in [(positions[:, free], of_positions), (velocities, of_velocities)]:
        # Means within 5 standard errors; the error of a standard deviation is 1.1 % of it.
        np.testing.assert_allclose(values.std(axis=0), deviation(law), rtol=0.06)
        centred = values - (start_of(spec)[free] if values.shape[1] == len(free) else 0)
        if law[0] == "uniform":
            assert np.abs(centred).max() <= law[1] + 1e-12
        else:
            assert np.abs(centred).max() > 3 * law[1]
    correlations = np.corrcoef(np.hstack([positions[:, free], velocities]).T)
    atol = 6 / np.sqrt(count)
    np.testing.assert_allclose(correlations, np.eye(len(free) + nv), rtol=0, atol=atol)
    np.testing.assert_array_equal(sim_states[:, 0], 0)


def deviation(law):
    kind, size = law
    return size / np.sqrt(3) if kind == "uniform" else size


def start_of(spec):
    return np.array(spec.start or {"hopper": [0, 1.25, 0, 0, 0, 0]}.get(spec.name, [0] * 9))[
        : len(spec.positions)
    ]


# The model file holds the ant's start as rllab has it: legs bent, within the joints' limits.
ANT_START = [0, 0, 0.55, 1, 0, 0, 0, 0, 1, 0, -1, 0, -1, 0, 1]


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("swimmer", [0] * 5),
        ("half_cheetah", [0] * 9),
        ("hopper", [0, 1.25, 0, 0, 0, 0]),
        ("ant", ANT_START),
    ],
)
def test_mean_of_the_start(agent, expected):
    count = 2000
    generator = np.random.default_rng(0)
    bodies = Bodies(get_agent(agent), count)
    bodies.reset(range(count), [generator] * count)
    positions = bodies.get_sim_state()[:, 1 : 1 + bodies.model.nq]
    atol = 5 * 0.01 / np.sqrt(count)
    np.testing.assert_allclose(positions.mean(axis=0), expected, rtol=0, atol=atol)
