"""MPPI with filtered noise, as PDDM plans with it (Nagabandi et al. 2019, section 4.2)."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from mbmf.base.settings import Fraction, PositiveNumber
from mbmf.method.planners.warm_started import (
    Refined,
    WarmStartedPlanner,
    WarmStartedSettings,
    best_of,
    finite_or,
)


class MppiSettings(WarmStartedSettings):
    """Defaults: those of PDDM's code for the half-cheetah (pddm/config/cheetah.txt)."""

    reward_weighting: PositiveNumber = Field(
        default=1.0,
        description="gamma (kappa in the code): a sequence's weight is exp(gamma · return)",
    )
    noise_std: PositiveNumber = Field(
        default=0.9, description="standard deviation of the noise before it is filtered"
    )
    smoothing: Fraction = Field(
        default=0.9, description="beta, share of new noise at each step; the rest is the old noise"
    )

    @property
    def sequences(self) -> int:
        """All samples and the average that is executed."""
        return (self.num_samples + 1) * self.particles


class Planner(WarmStartedPlanner):
    """The average of K noisy copies of the last plan, weighted by their returns.

    As in the paper the noise is filtered, n_t = beta u_t + (1 − beta) n_{t−1}; the authors' code
    filters the actions, mean included. The last plan is shifted by a step and repeats its end.
    """

    Settings = MppiSettings
    settings: MppiSettings

    def refine(self, starts: Tensor, kept: Tensor | None, generator: torch.Generator) -> Refined:
        """As of any such planner; the average is kept."""
        own = self.settings
        shape = (own.horizon, len(starts), own.num_samples, self.objective.action_dim)
        white = torch.empty(shape, device=starts.device).normal_(generator=generator)
        mean = torch.zeros(*shape[:2], 1, shape[3], device=starts.device)
        if kept is not None:
            mean = torch.cat([kept[1:], kept[-1:]])
        actions = (mean + own.noise_std * filtered(white, own.smoothing)).clamp_(-1, 1)
        returns = self.score(starts, actions)
        best, highest = best_of(actions, returns, 1)
        # As the paper's, divided by that of the best. No weight if a prediction is not finite.
        weights = (own.reward_weighting * (returns - highest)).nan_to_num_().exp()
        weights = weights.masked_fill(~returns.isfinite(), 0.0)
        total = weights.sum(dim=1).clamp_min(1.0)
        mean = (weights[None, :, :, None] * actions).sum(dim=2, keepdim=True)
        mean /= total[None, :, None, None]
        average = self.score(starts, mean)[:, 0]
        return Refined(*finite_or(mean[0, :, 0], average, best[0, :, 0], highest[:, 0]), kept=mean)


def filtered(white: Tensor, smoothing: float) -> Tensor:
    """Noise n_t = beta u_t + (1 − beta) n_{t−1} with n_{−1} = 0, of the shape (T, ...) of `white`.

    Args:
        white: u, changed in place.
        smoothing: beta.
    """
    white *= smoothing
    for step in range(1, len(white)):
        white[step] += (1 - smoothing) * white[step - 1]
    return white
