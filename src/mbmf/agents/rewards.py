"""Rewards and terminations of the paper's tasks, as pure functions of batches.

Each takes states (..., S) and actions (..., A) in [−1, 1] as NumPy arrays or torch
tensors, of the simulator or of the dynamics model, and gives (...,).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mbmf.agents.spec import AgentSpec, Reward

RewardFunction = Callable[[Any, Any], Any]
Termination = Callable[[Any], Any]


def forward_speed(spec: AgentSpec, state: Any) -> Any:
    """Speed of the whole body's centre of mass along x, m/s."""
    return state[..., spec.element("com x velocity [m/s]")]


def reward_function(spec: AgentSpec, reward: Reward) -> RewardFunction:
    """Reward of (states that the actions led to, actions): vx − action_cost · ‖a‖² + survival."""
    vx = spec.element("com x velocity [m/s]")

    def paid(next_state: Any, action: Any) -> Any:
        return next_state[..., vx] - reward.action_cost * squared(action) + reward.survival

    return paid


def squared(action: Any) -> Any:
    """‖a‖² of actions (..., A)."""
    return (action * action).sum(-1)


def termination(spec: AgentSpec) -> Termination | None:
    """Whether a state ends an episode, by the ranges of `spec.healthy`; None if none does."""
    if not spec.healthy:
        return None
    ranges = [(spec.element(kept.element), kept) for kept in spec.healthy]

    def terminated(state: Any) -> Any:
        over = None
        for index, kept in ranges:
            value = state[..., index]
            # Written so that a value that is not a number ends the episode.
            if kept.ends:
                out = ~((value >= kept.low) & (value <= kept.high))
            else:
                out = ~((value > kept.low) & (value < kept.high))
            over = out if over is None else over | out
        return over

    return terminated
