"""The batched environment against gymnasium's own loop over single ones."""

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import TimeLimit

from mbmf.agents import AGENTS, BatchedAgentEnv, get_agent
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
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            assert_same(found[key], value)
    elif isinstance(expected, tuple | list) or getattr(expected, "dtype", "") == np.dtype(object):
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.parametrize("agent", ["hopper", "swimmer", "ant"])
def test_same_as_gymnasiums_sync_vector_env(agent, mode):
    """Hoppers fall at different times and some are cut off; swimmers are all cut off."""
    ours = BatchedAgentEnv(agent, 3, max_episode_steps=10, autoreset_mode=mode)
    theirs = SyncVectorEnv([lambda: TimeLimit(AgentEnv(agent), 10)] * 3, autoreset_mode=mode)
    actions, seeds = actions_of(ours, 70), [5, 6, 9]
    found, expected = played(ours, actions, seeds), played(theirs, actions, seeds)
    assert_same(found, expected)
    ends = [np.stack([outcome[kind] for outcome in expected[1:]]) for kind in (2, 3)]
    assert ends[1].any()
    assert ends[0].any() == (agent == "hopper")
    assert ours.metadata["autoreset_mode"] == theirs.metadata["autoreset_mode"]


def test_disabled_autoreset_waits_for_the_mask():
    env = BatchedAgentEnv("swimmer", 2, max_episode_steps=3, autoreset_mode=AutoresetMode.DISABLED)
    start, _ = env.reset(seed=0)
    actions = actions_of(env, 5)
    _, _, _, truncated, _ = [env.step(step) for step in actions[:3]][-1]
    assert truncated.all()
    with pytest.raises(ValueError, match=r"bodies \[0 1\] are over"):
        env.step(actions[3])
    last = env.bodies.states.copy()
    states, _ = env.reset(seed=0, options={"reset_mask": np.array([False, True])})
    np.testing.assert_array_equal(states[0], last[0])
    np.testing.assert_array_equal(states[1], start[1])
    with pytest.raises(ValueError, match=r"bodies \[0\] are over"):
        env.step(actions[3])
    env.reset(options={"reset_mask": np.array([True, False])})
    assert not env.step(actions[3])[3].any()


def test_truncation_and_termination_are_told_apart():
    env = BatchedAgentEnv("hopper", 2, max_episode_steps=5, autoreset_mode=AutoresetMode.DISABLED)
    env.reset(seed=0)
    fallen = env.get_sim_state()
    fallen[1, 2] = 0.5  # the root's z
    env.set_sim_state(fallen)
    with pytest.raises(ValueError, match=r"bodies \[1\] are over"):
        env.step(np.zeros((2, 3)))
    fallen[1, 2:4] = 1.25, 0.295  # its tilt, and on its way down
    fallen[1, 9] = 3.0
    env.set_sim_state(fallen)
    _, _, terminated, truncated, _ = env.step(np.zeros((2, 3)))
    assert (terminated.tolist(), truncated.tolist()) == ([False, True], [False, False])
    standing = env.get_sim_state()
    standing[1] = standing[0]
    standing[:, 0] = 4 * env.dt
    env.set_sim_state(standing)
    _, _, terminated, truncated, _ = env.step(np.zeros((2, 3)))
    assert (terminated.any(), truncated.all()) == (False, True)


@pytest.mark.parametrize("agent", AGENTS)
def test_reward_is_of_the_state_led_to_and_the_clipped_action(agent):
    env, spec = BatchedAgentEnv(agent, 2), get_agent(agent)
    env.reset(seed=0)
    wild = np.full((2, spec.action_dim), 7.0)
    states, rewards, *_ = env.step(wild)
    np.testing.assert_array_equal(rewards, spec.reward(states, np.ones((2, spec.action_dim))))
    assert states.dtype == rewards.dtype == np.float64
    assert env.observation_space.contains(states)
    assert env.dt == spec.dt


