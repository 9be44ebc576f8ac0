"""The cross-entropy method, as PETS plans with it (Chua et al. 2018, section 5; mbrl-lib)."""

from __future__ import annotations

import math

import torch
from pydantic import Field
from torch import Tensor, nn

from mbmf.base.settings import Fraction, PositiveInteger
from mbmf.method.planners.warm_started import (
    Refined,
    WarmStartedPlanner,
    WarmStartedSettings,
    best_of,
    finite_or,
)

# (upper − lower)² / 16 of the box, in PETS and in mbrl-lib.
FIRST_VARIANCE = 0.25


class CemSettings(WarmStartedSettings):
    """Defaults: those of PETS for the half-cheetah (its code, dmbrl/config/halfcheetah.py)."""

    rounds: PositiveInteger = Field(
        default=5, description="rounds of sampling K sequences in each plan"
    )
    elite_fraction: Fraction = Field(
        default=0.1, description="share of the samples to which the next round is fitted; 50 of 500"
    )
    momentum: Fraction = Field(
        default=0.1, description="alpha, share of the old mean and variance in the new ones"
    )

    @property
    def sequences(self) -> int:
        """All samples and the mean that is executed."""
        return (self.num_samples * self.rounds + 1) * self.particles


class Planner(WarmStartedPlanner):
    """Fits a Gaussian to the best of K sequences, several times; its mean is executed.

    Samples lie within two standard deviations, and a standard deviation is at most half of the
    mean's distance to the box. So every sample lies in the box. The first mean is the last plan,
    shifted by a step, with a zero at its end. PETS ends the rounds early once all variances are
    below 0.001; here the number of rounds is fixed.
    """

    Settings = CemSettings
    settings: CemSettings

    def refine(self, starts: Tensor, kept: Tensor | None, generator: torch.Generator) -> Refined:
        """As of any such planner; the last mean is kept."""
        own = self.settings
        count = math.ceil(own.num_samples * own.elite_fraction) or 1
        shape = (own.horizon, len(starts), 1, self.objective.action_dim)
        mean = torch.zeros(shape, device=starts.device)
        if kept is not None:
            mean[:-1] = kept[1:]
        variance = torch.full_like(mean, FIRST_VARIANCE)
        for _ in range(own.rounds):
            actions = sample(mean, variance, own.num_samples, generator)
            elites, highest = best_of(actions, self.score(starts, actions), count)
            new_variance = elites.var(dim=2, keepdim=True, correction=0)
            mean = torch.lerp(elites.mean(dim=2, keepdim=True), mean, own.momentum)
            variance = torch.lerp(new_variance, variance, own.momentum)
        returns = self.score(starts, mean)[:, 0]
        return Refined(
            *finite_or(mean[0, :, 0], returns, elites[0, :, 0], highest[:, 0]), kept=mean
        )


def sample(mean: Tensor, variance: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Sequences (H, b, count, A) in [−1, 1], normal within two standard deviations.

    Args:
        mean: (H, b, 1, A).
        variance: likewise; it is bounded by the square of half of the distance to the box.
        count: of sequences for each body.
        generator: of the numbers.
    """
    horizon, bodies, _, action_dim = mean.shape
    drawn = torch.empty(horizon, bodies, count, action_dim, device=mean.device)
    nn.init.trunc_normal_(drawn, a=-2, b=2, generator=generator)
    spread = torch.minimum(variance.sqrt(), (1 - mean.abs()) / 2)
    # Clamped for the rounding of the sum only.
    return (mean + spread * drawn).clamp_(-1, 1)
