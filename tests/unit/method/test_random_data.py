"""D_RAND: uniform actions, the starts of the authors' fork, and what ends a rollout."""

import numpy as np
import pytest

from mbmf.agents import AGENTS, get_agent
from mbmf.agents.bodies import Bodies
from mbmf.method.random_data import RandomDataSettings, generate
from mbmf.method.rollouts import collect


def random_data(agent, rollouts, steps):
    given = RandomDataSettings(rollouts=rollouts, validation_rollouts=1, steps=steps)
    return generate(get_agent(agent), given, 5).training


def test_hopper_has_all_4000_steps():
    """[F] lets random rollouts of the hopper go on after its fall."""
    data = random_data("hopper", 20, 200)
    assert data.simulated_steps == data.points == 4000
    assert data.states[:, -1, get_agent("hopper").element("rootz [m]")].min() < 0.7


def test_ants_random_rollouts_end_without_the_step_that_ended_them():
    spec = get_agent("ant")
    data = random_data("ant", 8, 1000)
    ended = data.lengths < 1000
    assert ended.any()
    np.testing.assert_array_equal(data.simulated - data.lengths, ended)
    height = data.states[:, :, spec.element("com z [m]")]
    assert ((height >= 0.3) & (height <= 1.0)).all()
    for row in np.flatnonzero(ended):
        length = data.lengths[row]
        assert (data.states[row, length:] == data.states[row, length]).all()
        assert (data.rewards[row, length:] == 0).all()


@pytest.mark.parametrize("agent", AGENTS)
def test_actions_are_uniform(agent):
    actions = random_data(agent, 20, 100).transitions()[1]
    assert actions.min() < -0.98
    assert actions.max() > 0.98
    np.testing.assert_allclose(actions.std(axis=0), 1 / np.sqrt(3), rtol=0.1)


def falling(_states, bodies, _step):
    """Hoppers that bend all joints at once, and so fall."""
    actions = np.ones((len(bodies), 3))
    return actions, actions


@pytest.mark.parametrize(("start", "kept"), [("policy", 1), ("mpc", 0)])
def test_the_step_that_ends_an_episode_is_kept_in_a_policys_rollouts_alone(start, kept):
    rollouts = collect(get_agent("hopper"), [0, 1, 2], 400, falling, start)
    assert (rollouts.lengths < 400).all()
    np.testing.assert_array_equal(rollouts.simulated - rollouts.lengths, 1 - kept)
    spec = get_agent("hopper")
    last = rollouts.states[np.arange(3), rollouts.lengths]
    tilt, height = last[:, spec.element("rooty [rad]")], last[:, spec.element("rootz [m]")]
    over = (np.abs(tilt) >= 0.3) | (height <= 0.7)
    np.testing.assert_array_equal(over, bool(kept))
    # Simulated as they were recorded, the next step ends them.
    bodies = Bodies(spec, 3)
    bodies.reset(range(3), [np.random.default_rng(seed) for seed in (0, 1, 2)], start)
    for step in range(rollouts.simulated.max()):
        going = np.flatnonzero(rollouts.simulated > step)
        bodies.step(np.ones((len(going), 3)), going)
    assert bodies.over().all()
