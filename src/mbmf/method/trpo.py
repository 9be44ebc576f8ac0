"""Trust region policy optimisation (Schulman et al. 2015), as the paper's baseline runs it.

Each iteration samples a batch with the current policy, takes the natural gradient of the
surrogate loss by conjugate gradient with exact Fisher-vector products
(`mbmf.method.fast.fisher`), scales it to the trust region and backtracks until loss and KL
divergence agree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray
from pydantic import Field, model_validator
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from mbmf.agents.batched_environment import BatchedAgentEnv
from mbmf.base.errors import NonFiniteError
from mbmf.base.random_streams import Purpose, integer_seeds, torch_stream
from mbmf.base.settings import (
    Fraction,
    NonNegativeNumber,
    PositiveInteger,
    PositiveNumber,
    Settings,
)
from mbmf.method.fast.fisher import fisher_vector_product
from mbmf.method.policy import (
    GaussianPolicy,
    MeanController,
    PolicySettings,
    kl_divergence,
    log_probability,
)
from mbmf.method.rollouts import collect

Array = NDArray[np.float64]

# rllab's line search.
BACKTRACK_RATIO, BACKTRACK_STEPS = 0.8, 15


class TrpoSettings(Settings):
    """Sampling and update of TRPO."""

    iterations: PositiveInteger = Field(description="policy updates")
    batch_size: PositiveInteger = Field(description="environment steps in an iteration")
    bodies: PositiveInteger = Field(description="bodies that share the batch evenly")
    episode_steps: PositiveInteger = Field(description="time limit of an episode")
    initial_std: PositiveNumber = Field(description="the policy's standard deviation at the start")
    kl: PositiveNumber = Field(description="trust region: largest mean KL divergence of an update")
    discount: Fraction = Field(description="γ")
    gae_lambda: Fraction = Field(description="λ of generalised advantage estimation; rllab's is 1")
    conjugate_gradient_steps: PositiveInteger = Field(description="steps of conjugate gradient")
    damping: NonNegativeNumber = Field(description="added to the Fisher matrix's diagonal")
    evaluation_rollouts: PositiveInteger = Field(
        default=5, description="rollouts without noise that measure the policy; not counted"
    )
    evaluation_interval: PositiveInteger = Field(
        default=10, description="iterations from one such measurement to the next"
    )

    @model_validator(mode="after")
    def _whole_episodes(self) -> TrpoSettings:
        if self.batch_size % self.bodies:
            raise ValueError(
                f"batch_size ({self.batch_size}) must be a multiple of bodies ({self.bodies})"
            )
        if self.batch_size < self.bodies * self.episode_steps:
            raise ValueError(
                f"batch_size ({self.batch_size}) must hold one episode of each body at least: "
                f"bodies x episode_steps = {self.bodies * self.episode_steps}"
            )
        return self


class TrpoRunSettings(Settings):
    """All that defines a run of TRPO, beside agent, seed and the policy it starts from."""

    policy: PolicySettings
    trpo: TrpoSettings


@dataclass(frozen=True)
class Batch:
    """Steps of E bodies side by side, T each, the first of all at the start of an episode.

    Attributes:
        observations: (T, E, O) before each step.
        actions: (T, E, A) as sampled, not clipped.
        rewards: (T, E).
        times: (T, E) steps since the episode's start.
        terminated: (T, E) whether the step ended the episode for good.
        truncated: (T, E) whether a time limit or the batch's end cut the episode here.
        last_observations: (T, E, O) observation after the step where it was cut, else 0.
    """

    observations: NDArray[np.float32]
    actions: NDArray[np.float32]
    rewards: Array
    times: NDArray[np.int64]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    last_observations: NDArray[np.float32]

    def episode_returns(self, episode_steps: int) -> Array:
        """Undiscounted returns of the episodes that had room for their time limit.

        A later episode would be complete only if it were short, and so bias the mean.
        """
        steps, bodies = self.rewards.shape
        over = self.terminated | self.truncated
        returns = []
        for body in range(bodies):
            start = 0
            for end in (np.flatnonzero(over[:, body]) + 1).tolist():
                if start + episode_steps <= steps:
                    returns.append(self.rewards[start:end, body].sum())
                start = end
        return np.array(returns)


@contextmanager
def _one_torch_thread() -> Iterator[None]:
    """Keep torch to one thread.

    Idle threads of torch wait for their next work by spinning, and so take the cores from the
    simulator's threads: with two of each, a whole iteration took 1.6 times as long.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@_one_torch_thread()
