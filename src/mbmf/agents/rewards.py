"""Rewards and terminations of the paper's tasks, as pure functions of batches.

Each takes states (..., S) and actions (..., A) in [−1, 1] as NumPy arrays or torch
tensors, and returns (...,). States come from the simulator or from the dynamics model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mbmf.agents.spec import AgentSpec, Termination

FORWARD, SPEED = "com x [m]", "com x velocity [m/s]"


@dataclass(frozen=True)
class RewardTerms:
    """Reward vx − action_cost · ‖a‖² + survival; vx is the velocity of the centre of mass along x.

    Attributes:
        action_cost: factor of ‖a‖², for actions in [−1, 1].
        survival: reward of each step.
    """

    action_cost: float
    survival: float = 0.0


@dataclass(frozen=True)
class Healthy:
    """Range of a state element within which an episode goes on.

    Attributes:
        element: name of the state element.
        low: lowest value.
        high: highest value.
        ends: whether `low` and `high` themselves belong to the range.
    """

    element: str
    low: float
    high: float
    ends: bool


def forward_reward(spec: AgentSpec, terms: RewardTerms, next_state: Any, action: Any) -> Any:
    """Reward of the states that actions led to: vx − action_cost · ‖a‖² + survival."""
    speed = next_state[..., spec.element(SPEED)]
    return speed - terms.action_cost * squared(action) + terms.survival


def squared(action: Any) -> Any:
    """‖a‖² of actions (..., A)."""
    return (action * action).sum(-1)


def terms_by_name(spec: AgentSpec, terms: RewardTerms, states: Any, actions: Any) -> dict[str, Any]:
    """Terms of the reward, named as in gymnasium's MuJoCo tasks, and the position of the body.

    Args:
        spec: the agent.
        terms: terms of its reward.
        states: (B, S), the states that the actions led to.
        actions: (B, A), in [−1, 1].

    Returns:
        (B,) each. The sum of the terms, in their order, is the reward. Positions (m) and
        velocities (m/s) are those of the centre of mass.
    """
    speed = states[:, spec.element(SPEED)]
    named = {"reward_forward": speed, "reward_ctrl": -terms.action_cost * squared(actions)}
    if terms.survival:
        named["reward_survive"] = np.full(len(states), terms.survival)
    return named | {"x_position": states[:, spec.element(FORWARD)], "x_velocity": speed}


def termination(spec: AgentSpec, healthy: Sequence[Healthy]) -> Termination | None:
    """Whether a state leaves one of the ranges; None if there are none."""
    if not healthy:
        return None
    ranges = [(spec.element(kept.element), kept) for kept in healthy]

    def terminated(state: Any) -> Any:
        over = None
        for index, kept in ranges:
            value = state[..., index]
            # Written so that NaN ends the episode.
            if kept.ends:
                out = ~((value >= kept.low) & (value <= kept.high))
            else:
                out = ~((value > kept.low) & (value < kept.high))
            over = out if over is None else over | out
        return over

    return terminated
