"""Rewards and terminations of the paper's tasks, as pure functions of batches.

Each takes states (..., S) and actions (..., A) in [−1, 1] as NumPy arrays or torch
tensors, of the simulator or of the dynamics model, and gives (...,). The divisors of the
paper's formulas are the action bounds, so a / bound is the action itself. Velocities are
of the whole body's centre of mass along x.
"""

from __future__ import annotations

from typing import Any

# Where the centre of mass's velocity along x stands in each state; `tests` hold this
# against the layout in `specs`.
_SWIMMER_VX = 13
_HALF_CHEETAH_VX = 21
_HOPPER_VX, _HOPPER_HEIGHT, _HOPPER_TILT = 14, 0, 1
_ANT_VX, _ANT_HEIGHT = 32, 2


def swimmer_reward(next_state: Any, action: Any) -> Any:
    """Reward vx − 0.005 ‖a‖², rllab's.

    The paper prints 0.5 ‖a / 50‖². With that weight random actions cost 111 in an episode
    whose best forward swimming earns 66, and no controller comes near the returns that the
    authors plot; with rllab's weight, 0.5 · 0.01, they come out. docs/decisions.md has the
    measurements.
    """
    return next_state[..., _SWIMMER_VX] - 0.005 * _squared(action)


def half_cheetah_reward(next_state: Any, action: Any) -> Any:
    """Reward vx − 0.05 ‖a‖²."""
    return next_state[..., _HALF_CHEETAH_VX] - 0.05 * _squared(action)


def hopper_reward(next_state: Any, action: Any) -> Any:
    """Reward vx + 1 − 0.005 ‖a‖²."""
    return next_state[..., _HOPPER_VX] + 1 - 0.005 * _squared(action)


def hopper_terminated(state: Any) -> Any:
    """Over when the torso tilts by 0.3 rad or more, or its height is 0.7 m or lower.

    The height is the root's z, as in the authors' code. It starts at 1.25 m with tilt 0, so
    the spread of the start, 0.01, ends no episode.
    """
    return (abs(state[..., _HOPPER_TILT]) >= 0.3) | (state[..., _HOPPER_HEIGHT] <= 0.7)


def ant_reward(next_state: Any, action: Any) -> Any:
    """Reward vx + 0.5 − 0.005 ‖a‖²."""
    return next_state[..., _ANT_VX] + 0.5 - 0.005 * _squared(action)


def ant_terminated(state: Any) -> Any:
    """Over when the torso's height leaves [0.3, 1] m; it starts at 0.55 m.

    The height is the root's z, as in rllab's task; the authors' planner reads the height of
    the whole body's centre of mass.
    """
    return (state[..., _ANT_HEIGHT] < 0.3) | (state[..., _ANT_HEIGHT] > 1)


def _squared(action: Any) -> Any:
    return (action * action).sum(-1)
