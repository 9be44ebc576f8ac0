"""Trajectory following: MPC along paths, with a model of random data alone (section VI)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from mbmf.agents.paths.base import SEGMENTS, Path, Trajectories
from mbmf.agents.spec import AgentSpec
from mbmf.base.random_streams import Purpose, integer_seeds, numpy_stream, torch_stream
from mbmf.base.settings import NonNegativeNumber, PositiveInteger, Settings
from mbmf.method import algorithm_1
from mbmf.method.algorithm_1 import AggregationSettings, ModelBasedSettings
from mbmf.method.doors import PLANNERS
from mbmf.method.models.base import Dynamics, DynamicsModel
from mbmf.method.mpc import MpcController
from mbmf.method.path_reward import (
    CARRIED,
    DISTANCE,
    MOVED,
    SEGMENT,
    PathDynamics,
    PathReward,
    advance,
    beginning,
)
from mbmf.method.planners.base import BasePlanner, Planning, PlanningSettings
from mbmf.method.predicted_returns import PredictedReturns
from mbmf.method.random_data import RandomDataSettings, generate
from mbmf.method.rollouts import Rollouts, collect
from mbmf.method.where import errors_say

# The model learns from random data alone: Algorithm 1 ends with its first training. What it must
# do after that is as little as can be, and nothing of it is used.
LEAST = AggregationSettings(
    iterations=1, rollouts=2, training_rollouts=1, steps=1, action_noise=0.0
)


class FollowingSettings(Settings):
    """How a model is learned from random data, and how paths are followed with it."""

    random_data: RandomDataSettings
    dynamics: Dynamics
    planning: Planning
    steps: PositiveInteger = Field(description="most steps of a rollout along a path")
    action_noise: NonNegativeNumber = Field(
        default=0.0, description="standard deviation of the noise on executed actions"
    )


def learned_model(
    spec: AgentSpec,
    trajectories: Trajectories,
    settings: FollowingSettings,
    seed: int,
    device: str = "cpu",
) -> DynamicsModel:
    """The model that follows all paths: trained on D_RAND alone, as in Algorithm 1.

    Args:
        spec: the agent.
        trajectories: its paths, which say how its random rollouts begin.
        settings: of random data and training.
        seed: of all random streams.
        device: of the model.

    Raises:
        NonFiniteError: training met NaN or infinity.
        SimulationError: the simulator diverged.
    """
    training = ModelBasedSettings(
        random_data=settings.random_data,
        dynamics=settings.dynamics,
        planning=settings.planning,
        aggregation=LEAST,
    )
    data = generate(trajectories.learns_as(spec), settings.random_data, seed)
    progress = algorithm_1.start(spec, training, data, seed, device)
    algorithm_1.iterate(progress, spec, training, data, seed)
    return progress.model


def path_planner(
    model: DynamicsModel,
    spec: AgentSpec,
    trajectories: Trajectories,
    path: Path,
    corners: Tensor,
    settings: PlanningSettings,
) -> BasePlanner:
    """The planner that the settings name, along a path; its states end with what is carried.

    No predicted state ends an episode, as in the authors' code.

    Args:
        model: the dynamics model.
        spec: the agent.
        trajectories: those that the path is of.
        path: the path.
        corners: (M + 1, 2) its way-points from where the body starts, m.
        settings: of the planner.

    Raises:
        InputError: there is no planner of that name.
        NonFiniteError: a weight of the model is NaN or infinite.
    """
    first, second = (spec.element(name) for name in trajectories.position)
    reward = PathReward(spec, trajectories, path, corners).to(model.device)
    dynamics = PathDynamics(model, (first, second), corners)
    objective = PredictedReturns(dynamics, reward, None, spec.action_dim)
    planner: BasePlanner = PLANNERS.load(settings.planner)(objective, settings)
    return planner


class PathController(MpcController):
    """MPC of one body along a path; at its end the body is left alone.

    Args:
        position: state elements of the body's position.
        corners: (M + 1, 2) way-points, m.
        arguments: of `MpcController`, with a planner of `path_planner`.
    """

    def __init__(self, position: list[int], corners: Tensor, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.position, self.corners, self.carried = position, corners, beginning(1)

    def __call__(
        self, states: NDArray[Any], bodies: NDArray[Any], step: int
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Actions to record and to execute, (1, A)."""
        points = torch.from_numpy(states[:, self.position])
        self.carried = advance(points, _fresh(self.carried), self.corners)
        if self.carried[0, SEGMENT] >= SEGMENTS:
            still = np.zeros((1, self.planner.objective.action_dim))
            return still, still
        return super().__call__(np.concatenate([states, self.carried], axis=1), bodies, step)


