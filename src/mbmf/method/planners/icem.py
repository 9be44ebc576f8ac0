"""iCEM: CEM for few samples (Pinneri et al. 2020, algorithm 1, and the authors' code)."""

from __future__ import annotations

import math

import torch
from pydantic import Field
from torch import Tensor

from mbmf.base.settings import Fraction, NonNegativeNumber, PositiveInteger, PositiveNumber
from mbmf.method.planners.warm_started import (
    Refined,
    WarmStartedPlanner,
    WarmStartedSettings,
    best_of,
)


class IcemSettings(WarmStartedSettings):
    """Defaults: those of the authors' code, settings/defaults and settings/halfcheetah_running."""

    rounds: PositiveInteger = Field(default=3, description="rounds of sampling in each plan")
    decay: PositiveNumber = Field(
        default=1.25,
        ge=1,
        description="gamma: each round has so many times fewer samples, at least 2 of each elite",
    )
    elites: PositiveInteger = Field(
        default=10, description="sequences to which a round is fitted, at most half of K"
    )
    reused: Fraction = Field(
        default=0.3, description="share of the elites that the next round, or step, has too"
    )
    noise_exponent: NonNegativeNumber = Field(
        default=0.25, description="beta: the noise's power falls with frequency as f^−beta"
    )
    initial_std: PositiveNumber = Field(
        default=0.5, description="standard deviation of a plan's first round"
    )
    momentum: Fraction = Field(
        default=0.1, description="alpha, share of the old mean and deviation in the new ones"
    )

    @property
    def elite_count(self) -> int:
        """Elites of a round."""
        return max(min(self.elites, self.num_samples // 2), 1)

    @property
    def samples(self) -> list[int]:
        """Number of samples of each round, without elites of the step before."""
        counts = [self.num_samples]
        while len(counts) < self.rounds:
            counts.append(max(2 * self.elite_count, int(counts[-1] / self.decay)))
        return counts

    @property
    def sequences(self) -> int:
        """All samples. A plan that starts from another one scores some shifted elites beside."""
        return sum(self.samples) * self.particles


class Planner(WarmStartedPlanner):
    """CEM with coloured noise, elites that are kept and shifted, and fewer samples each round.

    The last round's first sample is the mean. The best of the last round's samples and of the
    elites that it was given is executed, not the mean.
    """

    Settings = IcemSettings
    settings: IcemSettings

    def refine(self, starts: Tensor, kept: Tensor | None, generator: torch.Generator) -> Refined:
        """As of any such planner; the last mean and elites are kept."""
        own = self.settings
        reused = int(own.elite_count * own.reused)
        mean = torch.zeros(
            own.horizon, len(starts), 1, self.objective.action_dim, device=starts.device
        )
        std = torch.full_like(mean, own.initial_std)
        if kept is not None:
            mean = torch.cat([kept[1:, :, :1], kept[-1:, :, :1]])
        elites, highest = mean[:, :, :0], starts[:, :0]
        for turn, count in enumerate(own.samples):
            actions = self._sample(mean, std, count, generator)
            if turn == own.rounds - 1:
                actions[:, :, 0] = mean[:, :, 0]
            if turn == 0 and kept is not None:
                # Only the last step of a shifted elite is new.
                new = self._sample(mean, std, reused, generator)[-1:]
                shifted = torch.cat([kept[1:, :, 1 : 1 + reused], new])
                actions = torch.cat([actions, shifted], dim=2)
            # The elites that are kept are not predicted again.
            returns = torch.cat([self.score(starts, actions), highest[:, :reused]], dim=1)
            actions = torch.cat([actions, elites[:, :, :reused]], dim=2)
            elites, highest = best_of(actions, returns, own.elite_count)
            mean = torch.lerp(elites.mean(dim=2, keepdim=True), mean, own.momentum)
            new_std = elites.std(dim=2, keepdim=True, correction=0)
            std = torch.lerp(new_std, std, own.momentum)
        return Refined(elites[0, :, 0], highest[:, 0], kept=torch.cat([mean, elites], dim=2))

    def _sample(self, mean: Tensor, std: Tensor, count: int, generator: torch.Generator) -> Tensor:
        """Sequences (H, b, count, A) with coloured noise, clipped to [−1, 1]."""
        horizon, bodies, _, action_dim = mean.shape
        white = torch.empty(2, horizon // 2 + 1, bodies, count, action_dim, device=mean.device)
        white.normal_(generator=generator)
        noise = coloured(white, horizon, self.settings.noise_exponent)
        return (mean + std * noise).clamp_(-1, 1)


def coloured(white: Tensor, steps: int, exponent: float) -> Tensor:
    """Noise (T, ...) whose power falls with frequency as f^−exponent, of variance about 1.

    Timmer and Koenig (1995), as in the package colorednoise that the authors use: each frequency
    has a normal amplitude, and that of frequency 0 is the amplitude of 1 / T.

    Args:
        white: (2, T // 2 + 1, ...) independent standard normal numbers: real and imaginary parts.
        steps: T.
        exponent: beta; 0 is white noise.
    """
    if steps == 1:
        return white[0]
    frequencies = torch.fft.rfftfreq(steps, device=white.device)
    frequencies[0] = frequencies[1]
    scale = frequencies.pow(-exponent / 2)
    weights = scale[1:].clone()
    weights[-1] *= (1 + steps % 2) / 2
    deviation = 2 * weights.square().sum().sqrt() / steps
    real, imaginary = white * scale.view(-1, *[1] * (white.dim() - 2))
    # Frequency 0, and for an even T the highest one, have no phase; their power stays.
    without_phase = [0] if steps % 2 else [0, -1]
    for one in without_phase:
        imaginary[one] = 0
        real[one] *= math.sqrt(2)
    noise: Tensor = torch.fft.irfft(torch.complex(real, imaginary), n=steps, dim=0)
    return noise.div_(deviation)
