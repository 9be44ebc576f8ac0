"""Reward for following a path (section VI of the paper, and the authors' code).

The path is a chain of line segments, and a body is at one of them at a time. What a step earns
depends on which one that is and on how far along it the body was before, so it is no function of
the body's state and action alone. Both are therefore carried along as further elements of the
state: `PathDynamics` predicts them beside the body's own, and `PathReward` is then a reward of
(next states, actions) as any other. A planner sees no difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from mbmf.agents.paths.base import Path, Trajectories
from mbmf.agents.spec import AgentSpec
from mbmf.method.models.base import DynamicsModel

# Elements behind those of the body's state: number of the segment; where on it the body is, 0 at
# its start and 1 at its end; how much further it has come in the last step; distance from it, m;
# whether the body has come to another segment since the plan began.
SEGMENT, ALONG, GAIN, DISTANCE, MOVED = range(5)
CARRIED = 5

# Where two segments lie on one line, both are equally near but for rounding, m.
EQUALLY_NEAR = 1e-5


def nearest(points: Tensor, starts: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
    """Where points project onto line segments, and how far they are from these.

    Args:
        points: (N, 2), m.
        starts: (N, 2), start of each point's segment, m.
        ends: (N, 2), its end, which is another point, m.

    Returns:
        (N,) place of the projection on the segment's line, 0 at the start and 1 at the end; below
        0 before it and above 1 behind it. (N,) distance from the segment itself, m.
    """
    directions = ends - starts
    along = ((points - starts) * directions).sum(1) / directions.square().sum(1)
    closest = starts + along.clamp(0, 1)[:, None] * directions
    return along, (points - closest).square().sum(1).sqrt()


def advance(points: Tensor, carried: Tensor, corners: Tensor) -> Tensor:
    """The carried elements after a step.

    As in the authors' code, a body comes to the next segment when it is as near to it as to its
    own, and to one segment more in a step at most. From then on a plan earns at each step how far
    along its segment the body is, and not only by how much further than in the step before.

    Args:
        points: (N, 2), where the bodies are after the step, m.
        carried: (N, CARRIED) before the step.
        corners: (M + 1, 2) way-points, m.

    Returns:
        (N, CARRIED).
    """
    segment = carried[:, SEGMENT].long().clamp(0, len(corners) - 2)
    following = (segment + 1).clamp(max=len(corners) - 2)
    along, distance = nearest(points, corners[segment], corners[segment + 1])
    along_next, distance_next = nearest(points, corners[following], corners[following + 1])
    moves = (following > segment) & (distance_next <= distance + EQUALLY_NEAR)
    along = torch.where(moves, along_next, along)
    moved = moves | (carried[:, MOVED] > 0)
    gain = torch.where(moved, along, along - carried[:, ALONG])
    distance = torch.where(moves, distance_next, distance)
    segment = torch.where(moves, following, segment)
    return torch.stack(
        [part.to(points.dtype) for part in (segment, along, gain, distance, moved)], 1
    )


def beginning(bodies: int) -> Tensor:
    """The carried elements (B, CARRIED) of bodies at the start of a path, float64."""
    return torch.zeros(bodies, CARRIED, dtype=torch.float64)


class PathReward:
    """Reward of (next states, actions) for following a path; states end with what is carried.

    weight · progress − costs of distance, heading and limits, as `mbmf.agents.paths.base` says.

    Args:
        spec: the agent.
        trajectories: what is asked of its posture.
        path: the path.
        corners: (M + 1, 2) its way-points where the body started, m.
    """

    def __init__(
        self, spec: AgentSpec, trajectories: Trajectories, path: Path, corners: Tensor
    ) -> None:
        self.path, self.far, self.heading = path, trajectories.far, trajectories.heading
        self._limits = [(spec.element(one.element), one) for one in trajectories.limits]
        self._yaw = spec.element(self.heading.element) if self.heading else 0
        sides = corners[1:] - corners[:-1]
        self._angles = torch.atan2(sides[:, 1], sides[:, 0]).to(torch.float32)

    def __call__(self, next_states: Tensor, _actions: Tensor) -> Tensor:
        """Rewards (N,) of states (N, S + CARRIED); actions cost nothing."""
        carried = next_states[:, -CARRIED:]
        distance = carried[:, DISTANCE]
        cost = self.path.distance * torch.where(distance < self.far, distance, 10 * distance)
        for element, limit in self._limits:
            value = next_states[:, element]
            cost = cost + limit.cost * ((value < limit.low) | (value > limit.high))
        if self.heading:
            angle = self._angles[carried[:, SEGMENT].long().clamp(0, len(self._angles) - 1)]
            off = (next_states[:, self._yaw] - angle).abs()
            off = torch.where(off > math.pi, 2 * math.pi - off, off)
            within = off < self.heading.largest
            cost = cost + torch.where(within, self.path.heading * off, self.heading.cost)
        return self.path.progress * carried[:, GAIN] - cost

    def to(self, device: torch.device) -> PathReward:
        """Itself, with what it computes with on a device."""
        self._angles = self._angles.to(device)
        return self


class PathDynamics(DynamicsModel):
    """A body's dynamics model, which also predicts what is carried along a path.

    Args:
        model: of the body.
        position: the two state elements in whose plane the path lies.
        corners: (M + 1, 2) way-points, m.
    """

    def __init__(self, model: DynamicsModel, position: tuple[int, int], corners: Tensor) -> None:
        action_dim = len(model.input_mean) - model.state_dim
        super().__init__(model.state_dim + CARRIED, action_dim)
        self.body, self._position = model, list(position)
        self.register_buffer("corners", corners.to(torch.float32))
        self.corners: Tensor
        self.to(model.device)

    def normalised_forward(self, inputs: Tensor) -> Tensor:
        """Change of states and carried elements; nothing is normalised here but in the body's."""
        return self.for_planning(len(inputs))(inputs)

    def for_planning(self, rows: int) -> Callable[[Tensor], Tensor]:
        """See `DynamicsModel.for_planning`."""
        body, own = self.body.for_planning(rows), self.body.state_dim

        def change(inputs: Tensor) -> Tensor:
            states, carried = inputs[:, :own], inputs[:, own : own + CARRIED]
            moved = body(torch.cat([states, inputs[:, own + CARRIED :]], dim=1))
            points = (states + moved)[:, self._position]
            return torch.cat([moved, advance(points, carried, self.corners) - carried], dim=1)

        return change
