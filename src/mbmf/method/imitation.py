"""Imitation of the MPC controller by a policy: behaviour cloning and DAgger.

Imitation connects the model-based to the model-free learner (section V of the paper).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator
from torch import Tensor

from mbmf.agents.spec import AgentSpec
from mbmf.base.errors import NonFiniteError, SimulationError
from mbmf.base.random_streams import Purpose, integer_seeds, torch_stream
from mbmf.base.settings import PositiveInteger, PositiveNumber, Settings
from mbmf.method.models.base import DynamicsModel
from mbmf.method.mpc import MpcController, mpc_rollouts
from mbmf.method.planners.base import Planning, new_planner
from mbmf.method.policy import GaussianPolicy, MeanController, PolicySettings
from mbmf.method.rollouts import Rollouts, collect
from mbmf.method.where import errors_say

# Limit on the number of rollouts made for each one kept, for when few have a positive return.
MOST_TRIES = 10


class ExpertSettings(Settings):
    """The controller to imitate, and the length of its rollouts and of the policy's."""

    planning: Planning
    steps: PositiveInteger = Field(description="most steps of a rollout")


class ImitationSettings(Settings):
    """Behaviour cloning and DAgger."""

    expert_rollouts: PositiveInteger = Field(
        default=60, description="MPC rollouts to clone; only those with a return above 0 are taken"
    )
    epochs: PositiveInteger = Field(description="passes over the data in each (re)training")
    learning_rate: PositiveNumber = Field(default=0.001, description="Adam's step size")
    batch_size: PositiveInteger = Field(
        default=512, description="state-action pairs in a minibatch"
    )
    iterations: PositiveInteger = Field(
        description="DAgger iterations; the first training is behaviour cloning"
    )
    rollouts: PositiveInteger = Field(description="policy rollouts relabelled in each of them")
    evaluation_rollouts: PositiveInteger = Field(
        default=10,
        description="policy rollouts that measure its return; the first of them are relabelled",
    )

    @model_validator(mode="after")
    def _relabelled_are_part(self) -> ImitationSettings:
        if self.rollouts > self.evaluation_rollouts:
            raise ValueError(
                f"rollouts ({self.rollouts}) must be at most evaluation_rollouts "
                f"({self.evaluation_rollouts})"
            )
        return self


class ImitationRunSettings(Settings):
    """All settings of a run of imitation, except agent, seed and the expert's model."""

    expert: ExpertSettings
    policy: PolicySettings
    imitation: ImitationSettings


def expert_rollouts(
    model: DynamicsModel,
    spec: AgentSpec,
    settings: ExpertSettings,
    count: int,
    seed: int,
) -> tuple[Rollouts, int]:
    """MPC rollouts with the final dynamics model, without noise on the actions.

    As in the authors' code, only rollouts with a positive return are kept, and more are made
    until there are enough. The authors' code never stops if no return is positive. Here at most
    `MOST_TRIES` · `count` rollouts are made. If too few are positive, the best of the others
    make up the number.

    Args:
        model: final dynamics model of a run of Algorithm 1.
        spec: the agent.
        settings: settings of the expert.
        count: number of rollouts to keep. Missing rollouts are made side by side.
        seed: seed of the run.

    Returns:
        The kept rollouts, and the number of simulator steps of all rollouts that were made.

    Raises:
        SimulationError: every rollout ended in its first step.
    """
    planner = new_planner(model, spec, settings.planning)
    made: list[Rollouts] = []
    missing, tries = count, MOST_TRIES * count
    while missing and tries:
        batch = min(missing, tries)
        stream = torch_stream(seed, Purpose.EXPERT_PLANNING, len(made), device=model.device)
        starts = integer_seeds(seed, Purpose.EXPERT_RESET, len(made), count=batch)
        found = mpc_rollouts(spec, MpcController(planner, stream), starts, settings.steps)
        made.append(found)
        missing -= int((found.returns > 0).sum())
        tries -= batch
    everything = Rollouts.concatenate(made)
    # First the rollouts with positive returns, in order of time. Then the others, best first.
    returns = everything.returns
    order = np.argsort(np.where(returns > 0, 0, 1 - returns), kind="stable")
    kept = everything[order[:count]]
    if not kept.points:
        raise SimulationError(
            f"every expert rollout of {spec.name}, seed {seed}, ended in its first step: there is "
            "nothing to imitate"
        )
    return kept, everything.simulated_steps


def train(
    policy: GaussianPolicy,
    optimizer: torch.optim.Optimizer,
    observations: Tensor,
    actions: Tensor,
    settings: ImitationSettings,
    generator: torch.Generator,
) -> float:
    """Gradient descent on the mean of ‖a − μ(o)‖². The standard deviation does not change.

    Args:
        policy: changed in place.
        optimizer: optimizer of the policy's mean.
        observations: (N, O).
        actions: (N, A), the expert's actions.
        settings: epochs and batch size. The last, partial minibatch is used too.
        generator: shuffles the data.

    Returns:
        Mean loss of the last epoch.

    Raises:
        NonFiniteError: the loss became NaN or infinite.
    """
    total = torch.zeros(())
    for _ in range(settings.epochs):
        order = torch.randperm(len(observations), generator=generator)
        total = torch.zeros(())
        for rows in torch.split(order, settings.batch_size):
            errors = (actions[rows] - policy(observations[rows])).square().sum(dim=1)
            optimizer.zero_grad()
            errors.mean().backward()
            optimizer.step()
            total += errors.detach().sum()
    loss = total.item() / len(observations)
    if not math.isfinite(loss):
        raise NonFiniteError(
            f"behaviour cloning's loss is {loss}; a smaller imitation.learning_rate "
            f"(now {settings.learning_rate}) usually cures it"
        )
    return loss


