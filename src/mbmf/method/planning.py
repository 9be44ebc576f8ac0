"""Planning by random shooting (Eqn. 4): sample action sequences, execute the best's first.

The inner loop is two matrix products per time step. Three things make it fast: the
normalisation is folded into the first and last layers, so that states stay in the
simulator's units; the work goes through the network in chunks whose activations fit
the processor's cache; and each layer with its bias and ReLU is one fused kernel there. On a
GPU the chunks are larger and each is one CUDA graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from mbmf.agents.spec import AgentSpec, RewardFunction, Termination
from mbmf.base.errors import NonFiniteError
from mbmf.base.settings import PositiveInteger, Settings
from mbmf.method.dynamics import DynamicsModel
from mbmf.method.fast.cuda_graphs import Replayed
from mbmf.method.fast.malloc import keep_freed_memory

# Rows of one pass through the network: 2500 x 500 float32 activations are 5 MB, which the
# caches still hold, and 5000 samples split evenly. Half as many rows cost a tenth more time
# in call overhead, twice as many gain nothing (docs/performance.md). It shapes the order of
# the random numbers, so changing it changes results.
CHUNK_ROWS = 2500

# A GPU wants many rows at once: ten bodies with 5000 samples are one pass, whose activations
# take 200 MB for two layers of 500.
GPU_CHUNK_ROWS = 50_000

# Beyond it float32 may overflow inside of the network. A hidden unit that is not a number does
# not show: the fused ReLU makes it zero. No simulated body comes near (m, rad, per second).
LARGEST_STATE = 1e15


class PlanningSettings(Settings):
    """The controller."""

    horizon: PositiveInteger = Field(description="H, time steps that a plan looks ahead")
    num_samples: PositiveInteger = Field(description="K, action sequences tried in each plan")


class FoldedNetwork:
    """The model as plain affine maps from (state, action) to the change of state.

    Args:
        model: the dynamics model; later changes of its weights are not seen.

    Raises:
        NonFiniteError: a weight is NaN or infinite.
    """

    def __init__(self, model: DynamicsModel) -> None:
        with torch.no_grad():
            weights = [layer.weight.detach().clone() for layer in model.linear_layers]
            biases = [layer.bias.detach().clone() for layer in model.linear_layers]
            weights[0] /= model.input_std
            biases[0] -= weights[0] @ model.input_mean
            weights[-1] *= model.delta_std[:, None]
            biases[-1] = biases[-1] * model.delta_std + model.delta_mean
        if not all(part.isfinite().all() for part in [*weights, *biases]):
            raise NonFiniteError("the dynamics model has weights that are not finite")
        self.biases = biases
        self.device = weights[0].device
        # oneDNN's fused layers are about twice as fast as addmm on x86: torch sends float32
        # addmm to MKL, which leaves AVX-512 unused on some processors.
        self.fused = self.device.type == "cpu" and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        if self.fused:
            keep_freed_memory()
            pack = torch.ops.mkldnn._reorder_linear_weight
            self.weights = [pack(weight, CHUNK_ROWS) for weight in weights]
        else:
            self.weights = [weight.t().contiguous() for weight in weights]

    def __call__(self, inputs: Tensor) -> Tensor:
        """Change of state (N, S) from raw states and actions (N, S + A)."""
        last = len(self.weights) - 1
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            if self.fused:
                activation = "none" if i == last else "relu"
                inputs = torch.ops.mkldnn._linear_pointwise(
                    inputs, weight, bias, activation, [], ""
                )
            else:
                inputs = torch.addmm(bias, inputs, weight)
                if i != last:
                    inputs.relu_()
        return inputs


def rollout_returns(
    network: Callable[[Tensor], Tensor],
    reward: RewardFunction,
    terminated: Termination | None,
    starts: Tensor,
    actions: Tensor,
) -> Tensor:
    """Predicted return of each action sequence; minus infinity where it is not finite.

    A state beyond LARGEST_STATE counts as not finite.

    A sequence earns nothing from the step on whose predicted state ends the episode, as in the
    authors' code.

    Args:
        network: change of state from (N, S + A), as `FoldedNetwork`.
        reward: of (next states, actions).
        terminated: of states; None if no state ends an episode.
        starts: (N, S).
        actions: (H, N, A).

    Returns:
        (N,) sums of H rewards.
    """
    horizon, rows, action_dim = actions.shape
    state_dim = starts.shape[1]
    inputs = torch.empty(rows, state_dim + action_dim, dtype=starts.dtype, device=starts.device)
    states = inputs[:, :state_dim]
    states.copy_(starts)
    returns = torch.zeros(rows, dtype=starts.dtype, device=starts.device)
    over = torch.zeros(rows, dtype=torch.bool, device=starts.device)
    for step in range(horizon):
        inputs[:, state_dim:] = actions[step]
        states += network(inputs)
        rewards = reward(states, actions[step])
        if terminated is None:
            returns += rewards
        else:
            over |= terminated(states)
            # Not a product: a reward that is not finite must not turn 0 into NaN.
            returns += rewards.masked_fill(over, 0.0)
    # States only ever accumulate, so one that was not finite at any step still is not. The
    # comparison is false for NaN.
    finite = (states.abs() < LARGEST_STATE).all(dim=1) & returns.isfinite()
    return returns.masked_fill(~finite, -math.inf)


def best_sequences(
    network: Callable[[Tensor], Tensor],
    reward: RewardFunction,
    terminated: Termination | None,
    starts: Tensor,
    actions: Tensor,
) -> tuple[Tensor, Tensor]:
    """First action of each start's best sequence, and its predicted return.

    All that it touches lies on the device of `starts`, and it never waits for that device:
    only such a function becomes a CUDA graph.

    Args:
        network: as for `rollout_returns`.
        reward: likewise.
        terminated: likewise.
        starts: (B, S).
        actions: (H, B · N, A), N sequences for each start.

    Returns:
        (B, A) and (B,).
    """
    bodies, state_dim = starts.shape
    samples = actions.shape[1] // bodies
    repeated = starts[:, None].expand(-1, samples, -1).reshape(-1, state_dim)
    returns = rollout_returns(network, reward, terminated, repeated, actions)
    highest, index = returns.view(bodies, samples).max(dim=1)
    first_actions = actions[0].view(bodies, samples, -1)
    return first_actions[torch.arange(bodies, device=starts.device), index], highest


@dataclass(frozen=True)
class Plan:
    """First actions of the best sequences.

    Attributes:
        actions: (B, A) in [−1, 1].
        returns: (B,) predicted return of the best sequence over the horizon.
    """

    actions: NDArray[np.float32]
    returns: NDArray[np.float32]


def chunk_shape(bodies: int, num_samples: int, rows: int) -> tuple[int, int]:
    """(bodies, samples) that one pass through the network takes, about `rows` in all."""
    passes = math.ceil(num_samples / rows)
    samples = math.ceil(num_samples / passes)
    return max(min(rows // samples, bodies), 1), samples


class RandomShooting:
    """MPC controller: plans for a batch of bodies with K sampled sequences each.

    Args:
        model: the dynamics model; its weights are read once, here.
        reward: of (next states, actions), on tensors.
        terminated: of states, on tensors; None if no state ends an episode.
        action_dim: A.
        settings: horizon and number of samples.
    """

    def __init__(
        self,
        model: DynamicsModel,
        reward: RewardFunction,
        terminated: Termination | None,
        action_dim: int,
        settings: PlanningSettings,
    ) -> None:
        self.network = FoldedNetwork(model)
        self.action_dim = action_dim
        self.settings = settings
        best: Callable[..., tuple[Tensor, ...]]
        best = partial(best_sequences, self.network, reward, terminated)
        on_gpu = self.network.device.type == "cuda"
        self._chunk_rows = GPU_CHUNK_ROWS if on_gpu else CHUNK_ROWS
        self._best_sequences = Replayed(best) if on_gpu else best

    @classmethod
    def for_agent(
        cls, model: DynamicsModel, spec: AgentSpec, settings: PlanningSettings
    ) -> RandomShooting:
        """The controller of an agent, with its planner's reward."""
        return cls(model, spec.planner_reward, spec.terminated, spec.action_dim, settings)

    @torch.inference_mode()
    def plan(self, states: NDArray[np.floating[Any]], generator: torch.Generator) -> Plan:
        """Best first action for each state (Eqn. 4), actions uniform in the box.

        Memory holds one chunk of samples at a time, whatever K and the number of bodies.

        Args:
            states: (B, S) true states in the simulator's units.
            generator: draws the action sequences, on the model's device.

        Raises:
            NonFiniteError: for some body no sequence has a finite prediction.
        """
        device = self.network.device
        starts = torch.as_tensor(states).to(device, torch.float32)
        bodies, samples = chunk_shape(len(starts), self.settings.num_samples, self._chunk_rows)
        best_actions = torch.empty(len(starts), self.action_dim, device=device)
        best_returns = torch.full((len(starts),), -math.inf, device=device)
        for first in range(0, len(starts), bodies):
            group = slice(first, min(first + bodies, len(starts)))
            for done in range(0, self.settings.num_samples, samples):
                count = min(samples, self.settings.num_samples - done)
                self._try_chunk(
                    starts[group], count, generator, best_actions[group], best_returns[group]
                )
        if not best_returns.isfinite().all():
            body = int((~best_returns.isfinite()).nonzero()[0])
            raise NonFiniteError(
                f"planning for body {body}: none of the {self.settings.num_samples} action "
                f"sequences has a finite prediction over {self.settings.horizon} steps"
            )
        return Plan(best_actions.cpu().numpy(), best_returns.cpu().numpy())

    def _try_chunk(
        self,
        starts: Tensor,
        samples: int,
        generator: torch.Generator,
        best_actions: Tensor,
        best_returns: Tensor,
    ) -> None:
        """Evaluate `samples` sequences for each start; keep what beats the best so far."""
        actions = torch.empty(
            self.settings.horizon, len(starts) * samples, self.action_dim, device=starts.device
        ).uniform_(-1, 1, generator=generator)
        chosen, highest = self._best_sequences(starts, actions)
        better = highest > best_returns
        best_actions.copy_(torch.where(better[:, None], chosen, best_actions))
        best_returns.copy_(torch.where(better, highest, best_returns))


class MpcController:
    """The planner as `mbmf.method.rollouts.collect` asks it.

    Args:
        planner: plans for all bodies that are still going together.
        stream: of the action sequences.
        noise: standard deviation of the noise on executed actions; the clean ones are recorded.
        noise_stream: of that noise; needed if there is any.
    """

    def __init__(
        self,
        planner: RandomShooting,
        stream: torch.Generator,
        noise: float = 0.0,
        noise_stream: np.random.Generator | None = None,
    ) -> None:
        self.planner = planner
        self.stream = stream
        self.noise = noise
        self.noise_stream = noise_stream

    def __call__(
        self, states: NDArray[Any], _bodies: NDArray[Any], _step: int
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Actions to record and to execute, (B, A)."""
        planned = self.planner.plan(states, self.stream).actions
        if self.noise_stream is None:
            return planned, planned
        shaken = planned + self.noise * self.noise_stream.standard_normal(planned.shape)
        return planned, np.clip(shaken, -1, 1)
