"""A task on an environment of gymnasium's: the pendulum of examples/, and what is refused."""

from dataclasses import replace
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box
from gymnasium.utils import EzPickle
from gymnasium.vector import AutoresetMode

from mbmf.agents import get_agent
from mbmf.agents.batched_environment import BatchedAgentEnv
from mbmf.base.errors import DrawingError, InputError, SimulationError
from mbmf.method import algorithm_1, random_data, trpo
from mbmf.method.algorithm_1 import ModelBasedSettings
from mbmf.method.policy import GaussianPolicy

PENDULUM = str(Path(__file__).parents[3] / "examples" / "pendulum.py")
SETTINGS = ModelBasedSettings.model_validate(
    {
        "random_data": {"rollouts": 8, "validation_rollouts": 1, "steps": 100},
        "dynamics": {
            "hidden_layers": [64],
            "learning_rate": 1e-3,
            "batch_size": 64,
            "epochs": 30,
            "on_policy_fraction": 0.5,
            "noise": 0.001,
        },
        "planning": {"horizon": 20, "num_samples": 200},
        "aggregation": {
            "iterations": 4,
            "rollouts": 8,
            "training_rollouts": 6,
            "steps": 100,
            "action_noise": 0.005,
        },
    }
)


@pytest.fixture
def spec():
    return get_agent(PENDULUM)


def test_steps_are_gymnasiums(spec):
    """Actions of one half are half the pendulum's largest torque, 2 N m."""
    bodies = spec.make_bodies(1)
    bodies.reset([0], [np.random.default_rng(3)])
    env = gymnasium.make("Pendulum-v1")
    observation, _ = env.reset(seed=int(np.random.default_rng(3).integers(2**31)))
    np.testing.assert_array_equal(bodies.states[0], observation)
    for action in (0.5, -1.0, 0.25):
        bodies.step(np.array([[action]]))
        observation = env.step(np.array([2 * action], np.float32))[0]
        np.testing.assert_array_equal(bodies.states[0], observation)
    assert (spec.dt, spec.action_dim, spec.state_dim) == (0.05, 1, 3)


def test_algorithm_1_swings_it_up(spec):
    """Mean returns of 100 steps from random starts were 47, 52 and 47 with seeds 0 to 2, over the
    last two iterations, and of random actions −58, −22 and −46.
    """
    data = random_data.generate(spec, SETTINGS.random_data, seed=0)
    progress = algorithm_1.start(spec, SETTINGS, data, 0, "cpu")
    for _ in range(SETTINGS.aggregation.iterations):
        algorithm_1.iterate(progress, spec, SETTINGS, data, 0)
    learned = np.mean([row["return"] for row in progress.curve[-2:]])
    assert learned > data.training.returns.mean() + 60


def test_an_iteration_of_trpo_needs_nothing_from_those_before_but_the_policy(spec):
    """What a resumed run relies on: a fresh environment goes on with the same bits."""
    settings = trpo.TrpoSettings(
        iterations=2, batch_size=120, bodies=2, episode_steps=30, initial_std=1.0, kl=0.01,
        discount=0.99, gae_lambda=1.0, conjugate_gradient_steps=5, damping=0.1,
    )  # fmt: skip

    def run(fresh):
        policy = GaussianPolicy(3, 1, [8], generator=torch.Generator().manual_seed(0))
        progress = trpo.TrpoProgress(policy, trpo.LinearBaseline(), [])
        env = trpo.make_env(spec, settings)
        for _ in range(2):
            trpo.iterate(progress, env, np.arange(3), settings, 5)
            env = trpo.make_env(spec, settings) if fresh else env
        return progress.curve

    assert run(fresh=True) == run(fresh=False)


def test_a_batch_keeps_its_own_time_limit(spec):
    env = BatchedAgentEnv(spec, 2, max_episode_steps=250, autoreset_mode=AutoresetMode.DISABLED)
    env.reset(seed=0)
    # gymnasium's own limit of 200 steps is not in the way.
    for _ in range(249):
        outcome = env.step(np.zeros((2, 1), np.float32))
    assert not (outcome[2] | outcome[3]).any()
    assert env.step(np.zeros((2, 1), np.float32))[3].all()


class Walk(gymnasium.Env, EzPickle):
    """Adds up its actions; copied by itself, it would start anew, as gymnasium's on MuJoCo do."""

    def __init__(self):
        EzPickle.__init__(self)
        self.observation_space = Box(-100.0, 100.0, (3,), np.float64)
        self.action_space = Box(-2.0, 2.0, (1,), np.float32)
        self.place = np.zeros(3)

    def reset(self, *, seed=None, **_options):
        super().reset(seed=seed)
        self.place = self.np_random.uniform(-1, 1, 3)
        return self.place.copy(), {}

    def step(self, action):
        self.place = self.place + action + 0.1 * self.np_random.standard_normal(3)
        return self.place.copy(), 0.0, False, False, {}


def test_an_environment_that_is_made_anew_where_it_is_copied_goes_on(spec):
    gymnasium.register("tests/Walk-v0", entry_point=Walk)
    bodies = replace(spec, environment="tests/Walk-v0").make_bodies(2)
    bodies.reset([0, 1], [np.random.default_rng(seed) for seed in (0, 1)])
    bodies.step(np.array([[0.5], [-0.5]]))
    kept, reached = bodies.get_sim_state(), bodies.states.copy()
    expected = []
    for _ in range(2):
        bodies.step(np.array([[0.5], [-0.5]]))
        expected.append(bodies.states.copy())
        bodies.set_sim_state(kept)
        np.testing.assert_array_equal(bodies.states, reached)
    np.testing.assert_array_equal(*expected)
    assert (expected[0] != reached).all()


def test_there_are_no_pictures(spec):
    from mbmf.agents.environment import AgentEnv

    env = AgentEnv(spec, render_mode="rgb_array")
    env.reset(seed=0)
    with pytest.raises(DrawingError, match="pendulum"):
        env.render()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"environment": "NoSuchEnvironment-v0"}, "environment NoSuchEnvironment-v0: "),
        ({"environment": "no_such_module:Name-v0"}, "environment no_such_module:Name-v0: "),
        ({"environment": "CartPole-v1"}, "the action space of CartPole-v1 should be a Box"),
        ({"observation_names": ("one", "two")}, "observation_names has 2 names, but .* 3 elements"),
    ],
)
def test_what_does_not_fit_is_refused(spec, change, message):
    with pytest.raises(InputError, match=f"pendulum: {message}"):
        replace(spec, **change).make_bodies(1)


def test_an_observation_that_is_not_finite_names_the_body(spec):
    bodies = spec.make_bodies(3)
    bodies.reset(range(3), [np.random.default_rng(0)] * 3)
    bodies._envs[1].unwrapped.state = np.array([np.nan, 0.0])
    with pytest.raises(SimulationError, match="pendulum diverged in body 1"):
        bodies.step(np.zeros((3, 1)))
