"""The gymnasium environments against gymnasium's own checks and its own batching."""

import subprocess
import sys
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import TimeLimit

from mbmf.agents import AGENTS, get_agent
from mbmf.agents.batched_environment import BatchedAgentEnv
from mbmf.agents.environment import AgentEnv
from mbmf.base.errors import InputError

IN_A_FRESH_PROCESS = f"""
import gymnasium
import mbmf
for env_id in {[spec.env_id for spec in AGENTS.values()]}:
    env = gymnasium.make(env_id)
    states, _ = env.reset(seed=0)
    print(env_id, *states.shape, *env.action_space.shape, env.spec.max_episode_steps)
    env.step(env.action_space.sample())
    batch = gymnasium.make_vec(env_id, num_envs=3)
    states, _ = batch.reset(seed=0)
    print(type(batch.unwrapped).__name__, *states.shape, *batch.action_space.shape)
    batch.step(batch.action_space.sample())
    env.close(), batch.close()
"""


def random_actions(spec, *shape, seed=1):
    values = np.random.default_rng(seed).uniform(-1, 1, (*shape, spec.action_dim))
    return values.astype(np.float32)


def run(env, actions):
    """Rewards, terminations and states of the steps that follow a reset."""
    steps = []
    for action in actions:
        states, rewards, terminated, truncated, _ = env.step(action)
        steps.append((states, rewards, terminated, truncated))
    return [np.stack(part) for part in zip(*steps, strict=True)]


def sync(spec, count, limit, mode):
    one = lambda: TimeLimit(AgentEnv(spec.name), limit)  # noqa: E731
    return SyncVectorEnv([one] * count, autoreset_mode=mode)


def test_gymnasium_knows_the_agents():
    done = subprocess.run(
        [sys.executable, "-c", IN_A_FRESH_PROCESS],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = []
    for spec in AGENTS.values():
        dims = f"{spec.state_dim} {spec.action_dim}"
        expected += [
            f"{spec.env_id} {dims} {spec.episode_steps}",
            f"DrawnBatchedAgentEnv 3 {spec.state_dim} 3 {spec.action_dim}",
        ]
    assert done.stdout.splitlines() == expected


def test_gymnasiums_checks_pass(spec):
    env = gymnasium.make(spec.env_id)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # A state has no bounds.
        warnings.filterwarnings("ignore", message=".*Box observation space.*infinity")
        # Pictures have tests of their own.
        check_env(env.unwrapped, skip_render_check=True)
    env.close()


def test_spaces_and_duration(spec):
    env = BatchedAgentEnv(spec.name, 3)
    assert env.dt == gymnasium.make(spec.env_id).unwrapped.dt == spec.dt
    assert env.single_observation_space.shape == (spec.state_dim,)
    assert env.observation_space.shape == (3, spec.state_dim)
    assert env.single_action_space == gymnasium.spaces.Box(-1, 1, (spec.action_dim,), np.float32)
    states, _ = env.reset(seed=0)
    assert env.observation_space.contains(states)
    states, rewards, terminated, truncated, _ = env.step(random_actions(spec, 3))
    assert env.observation_space.contains(states)
    for values, dtype in ((rewards, np.float64), (terminated, np.bool_), (truncated, np.bool_)):
        assert values.shape == (3,)
        assert values.dtype == dtype


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_reset_forgets_the_episode_before(mode):
    spec = get_agent("hopper")
    batch = BatchedAgentEnv("hopper", 4, max_episode_steps=25, autoreset_mode=mode)
    reference = sync(spec, 4, 25, mode)
    for seed, steps in ((0, 25), (1, 13), (2, 40)):
        np.testing.assert_array_equal(batch.reset(seed=seed)[0], reference.reset(seed=seed)[0])
        actions = random_actions(spec, steps, 4, seed=seed)
        for got, expected in zip(run(batch, actions), run(reference, actions), strict=True):
            np.testing.assert_array_equal(got, expected)


def test_disabled_mode_waits_for_a_reset():
    spec = get_agent("hopper")
    env = BatchedAgentEnv("hopper", 4, autoreset_mode=AutoresetMode.DISABLED)
    env.reset(seed=0)
    actions = iter(random_actions(spec, 200, 4))
    over = np.zeros(4, dtype=bool)
    while not over.any():
        _, _, terminated, truncated, _ = env.step(next(actions))
        over = terminated | truncated
    assert not over.all()
    sim_states = env.bodies.get_sim_state()
    with pytest.raises(ValueError, match=str(np.flatnonzero(over)[0])):
        env.step(next(actions))
    np.testing.assert_array_equal(env.bodies.get_sim_state(), sim_states)
    # Neither does a reset of the wrong body help.
    wrong = np.zeros(4, dtype=bool)
    wrong[np.flatnonzero(~over)[0]] = True
    env.reset(options={"reset_mask": wrong})
    with pytest.raises(ValueError, match="reset first"):
        env.step(next(actions))

    before = env.bodies.states.copy()
    after, _ = env.reset(options={"reset_mask": over})
    np.testing.assert_array_equal(after[~over], before[~over])
    assert (after[over] != before[over]).any(axis=1).all()
    assert not spec.terminated(after[over]).any()
    env.step(next(actions))


def test_masked_reset_restarts_the_clock_of_those_alone():
    env = BatchedAgentEnv("swimmer", 2, max_episode_steps=5, autoreset_mode=AutoresetMode.DISABLED)
    actions = random_actions(get_agent("swimmer"), 5, 2)
    env.reset(seed=0)
    run(env, actions[:3])
    env.reset(options={"reset_mask": np.array([True, False])})
    _, _, _, truncated = run(env, actions[:2])
    assert truncated.tolist() == [[False, False], [False, True]]


def test_masked_reset_takes_the_seeds_of_those():
    env = BatchedAgentEnv("swimmer", 3, autoreset_mode=AutoresetMode.DISABLED)
    env.reset(seed=0)
    mask = np.array([False, True, False])
    states, _ = env.reset(seed=10, options={"reset_mask": mask})
    single, _ = AgentEnv("swimmer").reset(seed=11)
    np.testing.assert_array_equal(states[1], single)


@pytest.mark.parametrize(
    "mask", [np.array([True, False]), np.array([1, 0, 0]), np.zeros(3, dtype=bool)]
)
def test_bad_masks_are_refused(mask):
    env = BatchedAgentEnv("swimmer", 3)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="reset_mask"):
        env.reset(options={"reset_mask": mask})


