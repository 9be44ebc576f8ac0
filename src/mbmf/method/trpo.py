"""Trust region policy optimisation (Schulman et al. 2015), the paper's model-free baseline.

Each iteration samples a batch with the current policy. It computes the natural gradient of the
surrogate objective by conjugate gradient, with exact Fisher-vector products
(`mbmf.method.fast.fisher`). It scales the step to the trust region, and shrinks it until the
objective improves and the KL divergence is within the trust region.
"""

from __future__ import annotations

import math
from collections.abc import Callable
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
from mbmf.agents.spec import AgentSpec
from mbmf.base.errors import NonFiniteError
from mbmf.base.random_streams import Purpose, integer_seeds, torch_stream
from mbmf.base.settings import (
    Fraction,
    NonNegativeNumber,
    PositiveInteger,
    PositiveNumber,
    Settings,
)
from mbmf.method.advantages import LinearBaseline, advantages_and_returns
from mbmf.method.fast.fisher import fisher_vector_product
from mbmf.method.policy import (
    GaussianPolicy,
    MeanController,
    PolicySettings,
    kl_divergence,
    log_probability,
)
from mbmf.method.rollouts import collect
from mbmf.method.sampling import Batch, sample
from mbmf.method.where import errors_say

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
    kl: PositiveNumber = Field(
        default=0.05, description="trust region: largest mean KL divergence of an update"
    )
    discount: Fraction = Field(default=0.995, description="γ")
    gae_lambda: Fraction = Field(
        default=1.0, description="λ of generalised advantage estimation; rllab's is 1"
    )
    conjugate_gradient_steps: PositiveInteger = Field(
        default=10, description="steps of conjugate gradient"
    )
    damping: NonNegativeNumber = Field(
        default=0.00001, description="added to the Fisher matrix's diagonal"
    )
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
    """All settings of a run of TRPO, except agent, seed and the policy that it starts from."""

    policy: PolicySettings
    trpo: TrpoSettings


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
        kl: mean KL divergence of the accepted step, or 0 if no step was accepted.
        improvement: increase of the surrogate objective.
        backtracks: how often the step was shrunk before it was accepted.

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
        """Importance-weighted expected advantage of the new policy, which is maximised."""
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
    """State of a run of TRPO, with everything that it needs to continue.

    Attributes:
        policy: the current policy.
        baseline: the value function, fitted to the last batch.
        curve: learning curve, one row for each finished iteration.
        env_steps: steps of the real simulator so far, including those that the first policy cost.
        authors_steps: the same, counted as in the authors' plots.
    """

    policy: GaussianPolicy
    baseline: LinearBaseline
    curve: list[dict[str, Any]]
    env_steps: int = 0
    authors_steps: int = 0

    @property
    def iteration(self) -> int:
        """Number of finished iterations."""
        return len(self.curve)


def make_env(spec: AgentSpec, settings: TrpoSettings, threads: int = 1) -> BatchedAgentEnv:
    """The batched environment that TRPO samples from."""
    return BatchedAgentEnv(
        spec,
        settings.bodies,
        num_threads=threads,
        max_episode_steps=settings.episode_steps,
        autoreset_mode=AutoresetMode.SAME_STEP,
    )


def mean_return(
    policy: GaussianPolicy,
    spec: AgentSpec,
    elements: NDArray[np.intp],
    settings: TrpoSettings,
    seed: int,
    iteration: int,
) -> float:
    """Mean return of the policy's mean action, without exploration noise.

    The rollouts are separate from training. They have their own random stream, training does not
    use them, and their steps are not counted.

    Args:
        policy: the policy of this iteration.
        spec: the agent.
        elements: (O,) state elements that the policy observes.
        settings: settings of the run.
        seed: seed of the run.
        iteration: number of the iteration, from 0.

    Returns:
        The mean return, or NaN in an iteration that is not evaluated. Iterations 0,
        `evaluation_interval`, 2 · `evaluation_interval` and so on are evaluated, and the last.

    Raises:
        SimulationError: the simulator diverged. The message names the iteration.
    """
    if iteration % settings.evaluation_interval and iteration != settings.iterations - 1:
        return math.nan
    starts = integer_seeds(
        seed, Purpose.TRPO_EVALUATION, iteration, count=settings.evaluation_rollouts
    )
    controller = MeanController(policy, elements)
    with errors_say(f"TRPO iteration {iteration}", spec, seed):
        rollouts = collect(spec, starts, settings.episode_steps, controller)
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
        progress: state of the run, changed in place.
        env: environment from `make_env`.
        elements: (O,) state elements that the policy observes.
        settings: settings of the run.
        seed: seed of the run.

    Raises:
        NonFiniteError, SimulationError: the update or the simulator failed. The message names the
            iteration.
    """
    iteration = progress.iteration
    starts = integer_seeds(seed, Purpose.TRPO_RESET, iteration, count=settings.bodies)
    noise = torch_stream(seed, Purpose.TRPO_ACTIONS, iteration)
    steps = settings.batch_size // settings.bodies
    with errors_say(f"TRPO iteration {iteration}", env.agent, seed):
        env.reset(seed=list(starts))
        batch = sample(progress.policy, env, elements, steps, noise)
        advantages, returns = advantages_and_returns(
            batch, progress.baseline, settings.discount, settings.gae_lambda
        )
        step = update(progress.policy, batch, advantages, settings)
    progress.baseline.fit(batch.observations, batch.times, returns)
    episodes = batch.episode_returns(settings.episode_steps)
    progress.curve.append(
        {
            "iteration": iteration,
            # As in Algorithm 1's curve: the steps that this policy has learned from. Its own
            # batch is not among them.
            "env_steps": progress.env_steps,
            # The authors' plots count this batch too.
            "authors_steps": progress.authors_steps + settings.batch_size,
            "return": float(episodes.mean()),
            "return_std": float(episodes.std()),
            "rollouts": len(episodes),
            "std": float(progress.policy.log_std.detach().exp().mean()),
            **step,
        }
    )
    progress.env_steps += settings.batch_size
    progress.authors_steps += settings.batch_size
