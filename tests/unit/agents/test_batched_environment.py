"""The batched environment against gymnasium's own loop over single ones."""

import copy
import pickle

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import TimeLimit

from mbmf.agents import AGENTS
from mbmf.agents.batched_environment import BatchedAgentEnv
from mbmf.agents.environment import AgentEnv


def actions_of(env, steps, seed=3):
    shape = (steps, *env.action_space.shape)
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def played(env, actions, seed):
    """Everything that reset and step give, as one list."""
    outcomes = [env.reset(seed=seed)]
    return outcomes + [env.step(step) for step in actions]


def assert_same(found, expected):
    if isinstance(expected, dict):
        assert sorted(found) == sorted(expected)
        for key, value in expected.items():
            assert_same(found[key], value)
    elif isinstance(expected, tuple | list) or getattr(expected, "dtype", "") == np.dtype(object):
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    else:
        np.testing.assert_array_equal(found, expected)
        assert getattr(found, "dtype", None) == getattr(expected, "dtype", None)


def sync(agent, count, limit, mode=AutoresetMode.NEXT_STEP):
    return SyncVectorEnv([lambda: TimeLimit(AgentEnv(agent), limit)] * count, autoreset_mode=mode)


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.parametrize(("agent", "limit"), [("hopper", 10), ("ant", 8), ("swimmer", 5)])
def test_batch_is_gymnasiums_batch_of_single_ones(agent, limit, mode):
    """Infos with their masks included; all of swimmer's episodes end in the same step."""
    batch = BatchedAgentEnv(agent, 4, max_episode_steps=limit, autoreset_mode=mode)
    actions = actions_of(batch, 80)
    found = played(batch, actions, seed=3)
    assert_same(found, played(sync(agent, 4, limit, mode), actions, seed=3))
    assert any(step[3].any() for step in found[1:])
    if agent == "hopper":
        assert any(step[2].any() for step in found[1:])


@pytest.mark.parametrize("agent", AGENTS)
def test_info_holds_the_terms_of_the_reward(agent):
    """Of the paper's formulas: vx, minus the cost of the action, plus the bonus of the two."""
    env = BatchedAgentEnv(agent, 3)
    actions = actions_of(env, 1)[0]
    env.reset(seed=0)
    states, rewards, _, _, info = env.step(actions)
    cost = {"half_cheetah": 0.05}.get(agent, 0.005)
    squares = (actions.astype(np.float64) ** 2).sum(axis=1)
    names = env.agent.state_names
    speed = states[:, names.index("com x velocity [m/s]")]
    np.testing.assert_array_equal(info["reward_forward"], speed)
    np.testing.assert_array_equal(info["x_velocity"], speed)
    np.testing.assert_array_equal(info["x_position"], states[:, names.index("com x [m]")])
    np.testing.assert_allclose(info["reward_ctrl"], -cost * squares, rtol=1e-14)
    assert ("reward_survive" in info) == (agent in ("hopper", "ant"))
    terms = info["reward_forward"] + info["reward_ctrl"] + info.get("reward_survive", 0.0)
    np.testing.assert_array_equal(rewards, terms)


def test_seeds_and_generators_are_those_of_gymnasiums_batch():
    batch, reference = BatchedAgentEnv("swimmer", 3), sync("swimmer", 3, 333)
    for seed, options in (
        (7, {}),
        (None, {}),
        ([20, None, 22], {}),
        (40, {"reset_mask": np.array([False, True, False])}),
    ):
        batch.reset(seed=seed, options=dict(options))
        reference.reset(seed=seed, options=dict(options))
        assert batch.np_random_seed == reference.np_random_seed
        for found, expected in zip(batch.np_random, reference.np_random, strict=True):
            assert found.bit_generator.state == expected.bit_generator.state
    assert batch.np_random_seed == (20, 41, 22)
    # Unseeded, every body has a seed of its own too, and it is told.
    unseeded = BatchedAgentEnv("swimmer", 3)
    again = BatchedAgentEnv("swimmer", 3)
    start = unseeded.reset()[0]
    seeds = list(unseeded.np_random_seed)
    assert len(set(seeds)) == 3
    np.testing.assert_array_equal(again.reset(seed=seeds)[0], start)


@pytest.mark.parametrize("seed", [-1, [0, -3, 1], [0, 1.5, 2]])
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises((gymnasium.error.Error, TypeError)):
        BatchedAgentEnv("swimmer", 3).reset(seed=seed)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("make", ["single", "batch", "two threads"])
def test_a_copy_goes_on_with_the_same_bits(agent, make, copied):
    """Resets by the generators included; and neither moves the other."""
    name = AGENTS[agent].env_id
    env = {
        "single": lambda: gymnasium.make(name),
        "batch": lambda: gymnasium.make_vec(name, num_envs=3, max_episode_steps=6),
        "two threads": lambda: gymnasium.make_vec(
            name, num_envs=3, max_episode_steps=6, num_threads=2
        ),
    }[make]()
    actions = actions_of(env, 16)
    played(env, actions[:4], seed=1)
    other = copied(env)
    expected = [env.step(action) for action in actions[4:]] + [env.reset()]
    assert_same([other.step(action) for action in actions[4:]] + [other.reset()], expected)
    env.close()
    other.step(actions[0])
    other.close()


def test_a_copy_of_what_was_never_reset_needs_a_reset():
    with pytest.raises(gymnasium.error.ResetNeeded):
        copy.deepcopy(BatchedAgentEnv("swimmer", 2)).step(np.zeros((2, 2), np.float32))


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