class Followed(NamedTuple):
    """A rollout along a path.

    Attributes:
        path: name of the path.
        corners: (M + 1, 2) its way-points in the simulator's coordinates, m.
        rollout: of one body, until the path's end.
    """

    path: str
    corners: Tensor
    rollout: Rollouts


def follow(
    model: DynamicsModel,
    spec: AgentSpec,
    trajectories: Trajectories,
    settings: FollowingSettings,
    seed: int,
) -> list[Followed]:
    """One rollout along each path.

    Args:
        model: the dynamics model, the same for all paths.
        spec: the agent.
        trajectories: its paths.
        settings: of planning and rollouts.
        seed: of the random streams; those of different paths differ.

    Returns:
        Rollouts until the path's end, the end of the episode, or `steps`.

    Raises:
        NonFiniteError: planning met NaN or infinity.
        SimulationError: the simulator diverged.
    """
    found = []
    for number, (name, path) in enumerate(trajectories.paths.items()):
        start_seed = integer_seeds(seed, Purpose.MPC_RESET, 0, number, count=1)
        position = [spec.element(element) for element in trajectories.position]
        start = _start(spec, start_seed[0])[position]
        corners = torch.tensor(path.way_points, dtype=torch.float64) + torch.from_numpy(start)
        controller = PathController(
            position,
            corners,
            path_planner(model, spec, trajectories, path, corners, settings.planning),
            torch_stream(seed, Purpose.PLANNING, 0, number, device=model.device),
            settings.action_noise,
            numpy_stream(seed, Purpose.ACTION_NOISE, 0, number),
        )
        with errors_say(f"following the path {name}", spec, seed):
            rollout = collect(spec, start_seed, settings.steps, controller, "mpc")
        steps = len(progress_table(rollout, position, corners, spec.dt)) - 1
        found.append(Followed(name, corners, _beginning_of(rollout, steps)))
    return found


def table_of(
    followed: Sequence[Followed], spec: AgentSpec, trajectories: Trajectories
) -> pd.DataFrame:
    """Where a body was along several paths: `progress_table`, with the column path first."""
    position = [spec.element(element) for element in trajectories.position]
    tables = []
    for one in followed:
        table = progress_table(one.rollout, position, one.corners, spec.dt)
        table.insert(0, "path", one.path)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def progress_table(
    rollout: Rollouts, position: list[int], corners: Tensor, dt: float
) -> pd.DataFrame:
    """Where a body was along a path, until its end, that of the episode, or that of the rollout.

    Args:
        rollout: of one body.
        position: state elements of its position.
        corners: (M + 1, 2) way-points, m.
        dt: duration of a step, s.

    Returns:
        A row for each time: columns step, time (s), x and y (m, from the start; the two elements of
        `position`), segment (number of those before it), distance from it (m).
    """
    points = torch.from_numpy(rollout.states[0, : int(rollout.lengths[0]) + 1][:, position])
    carried, rows = beginning(1), []
    for step, point in enumerate(points):
        carried = advance(point[None], _fresh(carried), corners)
        x, y = (point - corners[0]).tolist()
        segment, distance = int(carried[0, SEGMENT]), float(carried[0, DISTANCE])
        rows.append((step, step * dt, x, y, segment, distance))
        if segment >= SEGMENTS:
            break
    return pd.DataFrame(rows, columns=["step", "time", "x", "y", "segment", "distance"])


def _beginning_of(rollout: Rollouts, steps: int) -> Rollouts:
    """The first steps of a rollout of one body."""
    count = np.array([steps])
    return Rollouts(
        rollout.states[:, : steps + 1], rollout.actions[:, :steps], rollout.rewards[:, :steps],
        count, count.copy(),
    )  # fmt: skip


def _fresh(carried: Tensor) -> Tensor:
    """What is carried, for a new plan: it has not come to another segment yet."""
    assert carried.shape[1] == CARRIED
    fresh = carried.clone()
    fresh[:, MOVED] = 0
    return fresh


def _start(spec: AgentSpec, seed: int) -> NDArray[np.float64]:
    """(S,) where the rollout of a seed starts."""
    bodies = spec.make_bodies(1)
    bodies.reset([0], [np.random.default_rng(seed)], "mpc")
    start: NDArray[np.float64] = bodies.states[0].copy()
    bodies.close()
    return start