def test_time_limit_truncates_and_does_not_terminate(spec):
    limit = 3
    env = BatchedAgentEnv(spec.name, 2, max_episode_steps=limit)
    env.reset(seed=0)
    _, _, terminated, truncated = run(env, np.zeros((limit, 2, spec.action_dim), np.float32))
    assert not terminated.any()
    assert truncated.tolist() == [[False] * 2] * (limit - 1) + [[True] * 2]


def test_own_time_limit_is_the_default():
    spec = get_agent("swimmer")
    env = BatchedAgentEnv("swimmer")
    env.reset(seed=0)
    still = np.zeros((spec.episode_steps, 1, spec.action_dim), np.float32)
    _, _, terminated, truncated = run(env, still)
    assert not terminated.any()
    assert np.flatnonzero(truncated).tolist() == [332]


@pytest.mark.parametrize("mode", ["vector_entry_point", "sync"])
def test_minus_one_is_no_time_limit(mode):
    """As in gymnasium's registry: `make` and its own batches leave out the time limit then."""
    limit = get_agent("swimmer").episode_steps
    env = gymnasium.make_vec(
        "mbmf/Swimmer-v0", num_envs=1, vectorization_mode=mode, max_episode_steps=-1
    )
    env.reset(seed=0)
    _, _, _, truncated = run(env, np.zeros((limit + 5, 1, 2), np.float32))
    assert not truncated.any()


@pytest.mark.parametrize(("asked", "kept"), [(-1, None), (7, 7), (None, 333)])
def test_a_batchs_spec_tells_its_time_limit(asked, kept):
    """As that of a single one, which gymnasium keeps."""
    options = {} if asked is None else {"max_episode_steps": asked}
    single = gymnasium.make("mbmf/Swimmer-v0", **options)
    batch = gymnasium.make_vec("mbmf/Swimmer-v0", num_envs=2, **options)
    assert batch.spec.max_episode_steps == single.spec.max_episode_steps == kept
    again = gymnasium.make_vec(batch.spec)
    assert again.spec.max_episode_steps == kept
    assert again.num_envs == 2


@pytest.mark.parametrize("limit", [0, -2])
def test_other_time_limits_are_refused(limit):
    with pytest.raises(ValueError, match=f"max_episode_steps should be 1 at least.* is {limit}"):
        BatchedAgentEnv("swimmer", max_episode_steps=limit)