@dataclass
class ImitationProgress:
    """State of behaviour cloning and DAgger, with everything that they need to continue.

    Attributes:
        policy: the current policy.
        optimizer: Adam on the policy's mean; never reset between trainings.
        observations: (N, O), aggregated so far.
        actions: (N, A), the expert's actions for these observations.
        env_steps: steps of the real simulator so far, including those of Algorithm 1 and of the
            expert.
        authors_steps: steps as the authors' plots count them: training points of Algorithm 1,
            the expert rollouts that were kept, and relabelled rollouts.
        curve: learning curve, one row for each training. The first is behaviour cloning.
    """

    policy: GaussianPolicy
    optimizer: torch.optim.Adam
    observations: Tensor
    actions: Tensor
    env_steps: int
    authors_steps: int
    curve: list[dict[str, Any]]

    @property
    def iteration(self) -> int:
        """Number of finished trainings."""
        return len(self.curve)


def start(
    policy: GaussianPolicy,
    elements: NDArray[np.intp],
    expert: Rollouts,
    env_steps: int,
    authors_steps: int,
    settings: ImitationSettings,
) -> ImitationProgress:
    """State before behaviour cloning: the data are the expert's rollouts.

    Args:
        policy: with its initial weights.
        elements: (O,) state elements that the policy observes.
        expert: rollouts of the MPC controller.
        env_steps: steps of the real simulator so far, including the expert's.
        authors_steps: training points of Algorithm 1.
        settings: settings of imitation.
    """
    states, actions, _ = expert.transitions()
    return ImitationProgress(
        policy,
        new_optimizer(policy, settings),
        torch.from_numpy(states[:, elements]).float(),
        torch.from_numpy(actions).float(),
        env_steps,
        authors_steps + expert.points,
        [],
    )


def new_optimizer(policy: GaussianPolicy, settings: ImitationSettings) -> torch.optim.Adam:
    """Adam on the policy's mean."""
    return torch.optim.Adam(policy.mean.parameters(), lr=settings.learning_rate, fused=True)


def iterate(
    progress: ImitationProgress,
    model: DynamicsModel,
    spec: AgentSpec,
    expert: ExpertSettings,
    elements: NDArray[np.intp],
    settings: ImitationSettings,
    seed: int,
) -> None:
    """One training of the policy, its evaluation, and the relabelling for the next (DAgger).

    The first training is behaviour cloning. After each training, the policy's mean is rolled out
    without noise. The states of the first `settings.rollouts` rollouts join the data of the next
    training, with the action that the expert would take in each. The authors' code relabels after
    the last training too, but does not use the result. Here this relabelling is left out.

    Args:
        progress: state of the run, changed in place.
        model: final dynamics model of Algorithm 1.
        spec: the agent.
        expert: settings of the controller that plans with the model.
        elements: (O,) state elements that the policy observes.
        settings: settings of imitation.
        seed: seed of the run.

    Raises:
        NonFiniteError: training or planning met NaN or infinity. The message names the iteration.
    """
    iteration = progress.iteration
    with errors_say(f"DAgger iteration {iteration}", spec, seed):
        loss = train(
            progress.policy,
            progress.optimizer,
            progress.observations,
            progress.actions,
            settings,
            torch_stream(seed, Purpose.IMITATION, iteration),
        )
        rollouts = collect(
            spec,
            integer_seeds(
                seed, Purpose.DAGGER_RESET, iteration, count=settings.evaluation_rollouts
            ),
            expert.steps,
            MeanController(progress.policy, elements),
        )
        relabelled = rollouts[: settings.rollouts]
        row = {
            "iteration": iteration,
            "env_steps": progress.env_steps,
            "authors_steps": progress.authors_steps + relabelled.points,
            "return": float(rollouts.returns.mean()),
            "return_std": float(rollouts.returns.std()),
            "rollouts": len(rollouts),
            "training_points": len(progress.observations),
            "training_loss": loss,
        }
        if iteration + 1 < settings.iterations:
            states, _, _ = relabelled.transitions()
            planner = new_planner(model, spec, expert.planning)
            stream = torch_stream(seed, Purpose.DAGGER_PLANNING, iteration, device=model.device)
            labels = planner.plan(states, stream).actions
            seen = torch.from_numpy(states[:, elements]).float()
            progress.observations = torch.cat([progress.observations, seen])
            progress.actions = torch.cat([progress.actions, torch.from_numpy(labels)])
    progress.env_steps += rollouts.simulated_steps
    progress.authors_steps += relabelled.points
    progress.curve.append(row)