def test_seeds():
    env = BatchedAgentEnv("half_cheetah", 4)
    actions = actions_of(env, 10)
    first = played(env, actions, 7)
    assert_same(played(env, actions, 7), first)
    states = first[0][0]
    assert len(np.unique(states[:, 0])) == 4
    assert not np.isin(env.reset(seed=70)[0][:, 0], states[:, 0]).any()
    few = BatchedAgentEnv("half_cheetah", 2)
    np.testing.assert_array_equal(few.reset(seed=7)[0], states[:2])
    np.testing.assert_array_equal(few.reset(seed=np.int64(7))[0], states[:2])
    np.testing.assert_array_equal(few.reset(seed=[7, 8])[0], states[:2])
    single, _ = AgentEnv("half_cheetah").reset(seed=8)
    np.testing.assert_array_equal(single, states[1])


def test_a_body_without_a_new_seed_goes_on_with_its_generator():
    env = BatchedAgentEnv("swimmer", 2)
    env.reset(seed=[1, 2])
    second, _ = env.reset()
    env.reset(seed=[1, 2])
    again, _ = env.reset(seed=[1, None])
    np.testing.assert_array_equal(again[1], second[1])
    assert (again[0] != second[0]).any()


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


def test_bad_input():
    with pytest.raises(ValueError, match="unknown agent 'walker'"):
        BatchedAgentEnv("walker")
    for wrong in ({"num_envs": 0}, {"num_threads": 0}, {"max_episode_steps": 0}):
        with pytest.raises(ValueError, match="1 at least"):
            BatchedAgentEnv("swimmer", **wrong)
    with pytest.raises(ValueError, match="not a valid AutoresetMode"):
        BatchedAgentEnv("swimmer", autoreset_mode="sometimes")
    env = BatchedAgentEnv("swimmer", 2)
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"shape \(2,\), should be \(2, 2\)"):
        env.step(np.zeros(2))
    with pytest.raises(ValueError, match="finite"):
        env.step(np.full((2, 2), np.nan))
    with pytest.raises(ValueError, match="3 seeds for 2 bodies"):
        env.reset(seed=[1, 2, 3])
    for mask in (np.array([1, 0]), np.array([True]), np.array([False, False])):
        with pytest.raises(ValueError, match="reset_mask"):
            env.reset(options={"reset_mask": mask})


@pytest.mark.parametrize("spec", AGENTS.values(), ids=AGENTS)
def test_gymnasiums_checker_is_content(spec):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # A state has no natural bounds.
        warnings.filterwarnings("ignore", message=".*Box observation space (min|max)imum value.*")
        env = gymnasium.make(spec.env_id)
        check_env(env.unwrapped, skip_render_check=True)
    env.close()


@pytest.mark.parametrize("spec", AGENTS.values(), ids=AGENTS)
def test_make_and_make_vec(spec):
    """One owner of the time limit: TimeLimit around one body, the batch itself in a batch."""
    single = gymnasium.make(spec.env_id, max_episode_steps=4)
    batch = gymnasium.make_vec(spec.env_id, num_envs=2, max_episode_steps=4, num_threads=2)
    assert isinstance(batch, BatchedAgentEnv)
    states, _ = batch.reset(seed=[3, 4])
    np.testing.assert_array_equal(single.reset(seed=3)[0], states[0])
    for action in actions_of(batch, 4) * 0.1:
        state, reward, terminated, truncated, _ = single.step(action[0])
        states, rewards, _, cut, _ = batch.step(action)
        np.testing.assert_array_equal(state, states[0])
        assert (reward, terminated) == (rewards[0], False)
        assert truncated == cut.all() == cut.any()
    assert truncated
    assert gymnasium.make(spec.env_id).spec.max_episode_steps == spec.episode_steps
    assert batch.spec.id == spec.env_id
    single.close()
    batch.close()
