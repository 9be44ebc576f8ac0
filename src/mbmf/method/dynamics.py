"""Training (Eqn. 2) and validation (Eqn. 3) of any dynamics model."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mbmf.base.errors import NonFiniteError
from mbmf.method.fast.cuda_graphs import Replayed
from mbmf.method.models.base import DynamicsModel, DynamicsSettings


def add_noise(data: Tensor, scale: float, generator: torch.Generator) -> Tensor:
    """Add zero-mean Gaussian noise of standard deviation scale · |mean| per dimension.

    By mistake, the authors' code adds no noise to a dimension with a negative mean. Here every
    dimension gets noise, as their code intends.

    Args:
        data: (N, D).
        scale: fraction of |mean|; 0.01 in the authors' code.
        generator: draws the noise.
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
        device = model.device
        inputs = inputs.to(device, torch.float32)
        deltas = deltas.to(device, torch.float32)
        self.inputs = (inputs - model.input_mean) / model.input_std
        self.targets = (deltas - model.delta_mean) / model.delta_std

    def __len__(self) -> int:
        return len(self.inputs)


def minibatch_shares(
    batch_size: int, on_policy_fraction: float, on_policy_size: int
) -> tuple[int, int]:
    """Minibatch shares: number of transitions of a minibatch from D_RAND and from D_RL.

    If D_RL has fewer transitions than its share, its share is all of them.
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

    One epoch is one pass over D_RAND in shuffled order. Each minibatch takes the next part of
    D_RAND, and draws its share of D_RL with replacement. So the number of gradient steps in an
    epoch grows with `on_policy_fraction`. If D_RL fills whole minibatches, an epoch is one pass
    over D_RL. The authors' code does the same.

    Returns:
        Mean training loss of each epoch.

    Raises:
        NonFiniteError: the loss became NaN or infinite. The message names the epoch.
    """
    from_random, from_policy = minibatch_shares(
        settings.batch_size, settings.on_policy_fraction, len(on_policy_data)
    )
    # `walked` is passed over in shuffled order. The share of D_RL beside it is drawn at random.
    walked, share = (random_data, from_random) if from_random else (on_policy_data, from_policy)
    drawn_share = from_policy if from_random else 0
    batches = max(len(walked) // share, 1)
    device = random_data.inputs.device

    def gradient_step(rows: Tensor, drawn: Tensor) -> tuple[Tensor]:
        """Take one gradient step on these rows of `walked` and of D_RL; return the loss."""
        inputs, targets = walked.inputs[rows], walked.targets[rows]
        if drawn_share:
            inputs = torch.cat([inputs, on_policy_data.inputs[drawn]])
            targets = torch.cat([targets, on_policy_data.targets[drawn]])
        loss = model.loss(inputs, targets)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return (loss.detach(),)

    step = Replayed(gradient_step) if device.type == "cuda" else gradient_step
    losses = []
    for epoch in range(settings.epochs):
        order = torch.randperm(len(walked), generator=generator, device=device)
        order = order[: batches * share].view(batches, -1)
        drawn = order[:, :0]
        if drawn_share:
            drawn = torch.randint(
                len(on_policy_data), (batches, drawn_share), generator=generator, device=device
            )
        total = torch.zeros((), device=device)
        for rows, others in zip(order, drawn, strict=True):
            total += step(rows, others)[0]
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
    """Predict states open loop: apply recorded actions to the model from a true state (Eqn. 3).

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
    """Eqn. 3 from `step_errors`: mean of ½‖s − ŝ‖² over starts and the first `horizon` steps.

    ‖·‖² is averaged, not summed, over state elements, so that agents can be compared.
    """
    return float(0.5 * errors[:, :horizon].double().mean())
