"""Predicted return of action sequences, the sum of Eqn. 4: what every planner maximises.

The inner loop is a model's prediction and a reward at each time step. The work goes through the
model in chunks whose activations fit the processor's cache; on a GPU the chunks are larger and
each is one CUDA graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from mbmf.agents.spec import AgentSpec, RewardFunction, Termination
from mbmf.method.fast.cuda_graphs import Replayed
from mbmf.method.models.base import DynamicsModel
from mbmf.method.screening import best_of_screened, screened_returns

# Rows of one pass through the network: 2500 x 500 float32 activations are 5 MB, which the
# caches still hold, and 5000 samples split evenly. Half as many rows cost a tenth more time
# in call overhead, twice as many gain nothing (docs/performance.md). It shapes the order of
# random shooting's numbers, so changing it changes results.
CHUNK_ROWS = 2500

# A GPU wants many rows at once: ten bodies with 5000 samples are one pass, whose activations
# take 200 MB for two layers of 500.
GPU_CHUNK_ROWS = 50_000

# Rows that are screened at once: their predicted states take 7 MB over 20 time steps.
SCREENED_ROWS = 5120

# Beyond it float32 may overflow inside of the network. A hidden unit that is not a number does
# not show: the fused ReLU makes it zero. No simulated body comes near (m, rad, per second).
LARGEST_STATE = 1e15


# Fewer sequences of a body are not screened: predicting some of them again would cost as much.
SMALLEST_SCREENED = 1000


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

    All that it touches lies on the device of `starts`, and it never waits for that device: only
    such a function becomes a CUDA graph.

    Args:
        network: change of state from (N, S + A), as `DynamicsModel.for_planning` gives it.
        reward: of (next states, actions).
        terminated: of states; None if no state ends an episode.
        starts: (B, S), each the start of N / B sequences that follow each other.
        actions: (H, N, A).

    Returns:
        (N,) sums of H rewards.
    """
    horizon, rows, action_dim = actions.shape
    bodies, state_dim = starts.shape
    inputs = torch.empty(rows, state_dim + action_dim, dtype=starts.dtype, device=starts.device)
    states = inputs[:, :state_dim]
    states.view(bodies, rows // bodies, state_dim).copy_(starts[:, None])
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


class PredictedReturns:
    """Score of action sequences by a model and a reward; all that a planner knows of its task.

    Args:
        model: the dynamics model; its weights are read once, here.
        reward: of (next states, actions), on tensors.
        terminated: of states, on tensors; None if no state ends an episode.
        action_dim: A.

    Raises:
        NonFiniteError: a weight is NaN or infinite.
    """

    def __init__(
        self,
        model: DynamicsModel,
        reward: RewardFunction,
        terminated: Termination | None,
        action_dim: int,
    ) -> None:
        self.action_dim = action_dim
        self.device = model.device
        on_gpu = self.device.type == "cuda"
        self._chunk_rows = GPU_CHUNK_ROWS if on_gpu else CHUNK_ROWS
        network = model.for_planning(self._chunk_rows)

        def returns(starts: Tensor, actions: Tensor) -> tuple[Tensor]:
            return (rollout_returns(network, reward, terminated, starts, actions),)

        self._returns: Callable[..., tuple[Tensor, ...]]
        self._returns = Replayed(returns) if on_gpu else returns

        self._screen: Callable[..., tuple[Tensor, ...]] | None = None
        # Where a state ends the episode, screening would change some plans (docs/decisions.md).
        screen = None if terminated else model.for_screening()
        if screen is not None:
            self._screen = partial(screened_returns, screen, reward, LARGEST_STATE)

    @classmethod
    def of_agent(cls, model: DynamicsModel, spec: AgentSpec) -> PredictedReturns:
        """By the reward of the agent's planner."""
        return cls(model, spec.planner_reward, spec.terminated, spec.action_dim)

    def chunk(self, bodies: int, samples: int) -> tuple[int, int]:
        """(bodies, samples) that one pass through the network takes of so many."""
        return chunk_shape(bodies, samples, self._chunk_rows)

    def score(self, starts: Tensor, actions: Tensor) -> Tensor:
        """Predicted return of N action sequences for each of B bodies.

        Args:
            starts: (B, S) states in the simulator's units, float32 on `device`.
            actions: (H, B, N, A) in [−1, 1], likewise.

        Returns:
            (B, N); minus infinity where a prediction is not finite.
        """
        horizon, bodies, samples, action_dim = actions.shape
        returns = torch.empty(bodies, samples, device=starts.device)
        body_step, sample_step = self.chunk(bodies, samples)
        for body in range(0, bodies, body_step):
            some = slice(body, body + body_step)
            for sample in range(0, samples, sample_step):
                part = slice(sample, sample + sample_step)
                given = actions[:, some, part].reshape(horizon, -1, action_dim)
                found = returns[some, part]
                # Copied: on a GPU the next pass overwrites it.
                found.copy_(self._returns(starts[some], given)[0].view(found.shape))
        return returns

    def best(self, starts: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
        """Which sequence has the highest `score`, for each body; the first of equal ones.

        Where the model can be screened (`mbmf.method.screening`), only those that could be the
        best are scored.

        Args:
            starts: as for `score`.
            actions: as for `score`.

        Returns:
            (B,) which sequence, and (B,) its predicted return.
        """
        if self._screen is None or actions.shape[2] < SMALLEST_SCREENED:
            highest, index = self.score(starts, actions).max(dim=1)
            return index, highest

        def exact(bodies: Tensor, sequences: Tensor) -> Tensor:
            # As P bodies with a sequence each, for bodies differ in how many they have.
            return self.score(starts[bodies], actions[:, bodies, sequences, None])[:, 0]

        screened, far = self._screened(starts, actions)
        return best_of_screened(screened, far, exact)

    def _screened(self, starts: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
        """What `screened_returns` gives, (B, N) each."""
        assert self._screen is not None
        _, step = chunk_shape(1, actions.shape[2], SCREENED_ROWS)
        parts = torch.split(actions, step, dim=2)
        found = []
        for body, start in enumerate(starts):
            each = [self._screen(start, part[:, body]) for part in parts]
            found.append([torch.cat(some) for some in zip(*each, strict=True)])
        returns, far = (torch.stack(some) for some in zip(*found, strict=True))
        return returns, far


def chunk_shape(bodies: int, num_samples: int, rows: int) -> tuple[int, int]:
    """(bodies, samples) that one pass through the network takes, about `rows` in all."""
    passes = math.ceil(num_samples / rows)
    samples = math.ceil(num_samples / passes)
    return max(min(rows // samples, bodies), 1), samples
