"""What a file of trajectories holds: the paths of one agent, and what its reward asks for.

The numbers of the shipped files are those of the authors' code (trajectories.py and
reward_functions.py of github.com/nagaban2/nn_dynamics).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from mbmf.agents.mujoco_agent import MujocoAgent
from mbmf.agents.spec import AgentSpec
from mbmf.base.doors import Door
from mbmf.base.errors import InputError, printable

PATHS = Door("file of trajectories", "mbmf.agents.paths", "TRAJECTORIES")

SEGMENTS = 6
"""A rollout is over when the body has come to the end of so many segments, as in the authors' code.

Further way-points only tell the planner how the path goes on.
"""


@dataclass(frozen=True)
class Path:
    """A path and the weights of its reward.

    Attributes:
        way_points: corners of the path, relative to the body's position at the start, m.
        progress: reward for a whole segment.
        distance: cost of a step at 1 m from the path.
        heading: cost of a step at 1 rad from the direction of the segment.
    """

    way_points: tuple[tuple[float, float], ...]
    progress: float
    distance: float = 0.0
    heading: float = 0.0


@dataclass(frozen=True)
class Limit:
    """Cost of each step in which a state element is below `low` or above `high`."""

    element: str
    cost: float
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class Heading:
    """How the angle between the body and its segment is paid for.

    Attributes:
        element: state element that holds the body's heading, rad.
        largest: from this angle on a step costs `cost`, whatever the path's weight, rad.
        cost: see `largest`.
    """

    element: str
    largest: float
    cost: float


@dataclass(frozen=True)
class Trajectories:
    """The paths of an agent, by name, and what all of them ask of its posture.

    Attributes:
        position: the two state elements in whose plane the paths lie, m.
        paths: by name.
        limits: of state elements.
        heading: None for a body whose heading does not count.
        far: distance from the path, m, from which it costs ten times as much.
        any_heading: whether random rollouts begin with any heading, of a body in a plane.
    """

    position: tuple[str, str]
    paths: dict[str, Path]
    limits: tuple[Limit, ...] = ()
    heading: Heading | None = None
    far: float = math.inf
    any_heading: bool = False

    def problem(self, spec: AgentSpec) -> str | None:
        """What is wrong with these paths for an agent, in one line; None if nothing is."""
        named = [*self.position, *(limit.element for limit in self.limits)]
        named += [self.heading.element] if self.heading else []
        for element in named:
            if element not in spec.state_names:
                return f"{spec.name} has no state element {element}"
        for name, path in self.paths.items():
            corners = path.way_points
            if len(corners) < SEGMENTS + 1:
                return f"{name} has {len(corners)} way-points, should have {SEGMENTS + 1} at least"
            if any(first == second for first, second in pairwise(corners)):
                return f"{name} has the same way-point twice in a row"
        if self.any_heading and not isinstance(spec, MujocoAgent):
            return f"{spec.name} has no heading to begin with: any_heading is for a MujocoAgent"
        return None if self.paths else "there are no paths"

    def learns_as(self, spec: AgentSpec) -> AgentSpec:
        """The agent that random rollouts are of."""
        if not self.any_heading:
            return spec
        # Imported here, because MuJoCo loads slowly and many callers need only the paths.
        from mbmf.agents.turned_bodies import any_heading

        assert isinstance(spec, MujocoAgent)
        return any_heading(spec)


def get_trajectories(name: str, spec: AgentSpec) -> Trajectories:
    """The trajectories of a shipped file, or of a Python file of your own that binds TRAJECTORIES.

    Raises:
        InputError: there is no such file, or it does not go with the agent.
    """
    found = PATHS.load(name)
    if not isinstance(found, Trajectories):
        raise InputError(
            f"{printable(name)}: TRAJECTORIES should be a Trajectories, is {type(found).__name__}"
        )
    if wrong := found.problem(spec):
        raise InputError(f"{printable(name)}: {wrong}")
    return found


def straight(step: float, points: int = 12) -> tuple[tuple[float, float], ...]:
    """Way-points along x, `step` apart, m."""
    return tuple((round(place * step, 9), 0.0) for place in range(points))
