"""TRPO's mathematics against dense matrices, closed forms and an independent computation."""

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from torch.distributions import Independent, Normal, kl_divergence
from torch.func import functional_call, hessian
from torch.nn.utils import parameters_to_vector

from batches import random_batch
from mbmf.agents import get_agent
from mbmf.agents.environment import AgentEnv
from mbmf.base.errors import NonFiniteError
from mbmf.base.random_streams import Purpose, integer_seeds, torch_stream
from mbmf.method import trpo
from mbmf.method.advantages import LinearBaseline
from mbmf.method.fast.fisher import TILE, fisher_vector_product
from mbmf.method.policy import GaussianPolicy, PolicySettings, observed_elements
from mbmf.method.sampling import Batch, sample
from mbmf.method.trpo import TrpoProgress, TrpoSettings

SETTINGS = {
    "iterations": 3,
    "batch_size": 120,
    "bodies": 3,
    "episode_steps": 15,
    "initial_std": 1.0,
    "kl": 0.05,
    "discount": 0.9,
    "gae_lambda": 0.8,
    "conjugate_gradient_steps": 10,
    "damping": 1e-5,
}


def settings(**changes):
    return TrpoSettings.model_validate(SETTINGS | changes)


def new_policy(seed=0, observation_dim=3, action_dim=2, double=False, hidden_layers=(5, 4)):
    policy = GaussianPolicy(
        observation_dim, action_dim, hidden_layers, 0.7, torch.Generator().manual_seed(seed)
    )
    return policy.double() if double else policy


def dense_fisher(policy, observations):
    """Hessian of the mean KL divergence at the policy itself, by automatic differentiation."""
    names = [name for name, _ in policy.named_parameters()]
    shapes = [value.shape for _, value in policy.named_parameters()]
    old_mean, old_std = policy(observations).detach(), policy.log_std.detach().exp()

    def divergence(vector):
        parts = vector.split([shape.numel() for shape in shapes])
        values = {
            name: part.view(shape) for name, part, shape in zip(names, parts, shapes, strict=True)
        }
        mean = functional_call(policy, values, (observations,))
        old = Independent(Normal(old_mean, old_std), 1)
        return kl_divergence(old, Independent(Normal(mean, values["log_std"].exp()), 1)).mean()

    return hessian(divergence)(parameters_to_vector(policy.parameters()).detach())


@pytest.mark.parametrize("hidden_layers", [(6,), (5, 4), (4, 3, 3)])
def test_fisher_vector_product_is_that_of_the_dense_matrix(hidden_layers):
    policy = new_policy(double=True, hidden_layers=hidden_layers)
    with torch.no_grad():
        policy.log_std.copy_(torch.tensor([-0.5, 0.3]))
    observations = torch.randn(20, 3, dtype=torch.float64)
    fisher = dense_fisher(policy, observations)
    product = fisher_vector_product(policy, observations, damping=0.01)
    columns = torch.stack([product(row) for row in torch.eye(len(fisher), dtype=torch.float64)])
    torch.testing.assert_close(columns, fisher + 0.01 * torch.eye(len(fisher)))


def test_fisher_vector_product_is_the_mean_over_tiles():
    policy = new_policy(double=True)
    observations = torch.randn(TILE + 7, 3, dtype=torch.float64)
    vector = torch.randn(sum(value.numel() for value in policy.parameters()), dtype=torch.float64)
    whole = fisher_vector_product(policy, observations, damping=0.0)(vector)
    first, rest = (
        fisher_vector_product(policy, part, damping=0.0)(vector) * (len(part) / (TILE + 7))
        for part in (observations[:1], observations[1:])
    )
    torch.testing.assert_close(whole, first + rest)


def test_fisher_vector_product_stays_that_of_the_old_policy():
    policy = new_policy(double=True)
    product = fisher_vector_product(policy, torch.randn(20, 3, dtype=torch.float64), damping=0.0)
    vector = torch.randn(sum(value.numel() for value in policy.parameters()), dtype=torch.float64)
    before = product(vector)
    with torch.no_grad():
        for value in policy.parameters():
            value.mul_(2)
    torch.testing.assert_close(product(vector), before)


