"""The dynamics model: ŝ' = s + f(s, a), its training (Eqn. 2) and validation (Eqn. 3).

f is an MLP on normalised states and actions that predicts the normalised change of
state over one time step (section IV-A of the paper).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from pydantic import Field
from torch import Tensor, nn

from mbmf.base.errors import NonFiniteError
from mbmf.base.settings import (
    Fraction,
    NonNegativeNumber,
    PositiveInteger,
    PositiveNumber,
    Settings,
)

# Some state elements never move (the swimmer's height, say): their spread is rounding
# noise, and dividing by it would blow that noise up. They are centred, not scaled.
SMALLEST_SPREAD = 1e-6


class DynamicsSettings(Settings):
    """Network and training of the dynamics model."""

    hidden_layers: list[PositiveInteger] = Field(
        min_length=1, description="width of each hidden ReLU layer"
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


class DynamicsModel(nn.Module):
    """f with its normalisation, saved together with the weights.

    Args:
        state_dim: S, elements of the state.
        action_dim: A, elements of the action.
        hidden_layers: width of each hidden layer.
        generator: draws the initial weights (Xavier normal; biases start at zero).
    """

    def __init__(
        self,
        state_dim: int,
        action_dim: int,
        hidden_layers: Sequence[int],
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        sizes = [state_dim + action_dim, *hidden_layers, state_dim]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(sizes))
        for layer in self.linear_layers:
            nn.init.xavier_normal_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)
        for name, size in [("input", sizes[0]), ("delta", state_dim)]:
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_std", torch.ones(size))
        self.input_mean: Tensor
        self.input_std: Tensor
        self.delta_mean: Tensor
        self.delta_std: Tensor

    @property
    def linear_layers(self) -> list[nn.Linear]:
        """The affine layers, first to last."""
        return [layer for layer in self.layers if isinstance(layer, nn.Linear)]

    @property
    def state_dim(self) -> int:
        """S, the number of state elements."""
        return self.delta_mean.shape[0]

    @property
    def state_std(self) -> Tensor:
        """Spread of each state element in the data of the normalisation, (S,)."""
        return self.input_std[: self.state_dim]

    @property
    def hidden_layers(self) -> list[int]:
        """Width of each hidden layer."""
        return [layer.out_features for layer in self.linear_layers[:-1]]

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

    def normalised_forward(self, inputs: Tensor) -> Tensor:
        """Network on normalised inputs (..., S + A), giving normalised deltas (..., S)."""
        *hidden, last = self.linear_layers
        for layer in hidden:
            inputs = layer(inputs).relu_()
        output: Tensor = last(inputs)
        return output

    def forward(self, states: Tensor, actions: Tensor) -> Tensor:
        """Predicted next states (..., S) from states (..., S) and actions (..., A)."""
        inputs = (torch.cat([states, actions], dim=-1) - self.input_mean) / self.input_std
        return states + self.normalised_forward(inputs) * self.delta_std + self.delta_mean


def training_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Eqn. 2: mean over the batch of ½‖target − prediction‖², both normalised, (N, S)."""
    return 0.5 * (target - predicted).square().sum(dim=1).mean()


def add_noise(data: Tensor, scale: float, generator: torch.Generator) -> Tensor:
    """Zero-mean Gaussian noise of standard deviation scale · |mean| per dimension.

    The authors' code by a slip adds none where the mean is negative; here |mean| holds
    for every dimension, as the text of their code means it.

    Args:
        data: (N, D).
        scale: share of |mean|; 0.01 in the authors' code.
        generator: the stream of the noise.
    """
    spread = scale * data.mean(dim=0).abs()
    noise = torch.randn(data.shape, generator=generator, dtype=data.dtype, device=data.device)
    return data + spread * noise


class TrainingData:
    """Normalised inputs and targets of D_RAND or D_RL.

    Attributes:
        inputs: (N, S + A), normalised.
        targets: (N, S), normalised changes of state.
    """

    def __init__(self, model: DynamicsModel, inputs: Tensor, deltas: Tensor) -> None:
        device = model.input_mean.device
        inputs = inputs.to(device, torch.float32)
        deltas = deltas.to(device, torch.float32)
        self.inputs = (inputs - model.input_mean) / model.input_std
        self.targets = (deltas - model.delta_mean) / model.delta_std

    def __len__(self) -> int:
        return len(self.inputs)


