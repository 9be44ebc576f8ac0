"""Rewards and terminations against numbers worked out by hand."""

import numpy as np
import pytest
import torch

from mbmf.agents import AGENTS, get_agent
from mbmf.agents.bodies import Bodies

# vx, action, reward: vx − 0.005 ‖a‖² and so on, worked out by hand.
REWARDS = {
    "swimmer": [(2.0, [1.0, -1.0], 1.99), (-0.5, [0.5, 0.0], -0.50125), (0.0, [0.0, 0.0], 0.0)],
    "half_cheetah": [
        (3.0, [1, -1, 1, -1, 1, -1], 2.7),
        (-1.0, [0.5, 0, 0, 0, 0, 0.5], -1.025),
        (0.25, [0] * 6, 0.25),
    ],
    "hopper": [(1.0, [1, 1, -1], 1.985), (-2.0, [0, 0.2, 0], -1.0002), (0.0, [0] * 3, 1.0)],
    "ant": [(1.0, [1, -1] * 4, 1.01), (-0.5, [0.1] + [0] * 7, -0.45005), (0.0, [0] * 8, 0.05)],
}
# The same by the planner of the authors' code, which divides actions by the bound once more.
PLANNER_REWARDS = {
    "swimmer": [(2.0, [1.0, -1.0], 1.9996), (-0.5, [0.5, 0.0], -0.50005)],
    "half_cheetah": [(3.0, [1, -1, 1, -1, 1, -1], 2.7)],
    "hopper": [(1.0, [1, 1, -1], 2 - 0.015 / 40000), (0.0, [0] * 3, 1.0)],
    "ant": [(1.0, [1, -1] * 4, 1.5 - 0.04 / 22500), (0.0, [0] * 8, 0.5)],
}
CASES = [(agent, *case) for agent, cases in REWARDS.items() for case in cases]
PLANNER_CASES = [(agent, *case) for agent, cases in PLANNER_REWARDS.items() for case in cases]
ENDING = [spec.name for spec in AGENTS.values() if spec.terminated]


def state_of(spec, **values):
    """A state of other numbers, with `values` by name."""
    # Numbers that would show in any reward, and would end any episode.
    state = np.full(spec.state_dim, 77.0)
    for name, value in values.items():
        state[spec.state_names.index(name)] = value
    return state


def with_vx(spec, vx):
    return state_of(spec, **{"com x velocity [m/s]": vx})


def hopper(height, tilt):
    return state_of(get_agent("hopper"), **{"rootz [m]": height, "rooty [rad]": tilt})


def ant(height):
    return state_of(get_agent("ant"), **{"com z [m]": height})


@pytest.mark.parametrize(("agent", "vx", "action", "expected"), CASES)
def test_reward_by_hand(agent, vx, action, expected):
    spec = get_agent(agent)
    got = spec.reward(with_vx(spec, vx), np.array(action, dtype=float))
    assert got == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("agent", "vx", "action", "expected"), PLANNER_CASES)
def test_planners_reward_by_hand(agent, vx, action, expected):
    spec = get_agent(agent)
    got = spec.planner_reward(with_vx(spec, vx), np.array(action, dtype=float))
    assert got == pytest.approx(expected, abs=1e-12)


def test_return_of_a_rollout_of_the_ant_under_both_rewards():
    """Three steps by hand: vx 1, 2, 3; all of one action, none, half of one actuator."""
    spec = get_agent("ant")
    states = np.stack([with_vx(spec, vx) for vx in (1.0, 2.0, 3.0)])
    actions = np.zeros((3, 8))
    actions[0] = 1
    actions[2, 4] = -0.5
    # 6 − 0.005 · 8 − 0.005 · 0.25 + 3 · 0.05, and 6 − (8 + 0.25) · 0.005 / 150² + 3 · 0.5
    assert spec.reward(states, actions).sum() == pytest.approx(6.10875, abs=1e-12)
    planned = spec.planner_reward(states, actions).sum()
    assert planned == pytest.approx(7.5 - 8.25 * 0.005 / 22500, abs=1e-12)


def test_only_hopper_and_ant_can_end_an_episode():
    assert sorted(ENDING) == ["ant", "hopper"]


@pytest.mark.parametrize(
    ("height", "tilt", "expected"),
    [
        (1.25, 0.0, False),
        (1.25, 0.3, True),
        (1.25, -0.3, True),
        (1.25, np.nextafter(0.3, 0), False),
        (1.25, -np.nextafter(0.3, 0), False),
        (1.25, 0.5, True),
        (0.7, 0.0, True),
        (np.nextafter(0.7, 1), 0.0, False),
        (0.1, 0.0, True),
        (0.1, 1.0, True),
        (9.0, 0.0, False),
    ],
)
def test_hopper_boundaries(height, tilt, expected):
    terminated = get_agent("hopper").terminated
    assert bool(terminated(hopper(height, tilt))) is expected
    assert bool(terminated(torch.as_tensor(hopper(height, tilt)))) is expected


@pytest.mark.parametrize(
    ("height", "expected"),
    [
        (0.75, False),
        (0.3, False),
        (np.nextafter(0.3, 0), True),
        (1.0, False),
        (np.nextafter(1.0, 2), True),
        (-1.0, True),
        (2.0, True),
    ],
)
def test_ant_boundaries(height, expected):
    terminated = get_agent("ant").terminated
    assert bool(terminated(ant(height))) is expected
    assert bool(terminated(torch.as_tensor(ant(height)))) is expected


@pytest.mark.parametrize("agent", AGENTS)
def test_numpy_and_torch_agree_on_batches(agent):
    spec = get_agent(agent)
    rng = np.random.default_rng(0)
    states = rng.uniform(-1.5, 1.5, (6, 50, spec.state_dim))
    actions = rng.uniform(-1, 1, (6, 50, spec.action_dim))
    rewards = spec.reward(states, actions)
    assert rewards.shape == (6, 50)
    tensors = torch.as_tensor(states), torch.as_tensor(actions)
    np.testing.assert_allclose(spec.reward(*tensors).numpy(), rewards, rtol=0, atol=1e-13)
    one_by_one = [
        [spec.reward(state, action) for state, action in zip(*pair, strict=True)]
        for pair in zip(states, actions, strict=True)
    ]
    np.testing.assert_allclose(rewards, one_by_one, rtol=0, atol=1e-13)
    terminated = spec.terminated
    if terminated is not None:
        over = terminated(states)
        assert over.shape == (6, 50)
        assert over.dtype == np.bool_
        assert over.any()
        assert not over.all()
        np.testing.assert_array_equal(terminated(tensors[0]).numpy(), over)


@pytest.mark.parametrize("agent", AGENTS)
def test_inputs_are_left_alone(agent):
    spec = get_agent(agent)
    states, actions = np.full((2, spec.state_dim), 0.4), np.full((2, spec.action_dim), 0.4)
    spec.reward(states, actions)
    if spec.name in ENDING:
        spec.terminated(states)
    assert (states == 0.4).all()
    assert (actions == 0.4).all()


@pytest.mark.parametrize("start", ["policy", "mpc"])
@pytest.mark.parametrize("agent", ENDING)
def test_no_episode_is_over_at_its_start(agent, start):
    bodies = Bodies(get_agent(agent), 500)
    bodies.reset(range(500), [np.random.default_rng(seed) for seed in range(500)], start)
    assert not bodies.over().any()