def test_sampling_keeps_torch_to_one_thread_and_gives_the_others_back():
    seen = []

    class Watched(torch.nn.Module):
        log_std = torch.zeros(2)

        def forward(self, observations):
            seen.append(torch.get_num_threads())
            if len(seen) > 2:
                raise RuntimeError("enough")
            return torch.zeros(len(observations), 2)

    env = trpo.make_env(get_agent("swimmer"), settings(batch_size=45, bodies=3))
    env.reset(seed=0)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(RuntimeError, match="enough"):
            sample(Watched(), env, np.arange(3), 15, torch.Generator())
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
        env.close()
    assert seen == [1, 1, 1]


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_conjugate_gradient_solves_in_as_many_steps_as_there_are_dimensions(size, seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(size, size))
    matrix = torch.from_numpy(root @ root.T + size * np.eye(size))
    solution = torch.from_numpy(rng.normal(size=size))
    found = trpo.conjugate_gradient(
        lambda v: matrix @ v, matrix @ solution, steps=size + 1, tolerance=1e-20
    )
    torch.testing.assert_close(found, solution, rtol=1e-6, atol=1e-6)


def test_conjugate_gradient_of_nothing_is_nothing():
    found = trpo.conjugate_gradient(lambda v: v, torch.zeros(3), steps=5)
    torch.testing.assert_close(found, torch.zeros(3))


def test_only_episodes_with_room_for_their_limit_are_measured():
    """A body that fell early starts anew; its later, cut episode would bias the mean."""
    batch = random_batch(steps=10, bodies=2)
    terminated = np.zeros((10, 2), bool)
    terminated[3, 0] = True
    truncated = np.zeros((10, 2), bool)
    truncated[7, 1] = True
    truncated[-1] = True
    batch = Batch(**{**batch.__dict__, "terminated": terminated, "truncated": truncated})
    expected = [batch.rewards[:4, 0].sum(), batch.rewards[:8, 1].sum()]
    np.testing.assert_allclose(batch.episode_returns(8), expected)
    shorter = [*expected[:1], batch.rewards[4:, 0].sum(), *expected[1:]]
    np.testing.assert_allclose(batch.episode_returns(6), shorter)


@pytest.mark.parametrize("seed", range(5))
def test_an_accepted_step_raises_the_surrogate_and_stays_in_the_trust_region(seed):
    policy, batch = new_policy(seed), random_batch(40, 5, seed=seed)
    old = new_policy(seed)
    advantages = np.random.default_rng(seed).normal(size=batch.rewards.shape)
    step = trpo.update(policy, batch, advantages, settings())
    assert step["improvement"] > 0
    observations = torch.from_numpy(batch.observations).flatten(0, 1)
    actions = torch.from_numpy(batch.actions).flatten(0, 1)
    with torch.no_grad():
        before = Independent(Normal(old(observations), old.log_std.exp()), 1)
        after = Independent(Normal(policy(observations), policy.log_std.exp()), 1)
        divergence = float(kl_divergence(before, after).mean())
        ratio = (after.log_prob(actions) - before.log_prob(actions)).exp().double().numpy()
    assert divergence == pytest.approx(step["kl"], abs=1e-6)
    assert divergence <= 0.05
    standard = (advantages - advantages.mean()) / advantages.std()
    assert step["improvement"] == pytest.approx(
        (ratio * standard.ravel()).mean() - standard.mean(), abs=1e-5
    )