@torch.inference_mode()
def sample(
    policy: GaussianPolicy,
    env: BatchedAgentEnv,
    elements: NDArray[np.intp],
    steps: int,
    generator: torch.Generator,
) -> Batch:
    """`steps` steps of each body of `env`, which has just been reset.

    Args:
        policy: acts, with noise.
        env: in autoreset mode SAME_STEP.
        elements: (O,) state elements that the policy observes.
        steps: T.
        generator: draws the actions' noise.
    """
    bodies = env.num_envs
    observations = np.empty((steps, bodies, len(elements)), np.float32)
    last_observations = np.zeros_like(observations)
    noise = torch.randn(steps, bodies, env.agent.action_dim, generator=generator)
    noise *= policy.log_std.exp()
    actions = np.empty(noise.shape, np.float32)
    rewards = np.empty((steps, bodies))
    times = np.empty((steps, bodies), np.int64)
    terminated = np.zeros((steps, bodies), np.bool_)
    truncated = np.zeros((steps, bodies), np.bool_)
    states = env.bodies.states
    clock = np.zeros(bodies, np.int64)
    for step in range(steps):
        observations[step] = states[:, elements]
        times[step] = clock
        chosen = policy(torch.from_numpy(observations[step])).add_(noise[step])
        actions[step] = chosen.numpy()
        states, rewards[step], terminated[step], truncated[step], info = env.step(actions[step])
        clock += 1
        over = terminated[step] | truncated[step]
        if over.any():
            clock[over] = 0
            last_observations[step][over] = np.stack(list(info["final_obs"][over]))[:, elements]
    # The batch's end is no end of an episode either.
    cut = ~(terminated[-1] | truncated[-1])
    truncated[-1] |= cut
    last_observations[-1][cut] = states[cut][:, elements]
    truncated &= ~terminated
    return Batch(observations, actions, rewards, times, terminated, truncated, last_observations)


class LinearBaseline:
    """rllab's value function: linear in observation, its square, time, time² and time³."""

    # rllab's ridge, and the bound on each observation element.
    RIDGE, BOUND = 1e-5, 10.0

    def __init__(self, coefficients: Array | None = None) -> None:
        self.coefficients = coefficients

    def predict(self, observations: NDArray[Any], times: NDArray[Any]) -> Array:
        """Values (...,) of observations (..., O) at steps (...,); zero before the first fit."""
        if self.coefficients is None:
            return np.zeros(times.shape)
        values: Array = self._features(observations, times) @ self.coefficients
        return values

    def fit(self, observations: NDArray[Any], times: NDArray[Any], returns: Array) -> None:
        """Least squares on returns (...,)."""
        features = self._features(observations, times)
        features = features.reshape(-1, features.shape[-1])
        gram = features.T @ features + self.RIDGE * np.eye(features.shape[1])
        self.coefficients = np.asarray(
            np.linalg.lstsq(gram, features.T @ returns.ravel(), rcond=None)[0], np.float64
        )

    def _features(self, observations: NDArray[Any], times: NDArray[Any]) -> Array:
        seen = np.clip(observations.astype(np.float64), -self.BOUND, self.BOUND)
        time = (times / 100.0)[..., None]
        return np.concatenate([seen, seen**2, time, time**2, time**3, np.ones_like(time)], axis=-1)


