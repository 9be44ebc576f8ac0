"""The batched environment against gymnasium's own loop over single ones."""

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from mbmf.agents import AGENTS, BatchedAgentEnv


def actions_of(env, steps, seed=3):
    shape = (steps, *env.action_space.shape)
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def played(env, actions, seed):
    """Everything that reset and step give, as one list."""
    outcomes = [env.reset(seed=seed)]
    return outcomes + [env.step(step) for step in actions]


def assert_same(found, expected):
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            assert_same(found[key], value)
    elif isinstance(expected, tuple | list) or getattr(expected, "dtype", "") == np.dtype(object):
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    else:
        np.testing.assert_array_equal(found, expected)


def test_global_randomness_is_neither_used_nor_disturbed():
    env = BatchedAgentEnv("swimmer", 2)
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = env.reset(seed=1)[0]
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    np.testing.assert_array_equal(env.reset(seed=1)[0], first)


@pytest.mark.parametrize("agent", AGENTS)
def test_sim_state_resumes_with_the_same_bits(agent):
    """Time limit and waiting for a reset included; the generators are the caller's."""

    def new():
        return BatchedAgentEnv(
            agent, 3, max_episode_steps=12, autoreset_mode=AutoresetMode.DISABLED
        )

    env, resumed = new(), new()
    actions = actions_of(env, 12) * 0.1
    env.reset(seed=0)
    for step in actions[:5]:
        env.step(step)
    observations = resumed.set_sim_state(env.get_sim_state())
    np.testing.assert_array_equal(observations, env.bodies.states)
    for step in actions[5:]:
        outcome = env.step(step)
        assert_same(resumed.step(step), outcome)
    assert outcome[3].all()
    finished = new()
    finished.set_sim_state(env.get_sim_state())
    with pytest.raises(ValueError, match="are over"):
        finished.step(actions[0])