def test_the_step_is_the_natural_gradient_of_dense_matrices():
    """By solving with the dense Fisher matrix; in one dimension of the line search."""
    policy, batch = new_policy(double=True), random_batch(40, 5)
    batch = Batch(
        **{
            name: value.astype(np.float64) if value.dtype == np.float32 else value
            for name, value in batch.__dict__.items()
        }
    )
    advantages = np.random.default_rng(1).normal(size=batch.rewards.shape)
    observations = torch.from_numpy(batch.observations).flatten(0, 1)
    actions = torch.from_numpy(batch.actions).flatten(0, 1)
    standard = torch.from_numpy((advantages - advantages.mean()) / advantages.std()).flatten()
    old = parameters_to_vector(policy.parameters()).detach()
    density = Independent(Normal(policy(observations), policy.log_std.exp()), 1)
    ratio = (density.log_prob(actions) - density.log_prob(actions).detach()).exp()
    gradient = parameters_to_vector(
        torch.autograd.grad((ratio * standard).mean(), list(policy.parameters()))
    )
    fisher = dense_fisher(policy, observations) + 0.1 * torch.eye(len(old))
    direction = torch.linalg.solve(fisher, gradient)
    length = torch.sqrt(2 * 0.05 / (direction @ fisher @ direction))
    step = trpo.update(
        policy, batch, advantages, settings(damping=0.1, conjugate_gradient_steps=300)
    )
    moved = parameters_to_vector(policy.parameters()).detach() - old
    expected = 0.8 ** step["backtracks"] * length * direction
    torch.testing.assert_close(moved, expected, rtol=1e-3, atol=1e-5)


def test_equal_advantages_move_nothing():
    policy, batch = new_policy(), random_batch()
    before = parameters_to_vector(policy.parameters()).detach().clone()
    step = trpo.update(policy, batch, np.ones(batch.rewards.shape), settings())
    assert step == {"kl": 0.0, "improvement": 0.0, "backtracks": trpo.BACKTRACK_STEPS}
    torch.testing.assert_close(parameters_to_vector(policy.parameters()).detach(), before)


def test_advantages_that_are_not_finite_stop_the_run():
    batch = random_batch()
    advantages = np.full(batch.rewards.shape, np.nan)
    with pytest.raises(NonFiniteError, match=r"trpo\.kl"):
        trpo.update(new_policy(), batch, advantages, settings())


class _TargetAgent:
    name, action_dim = "target", 2


class TargetEnv:
    """Reward −‖a − (0.3, −0.2)‖²: the best policy and its return are known."""

    agent = _TargetAgent()
    single_observation_space = Box(-1, 1, (1,))

    def __init__(self, bodies, limit):
        self.num_envs, self.limit, self.bodies = bodies, limit, self
        self.states = np.zeros((bodies, 1))

    def reset(self, seed):  # noqa: ARG002
        self.clock = 0

    def step(self, actions):
        self.clock += 1
        rewards = -np.square(actions - [0.3, -0.2]).sum(axis=1)
        over = np.full(self.num_envs, self.clock % self.limit == 0)
        none = np.zeros(self.num_envs, bool)
        finals = np.empty(self.num_envs, object)
        finals[:] = list(self.states)
        return self.states, rewards, none, over, {"final_obs": finals}


def test_learns_a_problem_whose_optimum_is_known():
    given_settings = settings(batch_size=2000, bodies=20, episode_steps=10, gae_lambda=1.0)
    policy = GaussianPolicy(1, 2, [8], 1.0, torch.Generator().manual_seed(0))
    progress = TrpoProgress(policy, LinearBaseline(), [])
    for _ in range(60):
        trpo.iterate(progress, TargetEnv(20, 10), np.array([0]), given_settings, 0)
    with torch.no_grad():
        mean = policy(torch.zeros(1, 1))[0].numpy()
    np.testing.assert_allclose(mean, [0.3, -0.2], atol=0.05)
    assert progress.curve[0]["return"] < -15
    assert progress.curve[-1]["return"] > -1