def test_a_step_before_the_reset_is_refused():
    single = gymnasium.make("mbmf/Swimmer-v0").unwrapped
    batch = gymnasium.make_vec("mbmf/Swimmer-v0", num_envs=2)
    for env in (single, batch):
        with pytest.raises(ResetNeeded, match="step"):
            env.step(np.zeros(env.action_space.shape, np.float32))
    # A reset of some bodies is none of the others.
    batch.reset(options={"reset_mask": np.array([True, False])})
    with pytest.raises(ResetNeeded, match="bodies \\[1\\]"):
        batch.step(np.zeros((2, 2), np.float32))


def test_a_fall_terminates_and_does_not_truncate():
    spec = get_agent("hopper")
    env = BatchedAgentEnv("hopper", 4, autoreset_mode=AutoresetMode.SAME_STEP)
    env.reset(seed=0)
    falls = 0
    for action in random_actions(spec, 60, 4):
        states, _, terminated, truncated, info = env.step(action)
        assert not truncated.any()
        assert not spec.terminated(states).any()
        for row in np.flatnonzero(terminated):
            assert spec.terminated(info["final_obs"][row])
            falls += 1
    assert falls > 0


def test_reward_is_of_the_state_that_the_action_led_to(spec):
    env = BatchedAgentEnv(spec.name, 3)
    env.reset(seed=0)
    action = random_actions(spec, 3)
    states, rewards, *_ = env.step(action)
    paid = spec.reward(states, action.astype(np.float64))
    np.testing.assert_array_equal(rewards, paid)


def test_reward_is_of_the_clipped_action(spec):
    rewards = []
    for scale in (1, 9):
        for env in (AgentEnv(spec.name), BatchedAgentEnv(spec.name)):
            env.reset(seed=0)
            action = np.full(env.action_space.shape, scale, np.float32)
            rewards.append(float(np.squeeze(env.step(action)[1])))
    assert len(set(rewards)) == 1


def test_same_seed_same_trajectory(spec):
    actions = random_actions(spec, 15, 3)
    runs = []
    for seed, threads in ((4, 1), (4, 2), (99, 1)):
        env = BatchedAgentEnv(spec.name, 3, num_threads=threads)
        start, _ = env.reset(seed=seed)
        runs.append([start, *run(env, actions)])
        env.close()
    for first, second in zip(runs[0], runs[1], strict=True):
        np.testing.assert_array_equal(first, second)
    assert (runs[0][0] != runs[2][0]).any(axis=1).all()
    assert (runs[0][1][-1] != runs[2][1][-1]).any(axis=1).all()


def test_seeds_of_a_batch(spec):
    by_number, _ = BatchedAgentEnv(spec.name, 3).reset(seed=5)
    by_list, _ = BatchedAgentEnv(spec.name, 3).reset(seed=[5, 6, 7])
    np.testing.assert_array_equal(by_number, by_list)
    zero, _ = BatchedAgentEnv(spec.name, 1).reset(seed=0)
    single, _ = AgentEnv(spec.name).reset(seed=0)
    np.testing.assert_array_equal(zero[0], single)
    with pytest.raises(ValueError, match="2 seeds for 3"):
        BatchedAgentEnv(spec.name, 3).reset(seed=[1, 2])


def test_unseeded_episodes_differ(spec):
    env = BatchedAgentEnv(spec.name, 2)
    first, _ = env.reset(seed=0)
    second, _ = env.reset()
    assert len(np.unique(np.vstack([first, second]), axis=0)) == 4


def test_states_given_out_do_not_change_later(spec):
    for env in (AgentEnv(spec.name), BatchedAgentEnv(spec.name, 2)):
        start, _ = env.reset(seed=0)
        action = np.zeros(env.action_space.shape, np.float32)
        kept = start.copy()
        after = env.step(action)[0]
        np.testing.assert_array_equal(start, kept)
        kept = after.copy()
        env.step(action)
        np.testing.assert_array_equal(after, kept)


def test_bad_actions_are_refused(spec):
    for env in (AgentEnv(spec.name), BatchedAgentEnv(spec.name, 2)):
        env.reset(seed=0)
        *rest, last = env.action_space.shape
        with pytest.raises(ValueError, match="shape"):
            env.step(np.zeros((*rest, last + 1), np.float32))
        with pytest.raises(ValueError, match="finite"):
            env.step(np.full(env.action_space.shape, np.nan, np.float32))


@pytest.mark.parametrize("kind", [AgentEnv, BatchedAgentEnv])
def test_unknown_agent_lists_the_known_ones(kind):
    with pytest.raises(InputError, match="no such agent; should be one of ant, half_cheetah, hop"):
        kind("no such agent")