def advantages_and_returns(
    batch: Batch, baseline: LinearBaseline, discount: float, gae_lambda: float
) -> tuple[Array, Array]:
    """Generalised advantage estimates and the returns that the baseline is fitted to, (T, E).

    A time-out or the batch's end is no termination: what would have followed is worth the
    baseline's value there.
    """
    values = baseline.predict(batch.observations, batch.times)
    after = np.zeros_like(values)
    after[:-1] = values[1:]
    cut = batch.truncated
    after[cut] = baseline.predict(batch.last_observations[cut], batch.times[cut] + 1)
    after[batch.terminated] = 0.0
    over = batch.terminated | batch.truncated
    residuals = batch.rewards + discount * after - values
    advantages = np.empty_like(values)
    returns = np.empty_like(values)
    advantage = np.zeros(values.shape[1])
    future = np.zeros(values.shape[1])
    for step in reversed(range(len(values))):
        advantage = residuals[step] + discount * gae_lambda * np.where(over[step], 0.0, advantage)
        advantages[step] = advantage
        future = batch.rewards[step] + discount * np.where(over[step], after[step], future)
        returns[step] = future
    return advantages, returns


def conjugate_gradient(
    product: Callable[[Tensor], Tensor], target: Tensor, steps: int, tolerance: float = 1e-10
) -> Tensor:
    """Solve A x = target for a positive definite A, given as v ↦ A v."""
    solution = torch.zeros_like(target)
    residual = target.clone()
    direction = target.clone()
    squared = residual @ residual
    for _ in range(steps):
        if squared <= tolerance:
            break
        image = product(direction)
        step = squared / (direction @ image)
        solution += step * direction
        residual -= step * image
        before, squared = squared, residual @ residual
        direction = residual + (squared / before) * direction
    return solution


def update(
    policy: GaussianPolicy, batch: Batch, advantages: Array, settings: TrpoSettings
) -> dict[str, float]:
    """One trust region update of `policy`, in place.

    Returns:
        kl: mean KL divergence of the accepted step, 0 if none was accepted;
        improvement: of the surrogate loss; backtracks: steps shrunk before acceptance.

    Raises:
        NonFiniteError: the gradient or the step became NaN or infinite.
    """
    observations = torch.from_numpy(batch.observations).flatten(0, 1)
    actions = torch.from_numpy(batch.actions).flatten(0, 1)
    weights = (
        torch.from_numpy((advantages - advantages.mean()) / (advantages.std() + 1e-8))
        .flatten()
        .float()
    )
    with torch.no_grad():
        old_means = policy(observations)
        old_log_std = policy.log_std.clone()
        old_log_probability = log_probability(actions, old_means, old_log_std)

    def surrogate(means: Tensor) -> Tensor:
        """Expected advantage of the new policy, importance-weighted; to be raised."""
        ratio = torch.exp(log_probability(actions, means, policy.log_std) - old_log_probability)
        return (ratio * weights).mean()

    before = surrogate(policy(observations))
    gradient = parameters_to_vector(torch.autograd.grad(before, list(policy.parameters())))
    product = fisher_vector_product(policy, observations, settings.damping)
    direction = conjugate_gradient(product, gradient, settings.conjugate_gradient_steps)
    curvature = float(direction @ product(direction))
    if not math.isfinite(curvature):
        raise NonFiniteError(
            "the natural gradient is not finite: returns or policy have grown beyond reason; "
            f"a smaller trpo.kl (now {settings.kl}) usually cures it"
        )
    full = math.sqrt(2 * settings.kl / (curvature + 1e-8)) * direction
    old = parameters_to_vector(policy.parameters()).detach()
    with torch.no_grad():
        for backtracks in range(BACKTRACK_STEPS):
            vector_to_parameters(old + BACKTRACK_RATIO**backtracks * full, policy.parameters())
            means = policy(observations)
            improvement = float(surrogate(means) - before)
            kl = float(kl_divergence(old_means, old_log_std, means, policy.log_std).mean())
            if improvement > 0 and kl <= settings.kl:
                return {"kl": kl, "improvement": improvement, "backtracks": backtracks}
        vector_to_parameters(old, policy.parameters())
    return {"kl": 0.0, "improvement": 0.0, "backtracks": BACKTRACK_STEPS}