def minibatch_shares(
    batch_size: int, on_policy_fraction: float, on_policy_size: int
) -> tuple[int, int]:
    """How many transitions of a minibatch come from (D_RAND, D_RL).

    While D_RL has fewer points than its share, all of it is used in each batch.
    """
    on_policy = min(int(batch_size * on_policy_fraction), on_policy_size)
    return batch_size - on_policy, on_policy


def train(
    model: DynamicsModel,
    optimizer: torch.optim.Optimizer,
    random_data: TrainingData,
    on_policy_data: TrainingData,
    settings: DynamicsSettings,
    generator: torch.Generator,
) -> list[float]:
    """Gradient descent on Eqn. 2 for `settings.epochs` epochs.

    One epoch is one pass over D_RAND in shuffled order, a minibatch's share of it at a time;
    D_RL's share is drawn with replacement. So the number of gradient steps in an epoch grows
    with `on_policy_fraction`. Where D_RL fills whole minibatches, an epoch is one pass over
    D_RL. All this is the authors' code's.

    Returns:
        Mean training loss of each epoch.

    Raises:
        NonFiniteError: the loss became NaN or infinite; says in which epoch.
    """
    from_random, from_policy = minibatch_shares(
        settings.batch_size, settings.on_policy_fraction, len(on_policy_data)
    )
    # What is walked through, and what is drawn from.
    walked, share = (random_data, from_random) if from_random else (on_policy_data, from_policy)
    drawn_share = from_policy if from_random else 0
    batches = max(len(walked) // share, 1)
    device = random_data.inputs.device
    losses = []
    for epoch in range(settings.epochs):
        order = torch.randperm(len(walked), generator=generator, device=device)
        total = torch.zeros((), device=device)
        for batch in range(batches):
            rows = order[batch * share : (batch + 1) * share]
            inputs, targets = walked.inputs[rows], walked.targets[rows]
            if drawn_share:
                drawn = torch.randint(
                    len(on_policy_data), (drawn_share,), generator=generator, device=device
                )
                inputs = torch.cat([inputs, on_policy_data.inputs[drawn]])
                targets = torch.cat([targets, on_policy_data.targets[drawn]])
            loss = training_loss(model.normalised_forward(inputs), targets)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += loss.detach()
        losses.append(total.item() / batches)
        if not math.isfinite(losses[-1]):
            raise NonFiniteError(
                f"the dynamics model's training loss is {losses[-1]} in epoch {epoch + 1} of "
                f"{settings.epochs}; a smaller dynamics.learning_rate "
                f"(now {settings.learning_rate}) usually cures it"
            )
    return losses


@torch.inference_mode()
def open_loop(model: DynamicsModel, start: Tensor, actions: Tensor) -> Tensor:
    """Apply recorded actions through the model from a true state, open loop (Eqn. 3).

    Args:
        model: the dynamics model.
        start: (N, S) true states.
        actions: (N, H, A) recorded actions.

    Returns:
        (N, H + 1, S): the start and the H predicted states.
    """
    states = [start]
    for step in range(actions.shape[1]):
        states.append(model(states[-1], actions[:, step]))
    return torch.stack(states, dim=1)


def step_errors(model: DynamicsModel, states: Tensor, actions: Tensor) -> Tensor:
    """Squared normalised state error after each open-loop step, averaged over elements.

    Args:
        model: the dynamics model.
        states: (N, H + 1, S) recorded states.
        actions: (N, H, A) recorded actions.

    Returns:
        (N, H): column h is the error after h + 1 steps, in units of each element's variance.
    """
    predicted = open_loop(model, states[:, 0], actions)
    difference = (predicted - states) / model.state_std
    return difference[:, 1:].square().mean(dim=2)


def validation_error(errors: Tensor, horizon: int) -> float:
    """Eqn. 3 from `step_errors`: mean over starts and over the first `horizon` steps of
    ½‖s − ŝ‖², here averaged (not summed) over state elements so that agents compare.
    """  # noqa: D205
    return float(0.5 * errors[:, :horizon].double().mean())
