"""What CEM, iCEM and MPPI share: each plan of a rollout starts from the plan of the step before."""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from mbmf.base.settings import PositiveInteger
from mbmf.method.planners.base import BasePlanner, PlanningSettings
from mbmf.method.predicted_returns import PredictedReturns

# Predicted sequences of all bodies that are in memory together: 10 MB of them for the hopper, H 40.
HELD = 20_000


class WarmStartedSettings(PlanningSettings):
    """Settings that these planners share."""

    particles: PositiveInteger = Field(
        default=1,
        description="predictions of each action sequence, whose mean return counts: 1 for a model "
        "that predicts the same each time; PETS has 20 (Chua et al. 2018)",
    )


class Refined(NamedTuple):
    """What a planner found for b bodies.

    Attributes:
        actions: (b, A) to be executed.
        returns: (b,) predicted return of the sequence that they begin.
        kept: (H, b, M, A) sequences from which the next step's plan starts.
    """

    actions: Tensor
    returns: Tensor
    kept: Tensor


class WarmStartedPlanner(BasePlanner):
    """A planner that keeps the sequences of each body from one step of a rollout to the next.

    A planner is not told which bodies it plans for. But rollouts that go side by side draw from a
    generator of their own, and their bodies stay in the same order. So a plan starts from the one
    before if that was made with the same generator for as many bodies. Where a rollout has ended,
    the plans of all others start afresh once.
    """

    Settings = WarmStartedSettings
    settings: WarmStartedSettings

    def __init__(self, objective: PredictedReturns, settings: WarmStartedSettings) -> None:
        super().__init__(objective, settings)
        self._generator: torch.Generator | None = None
        self._kept: Tensor | None = None

    @abstractmethod
    def refine(self, starts: Tensor, kept: Tensor | None, generator: torch.Generator) -> Refined:
        """The plans of some bodies.

        Args:
            starts: (b, S).
            kept: (H, b, M, A) what the step before kept of these bodies, not yet shifted by a step;
                None where a plan starts afresh.
            generator: of all that is drawn.
        """

    def best(self, starts: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """As of any planner. As many bodies are planned for at once as memory is meant to hold."""
        before = self._kept if generator is self._generator else None
        if before is not None and before.shape[1] != len(starts):
            before = None
        bodies = max(HELD // (self.settings.num_samples * self.settings.particles), 1)
        found = [
            self.refine(
                starts[first : first + bodies],
                None if before is None else before[:, first : first + bodies],
                generator,
            )
            for first in range(0, len(starts), bodies)
        ]
        self._generator = generator
        self._kept = torch.cat([one.kept for one in found], dim=1)
        return torch.cat([one.actions for one in found]), torch.cat([one.returns for one in found])

    def score(self, starts: Tensor, actions: Tensor) -> Tensor:
        """Mean predicted return (b, N) over particles of sequences (H, b, N, A).

        Minus infinity where the prediction of a particle is not finite.
        """
        particles = self.settings.particles
        _, bodies, samples, _ = actions.shape
        # No pass ends between the particles of a sequence: a particle's row names its network.
        _, rows = self.objective.chunk(bodies, samples * particles)
        step = samples if rows == samples * particles else max(rows // particles, 1)
        returns = [
            self.objective.score(starts, part.repeat_interleave(particles, dim=2))
            for part in torch.split(actions, step, dim=2)
        ]
        return torch.cat(returns, dim=1).view(bodies, samples, particles).mean(dim=2)


def best_of(actions: Tensor, returns: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The sequences (H, b, count, A) of the highest returns, best first, and these (b, count).

    The best takes the place of those whose prediction is not finite.

    Args:
        actions: (H, b, N, A).
        returns: (b, N), minus infinity where a prediction is not finite.
        count: at most N.
    """
    highest, index = returns.topk(count, dim=1)
    finite = highest.isfinite()
    index = torch.where(finite, index, index[:, :1])
    highest = torch.where(finite, highest, highest[:, :1])
    rows = index[None, :, :, None].expand(len(actions), -1, -1, actions.shape[3])
    return actions.gather(2, rows), highest


def finite_or(
    actions: Tensor, returns: Tensor, others: Tensor, their_returns: Tensor
) -> tuple[Tensor, Tensor]:
    """Actions (b, A) and returns (b,); the others' where a return is not finite."""
    finite = returns.isfinite()
    chosen = torch.where(finite[:, None], actions, others)
    return chosen, torch.where(finite, returns, their_returns)
