"""Batches of steps that TRPO learns from, sampled with the current policy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mbmf.agents.batched_environment import BatchedAgentEnv
from mbmf.method.fast.one_thread import one_torch_thread
from mbmf.method.policy import GaussianPolicy

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Batch:
    """T steps of each of E bodies. Every body starts an episode at the first step.

    Attributes:
        observations: (T, E, O) before each step.
        actions: (T, E, A) as sampled, not clipped.
        rewards: (T, E).
        times: (T, E) steps since the episode's start.
        terminated: (T, E) whether the step terminated the episode.
        truncated: (T, E) whether a time limit or the end of the batch cut the episode here.
        last_observations: (T, E, O) observation after a step that ended or cut an episode, else 0.
    """

    observations: NDArray[np.float32]
    actions: NDArray[np.float32]
    rewards: Array
    times: NDArray[np.int64]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    last_observations: NDArray[np.float32]

    def episode_returns(self, episode_steps: int) -> Array:
        """Undiscounted returns of the episodes that could have reached their time limit.

        An episode that starts too late for this can finish only if it is short. It would bias
        the mean.
        """
        steps, bodies = self.rewards.shape
        over = self.terminated | self.truncated
        returns = []
        for body in range(bodies):
            start = 0
            for end in (np.flatnonzero(over[:, body]) + 1).tolist():
                if start + episode_steps <= steps:
                    returns.append(self.rewards[start:end, body].sum())
                start = end
        return np.array(returns)


@one_torch_thread()
@torch.inference_mode()
def sample(
    policy: GaussianPolicy,
    env: BatchedAgentEnv,
    elements: NDArray[np.intp],
    steps: int,
    generator: torch.Generator,
) -> Batch:
    """Sample `steps` steps of each body of `env`, which must have just been reset.

    Args:
        policy: chooses actions, with noise.
        env: in autoreset mode SAME_STEP.
        elements: (O,) state elements that the policy observes.
        steps: T.
        generator: draws the actions' noise.
    """
    bodies = env.num_envs
    observations = np.empty((steps, bodies, len(elements)), np.float32)
    last_observations = np.zeros_like(observations)
    noise = torch.randn(steps, bodies, env.agent.action_dim, generator=generator)
    noise *= policy.log_std.exp()
    actions = np.empty(noise.shape, np.float32)
    rewards = np.empty((steps, bodies))
    times = np.empty((steps, bodies), np.int64)
    terminated = np.zeros((steps, bodies), np.bool_)
    truncated = np.zeros((steps, bodies), np.bool_)
    states = env.bodies.states
    clock = np.zeros(bodies, np.int64)
    for step in range(steps):
        observations[step] = states[:, elements]
        times[step] = clock
        chosen = policy(torch.from_numpy(observations[step])).add_(noise[step])
        actions[step] = chosen.numpy()
        states, rewards[step], terminated[step], truncated[step], info = env.step(actions[step])
        clock += 1
        over = terminated[step] | truncated[step]
        if over.any():
            clock[over] = 0
            last_observations[step][over] = np.stack(list(info["final_obs"][over]))[:, elements]
    # The end of the batch cuts an episode; it does not terminate it.
    cut = ~(terminated[-1] | truncated[-1])
    truncated[-1] |= cut
    last_observations[-1][cut] = states[cut][:, elements]
    truncated &= ~terminated
    return Batch(observations, actions, rewards, times, terminated, truncated, last_observations)
