"""The policy that imitation and TRPO learn: a Gaussian whose mean is a small network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from mbmf.agents.spec import AgentSpec
from mbmf.base.settings import PositiveInteger, Settings

# Horizontal positions of the body. No reward or termination depends on them, and they grow without
# bound as the body moves.
_POSITION = frozenset({"x [m]", "y [m]", "rootx [m]", "com x [m]", "com y [m]"})


class PolicySettings(Settings):
    """Shape of the policy. It is the same for imitation and TRPO."""

    hidden_layers: list[PositiveInteger] = Field(
        default=[64, 64], min_length=1, description="width of each hidden tanh layer"
    )
    absolute_position: bool = Field(
        default=True, description="whether the observation has the state's horizontal positions"
    )


def observed_elements(spec: AgentSpec, settings: PolicySettings) -> NDArray[np.intp]:
    """Indices of the state elements that form the observation, (O,)."""
    kept = [
        index
        for index, name in enumerate(spec.state_names)
        if settings.absolute_position or name not in _POSITION
    ]
    return np.array(kept)


class GaussianPolicy(nn.Module):
    """π(a | o) = N(μ(o), diag σ²); μ is an MLP with tanh units, and σ does not depend on o.

    Args:
        observation_dim: O.
        action_dim: A.
        hidden_layers: width of each hidden layer.
        std: σ of every action element at the start.
        generator: draws the initial weights. Initial biases are zero.
        weights: Xavier's uniform or normal distribution of the initial weights. rllab's policies
            use the uniform one, and the authors' imitation uses the normal one.
    """

    def __init__(
        self,
        observation_dim: int,
        action_dim: int,
        hidden_layers: Sequence[int],
        std: float = 1.0,
        generator: torch.Generator | None = None,
        weights: Literal["uniform", "normal"] = "uniform",
    ) -> None:
        super().__init__()
        draw = {"uniform": nn.init.xavier_uniform_, "normal": nn.init.xavier_normal_}[weights]
        sizes = [observation_dim, *hidden_layers, action_dim]
        parts: list[nn.Module] = []
        for inputs, outputs in pairwise(sizes):
            layer = nn.Linear(inputs, outputs)
            draw(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)
            parts += [layer, nn.Tanh()]
        self.mean = nn.Sequential(*parts[:-1])
        self.log_std = nn.Parameter(torch.full((action_dim,), math.log(std)))

    def forward(self, observations: Tensor) -> Tensor:
        """μ(o): (..., A) from (..., O)."""
        mean: Tensor = self.mean(observations)
        return mean

    def set_std(self, std: float) -> None:
        """Set σ of every action element."""
        with torch.no_grad():
            self.log_std.fill_(math.log(std))


def log_probability(actions: Tensor, means: Tensor, log_std: Tensor) -> Tensor:
    """log π(a | o) up to a constant, (N,), for actions and means (N, A)."""
    deviation = (actions - means) * torch.exp(-log_std)
    return -(0.5 * deviation.square() + log_std).sum(dim=-1)


def kl_divergence(old_means: Tensor, old_log_std: Tensor, means: Tensor, log_std: Tensor) -> Tensor:
    """KL(old ‖ new) of diagonal Gaussians, (N,), for means (N, A) and log σ (A,)."""
    ratio = torch.exp(2 * (old_log_std - log_std))
    distance = ((old_means - means) * torch.exp(-log_std)).square()
    return (0.5 * (ratio + distance - 1) + log_std - old_log_std).sum(dim=-1)


class MeanController:
    """The policy without noise, as a controller for `mbmf.method.rollouts.collect`.

    Args:
        policy: the policy.
        elements: (O,) state elements that it observes.
    """

    def __init__(self, policy: GaussianPolicy, elements: NDArray[np.intp]) -> None:
        self.policy = policy
        self.elements = elements

    @torch.inference_mode()
    def __call__(
        self, states: NDArray[Any], _bodies: NDArray[Any], _step: int
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Actions to record and to execute, (B, A). Both are the mean, clipped to the box."""
        observations = torch.as_tensor(states[:, self.elements], dtype=torch.float32)
        actions = self.policy(observations).clamp(-1, 1).double().numpy()
        return actions, actions