@pytest.mark.parametrize("agent", ["swimmer", "hopper"])
def test_a_batch_is_what_single_environments_give(agent):
    """Exactly the configured number of steps, and each body's record hangs together."""
    given_settings = settings(episode_steps=30, batch_size=120)
    shape = PolicySettings(hidden_layers=[8], absolute_position=True)
    elements = observed_elements(get_agent(agent), shape)
    env = trpo.make_env(get_agent(agent), given_settings)
    policy = GaussianPolicy(
        len(elements), env.agent.action_dim, [8], 1.0, torch_stream(0, Purpose.POLICY)
    )
    env.reset(seed=[1, 2, 3])
    batch = sample(policy, env, elements, 40, torch_stream(0, Purpose.TRPO_ACTIONS))
    assert batch.rewards.size == 120
    paid = env.agent.reward
    assert not (batch.terminated & batch.truncated).any()
    over = batch.terminated | batch.truncated
    assert over[-1].all()
    for body in range(3):
        clock = 0
        for step in range(40):
            assert batch.times[step, body] == clock
            clock = 0 if over[step, body] else clock + 1
            if over[step, body] and step < 39:
                assert batch.terminated[step, body] or batch.times[step, body] == 29
            elif step < 39:
                # The reward is that of the next observation, which is the whole state here.
                expected = paid(
                    batch.observations[step + 1, body].astype(float),
                    np.clip(batch.actions[step, body], -1, 1).astype(float),
                )
                assert batch.rewards[step, body] == pytest.approx(expected, abs=1e-5)
            if batch.truncated[step, body]:
                expected = paid(
                    batch.last_observations[step, body].astype(float),
                    np.clip(batch.actions[step, body], -1, 1).astype(float),
                )
                assert batch.rewards[step, body] == pytest.approx(expected, abs=1e-5)
    assert env.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP


@pytest.mark.parametrize("agent", ["swimmer", "hopper"])
def test_the_mean_actions_return_is_that_of_single_environments(agent):
    """Hoppers fall, each at a time of its own: what comes after counts for nothing."""
    given_settings = settings(episode_steps=40, batch_size=120, evaluation_rollouts=3)
    elements = observed_elements(
        get_agent(agent), PolicySettings(hidden_layers=[8], absolute_position=True)
    )
    env = AgentEnv(agent)
    policy = GaussianPolicy(
        len(elements), env.agent.action_dim, [8], 1.0, torch_stream(0, Purpose.POLICY)
    )
    returns, lengths = [], []
    for start in integer_seeds(4, Purpose.TRPO_EVALUATION, 10, count=3):
        state, _ = env.reset(seed=start)
        over, rewards = False, []
        while not over and len(rewards) < 40:
            with torch.no_grad():
                action = policy(torch.tensor(state[elements], dtype=torch.float32)).numpy()
            state, reward, over, _, _ = env.step(action)
            rewards.append(reward)
        returns.append(sum(rewards))
        lengths.append(len(rewards))
    assert (len(set(lengths)) > 1) == (agent == "hopper")
    found = trpo.mean_return(policy, get_agent(agent), elements, given_settings, 4, 10)
    assert found == pytest.approx(np.mean(returns), rel=1e-4)


def test_the_mean_action_is_measured_now_and_then_and_at_the_end():
    given_settings = settings(iterations=8, evaluation_interval=3)
    elements = np.arange(3)
    policy = new_policy()
    measured = [
        iteration
        for iteration in range(8)
        if not np.isnan(
            trpo.mean_return(policy, get_agent("swimmer"), elements, given_settings, 0, iteration)
        )
    ]
    assert measured == [0, 3, 6, 7]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 100}, "multiple of bodies"),
        ({"batch_size": 30}, "one episode of each body"),
        ({"kl": 0.0}, "greater than 0"),
        ({"kl": -1.0}, "greater than 0"),
        ({"initial_std": 0.0}, "greater than 0"),
        ({"initial_std": -0.5}, "greater than 0"),
        ({"discount": 1.5}, "less than or equal to 1"),
        ({"evaluation_rollouts": 0}, "greater than 0"),
        ({"evaluation_interval": 0}, "greater than 0"),
    ],
)
def test_wrong_settings_are_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        settings(**changes)
