"""Model-predictive control: plan at every step, and execute the plan's first action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mbmf.agents.spec import AgentSpec
from mbmf.method.planners.base import BasePlanner
from mbmf.method.rollouts import Rollouts, collect


class MpcController:
    """A planner as a controller for `mbmf.method.rollouts.collect`.

    Args:
        planner: plans for all bodies whose episode is not over, in one call.
        stream: draws the action sequences.
        noise: standard deviation of the noise on executed actions. Recorded actions are clean.
        noise_stream: draws this noise; None for no noise.
    """

    def __init__(
        self,
        planner: BasePlanner,
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


def mpc_rollouts(
    spec: AgentSpec, controller: MpcController, seeds: Sequence[int], steps: int
) -> Rollouts:
    """MPC rollouts, from the starts that belong to MPC (`mbmf.agents.spec.StartKind`).

    Args:
        spec: the agent.
        controller: with noise in Algorithm 1 (lines 6 to 12), without noise as the expert.
        seeds: seed of each body's start.
        steps: T, maximum number of steps of a rollout.
    """
    return collect(spec, seeds, steps, controller, "mpc")
