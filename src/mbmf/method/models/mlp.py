"""The paper's dynamics model: a network of ReLU layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import torch
from pydantic import Field
from torch import Tensor, nn

from mbmf.base.errors import NonFiniteError
from mbmf.base.settings import PositiveInteger
from mbmf.method.fast.fused_layers import FusedLayers
from mbmf.method.fast.processor import has_vnni
from mbmf.method.models.base import DynamicsModel, DynamicsSettings
from mbmf.method.screening import Screen

# In a narrower network the products take too small a part of the time.
NARROWEST_SCREENED = 128


class MlpSettings(DynamicsSettings):
    """Network and training."""

    hidden_layers: list[PositiveInteger] = Field(
        min_length=1, description="width of each hidden ReLU layer"
    )

    def products(self, state_dim: int, action_dim: int) -> float:
        """Multiplications in one prediction."""
        widths = [state_dim + action_dim, *self.hidden_layers, state_dim]
        return float(sum(above * below for above, below in pairwise(widths)))


class Model(DynamicsModel):
    """MLP on normalised states and actions that predicts the normalised change of state.

    Args:
        state_dim: S, elements of the state.
        action_dim: A, elements of the action.
        hidden_layers: width of each hidden layer.
        generator: draws the initial weights (Xavier normal; biases start at zero).
    """

    Settings = MlpSettings

    def __init__(
        self,
        state_dim: int,
        action_dim: int,
        hidden_layers: Sequence[int],
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(state_dim, action_dim)
        sizes = [state_dim + action_dim, *hidden_layers, state_dim]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(sizes))
        for layer in self.linear_layers:
            nn.init.xavier_normal_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)

    @property
    def linear_layers(self) -> list[nn.Linear]:
        """The affine layers, first to last."""
        return [layer for layer in self.layers if isinstance(layer, nn.Linear)]

    def normalised_forward(self, inputs: Tensor) -> Tensor:
        """Network on normalised inputs (..., S + A), giving normalised deltas (..., S)."""
        *hidden, last = self.linear_layers
        for layer in hidden:
            inputs = layer(inputs).relu_()
        output: Tensor = last(inputs)
        return output

    def for_planning(self, rows: int) -> Callable[[Tensor], Tensor]:
        """Plain affine maps from (state, action) to the change of state.

        The normalisation is folded into the first and last layers, so that states stay in the
        simulator's units.

        Args:
            rows: as of any model.

        Raises:
            NonFiniteError: a weight is NaN or infinite.
        """
        weights, biases = self._folded()
        if not all(part.isfinite().all() for part in [*weights, *biases]):
            raise NonFiniteError("the dynamics model has weights that are not finite")
        return FusedLayers(weights, biases, rows)

    def for_screening(self) -> Screen | None:
        """States by the same maps, their products in 16-bit integers."""
        widths = [layer.out_features for layer in self.linear_layers[:-1]]
        # All hidden layers become as wide as the widest.
        alike = 2 * min(widths) >= max(widths)
        # A GPU plans faster in float32 alone.
        suited = self.device.type == "cpu" and has_vnni()
        if max(widths) < NARROWEST_SCREENED or not alike or not suited:
            return None
        return compiled_at_first_call(*self._folded())

    @torch.no_grad()
    def _folded(self) -> tuple[list[Tensor], list[Tensor]]:
        """Weights and biases of the layers, with the normalisation."""
        weights = [layer.weight.detach().clone() for layer in self.linear_layers]
        biases = [layer.bias.detach().clone() for layer in self.linear_layers]
        weights[0] /= self.input_std
        biases[0] -= weights[0] @ self.input_mean
        weights[-1] *= self.delta_std[:, None]
        biases[-1] = biases[-1] * self.delta_std + self.delta_mean
        return weights, biases


def compiled_at_first_call(weights: Sequence[Tensor], biases: Sequence[Tensor]) -> Screen:
    """`IntegerRollouts`; numba takes seconds to compile it, and few samples are not screened."""

    @cache
    def rollouts() -> Screen:
        from mbmf.method.fast.integer_rollouts import IntegerRollouts

        return IntegerRollouts(weights, biases)

    def screen(start: Tensor, actions: Tensor) -> Tensor:
        return rollouts()(start, actions)

    return screen
