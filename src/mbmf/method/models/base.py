"""What any dynamics model is: ŝ' = s + f(s, a), f on normalised states and actions.

f predicts the normalised change of state over one time step (section IV-A of the paper).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field, SerializeAsAny
from torch import Tensor, nn

from mbmf.base.door_settings import chosen_by
from mbmf.base.settings import (
    Fraction,
    NonNegativeNumber,
    PositiveInteger,
    PositiveNumber,
    Settings,
)
from mbmf.method.doors import MODELS
from mbmf.method.screening import Screen

# Some state elements never move (the swimmer's height, say): their spread is rounding
# noise, and dividing by it would blow that noise up. They are centred, not scaled.
SMALLEST_SPREAD = 1e-6


class DynamicsSettings(Settings):
    """Which model, and its training. A model's own settings are fields of a subclass."""

    model: str = Field(
        default="mlp", description="a file of mbmf.method.models, or the path of a Python file"
    )
    learning_rate: PositiveNumber = Field(description="Adam's step size")
    batch_size: PositiveInteger = Field(description="transitions in a minibatch")
    epochs: PositiveInteger = Field(
        description="training epochs in each iteration: passes over D_RAND's share of minibatches"
    )
    on_policy_fraction: Fraction = Field(
        description="share of each minibatch drawn from D_RL, the rest from D_RAND"
    )
    noise: NonNegativeNumber = Field(
        description="standard deviation of the noise on training data, as a share of |mean|"
    )

    def architecture(self) -> dict[str, Any]:
        """The model's own settings, which are arguments of its constructor."""
        content = self.model_dump()
        return {key: content[key] for key in self.own_keys()}

    @classmethod
    def own_keys(cls) -> list[str]:
        """Settings that this model has beside those of all models."""
        return [key for key in cls.model_fields if key not in DynamicsSettings.model_fields]

    def products(self, state_dim: int, action_dim: int) -> float:
        """Multiplications in one prediction, for estimates of time; of a linear map here."""
        return float((state_dim + action_dim) * state_dim)


Dynamics = Annotated[SerializeAsAny[DynamicsSettings], chosen_by(MODELS, "model", DynamicsSettings)]
"""The section `dynamics`, as the settings of the model that it names."""


class DynamicsModel(nn.Module, ABC):
    """f with its normalisation, saved together with the weights.

    A model of your own is a subclass named `Model` that gives `normalised_forward`; its
    constructor takes `state_dim`, `action_dim`, a `generator`, and `Settings.architecture()`.

    Args:
        state_dim: S, elements of the state.
        action_dim: A, elements of the action.
    """

    Settings: ClassVar[type[DynamicsSettings]] = DynamicsSettings

    def __init__(self, state_dim: int, action_dim: int) -> None:
        super().__init__()
        for name, size in [("input", state_dim + action_dim), ("delta", state_dim)]:
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_std", torch.ones(size))
        self.input_mean: Tensor
        self.input_std: Tensor
        self.delta_mean: Tensor
        self.delta_std: Tensor

    @abstractmethod
    def normalised_forward(self, inputs: Tensor) -> Tensor:
        """Normalised changes of state (..., S) from normalised inputs (..., S + A)."""

    @property
    def state_dim(self) -> int:
        """S, the number of state elements."""
        return self.delta_mean.shape[0]

    @property
    def state_std(self) -> Tensor:
        """Spread of each state element in the data of the normalisation, (S,)."""
        return self.input_std[: self.state_dim]

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.input_mean.device

    def fit_normalisation(self, states: Tensor, actions: Tensor, deltas: Tensor) -> None:
        """Take mean and standard deviation of each dimension from data.

        The authors' code does this on D_RAND alone and keeps it for all iterations.

        Args:
            states: (N, S) in the simulator's units.
            actions: (N, A).
            deltas: (N, S), the changes of state s_{t+1} − s_t.
        """
        inputs = torch.cat([states, actions], dim=1)
        for name, data in [("input", inputs), ("delta", deltas)]:
            std, mean = torch.std_mean(data.double(), dim=0, correction=0)
            std = torch.where(std < SMALLEST_SPREAD, torch.ones_like(std), std)
            getattr(self, f"{name}_mean").copy_(mean)
            getattr(self, f"{name}_std").copy_(std)

    def loss(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """What training lowers; Eqn. 2 here: mean over the batch of ½‖target − prediction‖².

        Args:
            inputs: (N, S + A), normalised.
            targets: (N, S), normalised changes of state.
        """
        predicted = self.normalised_forward(inputs)
        return 0.5 * (targets - predicted).square().sum(dim=1).mean()

    def forward(self, states: Tensor, actions: Tensor) -> Tensor:
        """Predicted next states (..., S) from states (..., S) and actions (..., A)."""
        inputs = (torch.cat([states, actions], dim=-1) - self.input_mean) / self.input_std
        return states + self.normalised_forward(inputs) * self.delta_std + self.delta_mean

    def for_planning(self, rows: int) -> Callable[[Tensor], Tensor]:  # noqa: ARG002
        """Change of state (N, S) from raw inputs (N, S + A), as fast as can be; no gradients.

        Later changes of the weights need not be seen.

        Args:
            rows: N of most calls.

        Raises:
            NonFiniteError: a weight is NaN or infinite.
        """

        def change(inputs: Tensor) -> Tensor:
            normalised = (inputs - self.input_mean) / self.input_std
            return self.normalised_forward(normalised) * self.delta_std + self.delta_mean

        return change

    def for_screening(self) -> Screen | None:
        """Predicted states, in a precision that saves half of the time.

        None where there is no such: then every action sequence is predicted exactly.
        """
        return None


def model_class(name: str) -> type[DynamicsModel]:
    """The class of a model by its name.

    Raises:
        InputError: there is no model of that name.
    """
    found: type[DynamicsModel] = MODELS.load(name)
    return found


def new_model(
    state_dim: int,
    action_dim: int,
    settings: DynamicsSettings,
    generator: torch.Generator | None = None,
) -> DynamicsModel:
    """The model that the settings name, with random weights.

    Raises:
        InputError: there is no model of that name.
    """
    # Only the base's constructor is known here; a model's own takes these too.
    kind: Any = model_class(settings.model)
    model: DynamicsModel = kind(
        state_dim, action_dim, generator=generator, **settings.architecture()
    )
    return model