@dataclass
class TrpoProgress:
    """Where a run of TRPO stands, and all that it needs to go on.

    Attributes:
        policy: the current policy.
        baseline: the value function, fitted to the last batch.
        curve: one row for each finished iteration.
    """

    policy: GaussianPolicy
    baseline: LinearBaseline
    curve: list[dict[str, Any]]

    @property
    def iteration(self) -> int:
        """Iterations finished."""
        return len(self.curve)


def make_env(agent: str, settings: TrpoSettings, threads: int = 1) -> BatchedAgentEnv:
    """The batched environment that TRPO samples from."""
    return BatchedAgentEnv(
        agent,
        settings.bodies,
        num_threads=threads,
        max_episode_steps=settings.episode_steps,
        autoreset_mode=AutoresetMode.SAME_STEP,
    )


def mean_return(
    policy: GaussianPolicy,
    agent: str,
    elements: NDArray[np.intp],
    settings: TrpoSettings,
    seed: int,
    iteration: int,
) -> float:
    """Mean return of the policy's mean action, without exploration noise.

    Some rollouts of their own, side by side, from a random stream of their own: training takes
    no notice of them, and their steps are not counted.

    Args:
        policy: as it acts in this iteration.
        agent: name of the agent.
        elements: (O,) state elements that the policy observes.
        settings: of the run.
        seed: of the run.
        iteration: from 0.

    Returns:
        NaN in an iteration that is not measured: one in `evaluation_interval` is, from the
        first on, and the last.

    Raises:
        SimulationError: the simulator diverged.
    """
    if iteration % settings.evaluation_interval and iteration != settings.iterations - 1:
        return math.nan
    starts = integer_seeds(
        seed, Purpose.TRPO_EVALUATION, iteration, count=settings.evaluation_rollouts
    )
    controller = MeanController(policy, elements)
    rollouts = collect(agent, starts, settings.episode_steps, controller)
    return float(rollouts.returns.mean())


def iterate(
    progress: TrpoProgress,
    env: BatchedAgentEnv,
    elements: NDArray[np.intp],
    settings: TrpoSettings,
    seed: int,
) -> None:
    """One iteration of TRPO: sample a batch, update the policy, fit the baseline.

    All bodies start an episode at the start of each batch, so that an iteration depends on
    policy, baseline and seed alone.

    Args:
        progress: changed in place, once the iteration has succeeded.
        env: from `make_env`.
        elements: (O,) state elements that the policy observes.
        settings: of the run.
        seed: of the run.

    Raises:
        NonFiniteError: says in which iteration.
    """
    iteration = progress.iteration
    env.reset(seed=list(integer_seeds(seed, Purpose.TRPO_RESET, iteration, count=settings.bodies)))
    noise = torch_stream(seed, Purpose.TRPO_ACTIONS, iteration)
    batch = sample(progress.policy, env, elements, settings.batch_size // settings.bodies, noise)
    advantages, returns = advantages_and_returns(
        batch, progress.baseline, settings.discount, settings.gae_lambda
    )
    try:
        step = update(progress.policy, batch, advantages, settings)
    except NonFiniteError as error:
        raise NonFiniteError(
            f"TRPO iteration {iteration} of {env.agent.name}, seed {seed}: {error}"
        ) from None
    progress.baseline.fit(batch.observations, batch.times, returns)
    episodes = batch.episode_returns(settings.episode_steps)
    progress.curve.append(
        {
            "iteration": iteration,
            # As in Algorithm 1's curve: what the policy had learned from, not its own batch.
            "env_steps": iteration * settings.batch_size,
            # The authors' plots have this batch behind them.
            "authors_steps": (iteration + 1) * settings.batch_size,
            "return": float(episodes.mean()),
            "return_std": float(episodes.std()),
            "rollouts": len(episodes),
            "std": float(progress.policy.log_std.detach().exp().mean()),
            **step,
        }
    )
