"""Random rollouts that begin with any heading and with bent joints, as the authors' for turns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from mbmf.agents.bodies import Bodies
from mbmf.agents.mujoco_agent import MujocoAgent
from mbmf.agents.spec import SimulatedBodies, StartKind

BEND = 0.5
"""Standard deviation of each joint after the heading at the start of a random rollout, rad."""


class TurnedBodies(Bodies):
    """Bodies of an agent in a plane, whose first three positions are x, y and heading."""

    def reset(
        self,
        rows: Sequence[int],
        generators: Sequence[np.random.Generator],
        start: StartKind = "policy",
    ) -> None:
        """As of any body; then a random rollout's heading and joints are drawn anew."""
        super().reset(rows, generators, start)
        if start != "random":
            return
        joints = self.model.nq - 3
        physics = self.get_sim_state()
        for row, generator in zip(rows, generators, strict=True):
            # The first element is the time.
            physics[row, 3] = generator.uniform(-math.pi, math.pi)
            physics[row, 4 : 4 + joints] = BEND * generator.standard_normal(joints)
        self.set_sim_state(physics)


@dataclass(frozen=True, kw_only=True)
class TurnedAgent(MujocoAgent):
    """An agent whose random rollouts begin with any heading; all else is the agent's own."""

    def make_bodies(self, count: int, num_threads: int = 1) -> SimulatedBodies:
        """See `AgentSpec.make_bodies`."""
        return TurnedBodies(self, count, num_threads)


def any_heading(spec: MujocoAgent) -> TurnedAgent:
    """The agent, but for the starts of its random rollouts."""
    return TurnedAgent(**{one.name: getattr(spec, one.name) for one in fields(spec)})
