"""An agent of the paper: a changed MuJoCo model of a body, and a task.

The paper runs on the authors' fork of rllab. Here gymnasium's models of the same bodies are
changed to the fork's time steps, actuator strengths and contact parameters. A state holds joint
positions, joint velocities, the whole body's centre of mass, and its velocity (section IV of
the paper and the authors' code). That velocity is the total momentum over the total mass, so
that the state is a function of joint positions and velocities alone.

The number of elements is that of the authors' code: 24 for the half-cheetah (the paper prints 23),
and 41 for the ant. Here the ant's orientation is the last part of its state, so the first four
parts are the same for every agent. In the authors' code it comes before the velocity of the centre
of mass. The order of a network's inputs does not matter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, Literal

from mbmf.agents.rewards import (
    FORWARD,
    SPEED,
    Healthy,
    RewardTerms,
    forward_reward,
    termination,
    terms_by_name,
)
from mbmf.agents.spec import AgentSpec, SimulatedBodies, Termination

_COM = (FORWARD, "com y [m]", "com z [m]")
_COM_VELOCITY = (SPEED, "com y velocity [m/s]", "com z velocity [m/s]")
_ORIENTATION = ("cos roll", "cos pitch", "cos yaw", "sin roll", "sin pitch", "sin yaw")


@dataclass(frozen=True)
class Spread:
    """Distribution of the values that a reset adds: size · N(0, 1), or U(−size, size)."""

    kind: Literal["normal", "uniform"]
    size: float


@dataclass(frozen=True)
class Start:
    """Spread of joint positions and joint velocities around the start."""

    positions: Spread
    velocities: Spread


_AT_REST = Start(Spread("normal", 0.01), Spread("normal", 0.1))
_WIDE = Start(Spread("uniform", 0.1), Spread("normal", 0.1))


@dataclass(frozen=True)
class Starts:
    """The start of each kind of rollout, see `mbmf.agents.spec.StartKind`.

    The defaults are the fork's two resets: the plain one for random actions and policies, and the
    wider one, which evaluates a controller, for MPC.
    """

    random: Start = _AT_REST
    policy: Start = _AT_REST
    mpc: Start = _WIDE


@dataclass(frozen=True)
class View:
    """How pictures and clips show an agent: with one camera that follows the body.

    Attributes:
        distance: distance of the camera, m.
        elevation: elevation of the camera's axis, degrees.
        height: height of the point that the camera looks at, m.
        speed: simulated seconds per second of a clip.
    """

    distance: float
    elevation: float
    height: float
    speed: float = 1.0


@dataclass(frozen=True, kw_only=True)
class MujocoAgent(AgentSpec):
    """One of the paper's bodies and its task, as data.

    Attributes:
        model_file: gymnasium's model of the body.
        timestep: time step of the simulator, s.
        gears: torque of each actuator at action 1, N m, in the model's order.
        positions: names of all joint positions (qpos), with units.
        velocities: names of all joint velocities (qvel), with units.
        pays: terms of the environment's reward.
        planner_pays: terms of the reward that the planner of the authors' code maximises.
        healthy: ranges of state elements. An episode ends when a state leaves one of them.
        largest: limit on the absolute values of joint velocities and of joint positions after the
            root's three. An episode ends when a value reaches it. The planner ignores it.
        hidden_positions: number of leading joint positions that the state leaves out.
        largest_velocity: the state clips joint velocities to this absolute value.
        orientation: whether the state ends with cosines and sines of the root's roll, pitch and
            yaw, from the quaternion at qpos[3:7].
        start: mean joint positions after a reset; the model's own if empty.
        starts: spread of the start of each kind of rollout.
        armature: armature of every joint, kg m²; the model's own if None.
        contact_impedance: first three of every geometry's solimp; the model's own if empty.
        view: how pictures and clips show the agent.
    """

    model_file: str
    timestep: float
    gears: tuple[float, ...]
    positions: tuple[str, ...]
    velocities: tuple[str, ...]
    pays: RewardTerms
    planner_pays: RewardTerms
    healthy: tuple[Healthy, ...] = ()
    largest: float = math.inf
    hidden_positions: int = 0
    largest_velocity: float = math.inf
    orientation: bool = False
    start: tuple[float, ...] = ()
    starts: Starts = Starts()
    armature: float | None = None
    contact_impedance: tuple[float, ...] = ()
    view: View

    @property
    def dt(self) -> float:
        """Duration of one environment step, s."""
        return round(self.timestep * self.frame_skip, 12)

    @cached_property
    def state_names(self) -> tuple[str, ...]:
        """Name and unit of each state element."""
        names = self.positions[self.hidden_positions :] + self.velocities + _COM + _COM_VELOCITY
        return names + _ORIENTATION if self.orientation else names

    @property
    def layout(self) -> dict[str, slice]:
        """Position of each part of the state, in order: name -> slice of the last axis."""
        sizes = {
            "joint_positions": len(self.positions) - self.hidden_positions,
            "joint_velocities": len(self.velocities),
            "com": len(_COM),
            "com_velocity": len(_COM_VELOCITY),
        }
        if self.orientation:
            sizes["orientation"] = len(_ORIENTATION)
        ends = accumulate(sizes.values())
        return {
            part: slice(end - size, end)
            for (part, size), end in zip(sizes.items(), ends, strict=True)
        }

    @property
    def action_dim(self) -> int:
        """A, elements of the action."""
        return len(self.gears)

    def reward(self, next_state: Any, action: Any) -> Any:
        """See `AgentSpec.reward`."""
        return forward_reward(self, self.pays, next_state, action)

    def planner_reward(self, next_state: Any, action: Any) -> Any:
        """See `AgentSpec.planner_reward`."""
        return forward_reward(self, self.planner_pays, next_state, action)

    @property
    def terminated(self) -> Termination | None:
        """Whether a state leaves a range of `healthy`; None if there is none."""
        return termination(self, self.healthy)

    def reward_terms(self, states: Any, actions: Any) -> dict[str, Any]:
        """See `mbmf.agents.rewards.terms_by_name`."""
        return terms_by_name(self, self.pays, states, actions)

    def make_bodies(self, count: int, num_threads: int = 1) -> SimulatedBodies:
        """See `AgentSpec.make_bodies`."""
        # Imported here, because MuJoCo loads slowly and many callers need only names.
        from mbmf.agents.bodies import Bodies

        return Bodies(self, count, num_threads)


def hinges(*names: str) -> tuple[str, ...]:
    """Names of the positions of hinges."""
    return tuple(f"{name} [rad]" for name in names)


def rates(*positions: str) -> tuple[str, ...]:
    """Velocity names of joint positions: "rootx [m]" gives "rootx velocity [m/s]"."""
    return tuple(name.replace(" [", " velocity [").replace("]", "/s]") for name in positions)
