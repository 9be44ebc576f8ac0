"""The four bodies of the paper and their tasks, as data.

The paper runs on the authors' fork of rllab. Here gymnasium's models of the same bodies are
changed to the fork's time steps, actuator strengths and contact parameters. A state holds joint
positions, joint velocities, the whole body's centre of mass, and its velocity (section IV of
the paper and the authors' code). That velocity is the total momentum over the total mass, so
that the state is a function of joint positions and velocities alone.

The number of elements is that of the authors' code: 24 for the half-cheetah, where the
paper prints 23, and 41 for the ant. The ant's orientation stands at the end, where the
authors' code has it before the centre of mass's velocity: so the first four parts of
every agent's state are alike, and a network does not mind the order of its inputs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Literal

_COM = ("com x [m]", "com y [m]", "com z [m]")
_COM_VELOCITY = ("com x velocity [m/s]", "com y velocity [m/s]", "com z velocity [m/s]")
_ORIENTATION = ("cos roll", "cos pitch", "cos yaw", "sin roll", "sin pitch", "sin yaw")

StartKind = Literal["random", "policy", "mpc"]
"""Whose rollout starts: random actions', a policy's (imitation, TRPO), or the planner's."""


@dataclass(frozen=True)
class Reward:
    """Reward vx − action_cost · ‖a‖² + survival, vx the centre of mass's speed along x.

    Attributes:
        action_cost: of an action in [−1, 1].
        survival: for each step.
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


@dataclass(frozen=True)
class Spread:
    """How a reset spreads values: by size · N(0, 1), or by U(−size, size)."""

    kind: Literal["normal", "uniform"]
    size: float


@dataclass(frozen=True)
class Start:
    """Spread of joint positions and joint velocities around the start."""

    positions: Spread
    velocities: Spread


_AT_REST = Start(Spread("normal", 0.01), Spread("normal", 0.1))
_WIDE = Start(Spread("uniform", 0.1), Spread("normal", 0.1))


def _starts(mpc: Start = _WIDE) -> dict[StartKind, Start]:
    """The fork's two resets: its plain one, and the wider one that evaluates a controller."""
    return {"random": _AT_REST, "policy": _AT_REST, "mpc": mpc}


@dataclass(frozen=True)
class AgentSpec:
    """One body, its task, and how its state is laid out.

    Attributes:
        name: as configuration files name it.
        env_id: gymnasium's identifier.
        model_file: gymnasium's model of the body.
        timestep: of the simulator, s.
        frame_skip: simulator steps in one environment step.
        gears: torque of each actuator at action 1, N m, in the model's order.
        positions: names of all joint positions (qpos), with units.
        velocities: names of all joint velocities (qvel), with units.
        reward: what the environment pays, and every reported return sums.
        planner_reward: what the planner of the authors' code maximises.
        episode_steps: time limit of an episode.
        healthy: ranges that a state must keep, or the episode is over.
        largest: size that joint positions behind the root's three, and joint velocities, must
            stay below, or the episode is over. The planner does not look at it.
        random_rollouts_end: whether rollouts of random actions end with the episode.
        hidden_positions: leading joint positions that the state leaves out.
        largest_velocity: size to which the state clips joint velocities.
        orientation: whether cosines and sines of the root's roll, pitch and yaw, from the
            quaternion at qpos[3:7], stand at the state's end.
        start: joint positions that a reset spreads around; the model's own if empty.
        starts: spread of the start of each kind of rollout.
        armature: of every joint, kg m²; the model's own if None.
        contact_impedance: first three of every geometry's solimp; the model's own if empty.
    """

    name: str
    env_id: str
    model_file: str
    timestep: float
    frame_skip: int
    gears: tuple[float, ...]
    positions: tuple[str, ...]
    velocities: tuple[str, ...]
    reward: Reward
    planner_reward: Reward
    episode_steps: int
    healthy: tuple[Healthy, ...] = ()
    largest: float = math.inf
    random_rollouts_end: bool = True
    hidden_positions: int = 0
    largest_velocity: float = math.inf
    orientation: bool = False
    start: tuple[float, ...] = ()
    starts: dict[StartKind, Start] = field(default_factory=_starts)
    armature: float | None = None
    contact_impedance: tuple[float, ...] = ()

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
        """Where each part of the state stands, in order: name -> slice of the last axis."""
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
    def state_dim(self) -> int:
        """S, elements of the state."""
        return len(self.state_names)

    @property
    def action_dim(self) -> int:
        """A, elements of the action."""
        return len(self.gears)

    def element(self, name: str) -> int:
        """Where a state element stands; raises ValueError if there is none of that name."""
        return self.state_names.index(name)


def _hinges(*names: str) -> tuple[str, ...]:
    return tuple(f"{name} [rad]" for name in names)


def _rates(*positions: str) -> tuple[str, ...]:
    """Velocity names of joint positions: "rootx [m]" moves at "rootx velocity [m/s]"."""
    return tuple(name.replace(" [", " velocity [").replace("]", "/s]") for name in positions)


_SWIMMER = ("x [m]", "y [m]", *_hinges("heading", "joint 1", "joint 2"))
_HALF_CHEETAH = (
    "rootx [m]",
    "rootz [m]",
    *_hinges("rooty", "bthigh", "bshin", "bfoot", "fthigh", "fshin", "ffoot"),
)
_HOPPER = ("rootx [m]", "rootz [m]", *_hinges("rooty", "thigh", "leg", "foot"))
_ANT_LEGS = _hinges(*(f"{joint} {leg}" for leg in range(1, 5) for joint in ("hip", "ankle")))
_ANT = ("x [m]", "y [m]", "z [m]", *(f"quaternion {part}" for part in "wxyz"), *_ANT_LEGS)
_ANT_ROOT_RATES = (
    *_rates("x [m]", "y [m]", "z [m]"),
    *_rates(*_hinges("roll", "pitch", "yaw")),
)

_SPECS = (
    AgentSpec(
        name="swimmer",
        env_id="mbmf/Swimmer-v0",
        model_file="swimmer.xml",
        timestep=0.01,
        frame_skip=15,
        gears=(50.0,) * 2,
        positions=_SWIMMER,
        velocities=_rates(*_SWIMMER),
        # The authors' planner divides actions by the bound again, although they are normalised.
        reward=Reward(action_cost=0.005),
        planner_reward=Reward(action_cost=0.5 / 50**2),
        episode_steps=333,
        starts=_starts(mpc=Start(Spread("uniform", 0.1), Spread("uniform", 0.1))),
        armature=0.0,
    ),
    AgentSpec(
        name="half_cheetah",
        env_id="mbmf/HalfCheetah-v0",
        model_file="half_cheetah.xml",
        timestep=0.01,
        frame_skip=1,
        gears=(120.0, 90.0, 60.0, 120.0, 60.0, 30.0),
        positions=_HALF_CHEETAH,
        velocities=_rates(*_HALF_CHEETAH),
        reward=Reward(action_cost=0.05),
        planner_reward=Reward(action_cost=0.05),
        episode_steps=1000,
    ),
    AgentSpec(
        name="hopper",
        env_id="mbmf/Hopper-v0",
        model_file="hopper.xml",
        timestep=0.02,
        frame_skip=1,
        gears=(200.0,) * 3,
        positions=_HOPPER,
        velocities=_rates(*_HOPPER),
        # rllab's observation leaves out qpos[1], the root's x: its model has z first (the
        # authors' code reads the height at 0 and the tilt at 1), gymnasium's has x first. So
        # the height is the root's, 1.25 m at the start, not the centre of mass's.
        hidden_positions=1,
        largest_velocity=10.0,
        reward=Reward(action_cost=0.005, survival=1.0),
        planner_reward=Reward(action_cost=0.005 / 200**2, survival=1.0),
        healthy=(
            Healthy("rooty [rad]", -0.3, 0.3, ends=False),
            Healthy("rootz [m]", 0.7, math.inf, ends=False),
        ),
        largest=100.0,
        random_rollouts_end=False,
        episode_steps=1000,
    ),
    AgentSpec(
        name="ant",
        env_id="mbmf/Ant-v0",
        model_file="ant.xml",
        timestep=0.02,
        frame_skip=1,
        gears=(150.0,) * 8,
        positions=_ANT,
        velocities=(*_ANT_ROOT_RATES, *_rates(*_ANT_LEGS)),
        orientation=True,
        # The model's own numbers "init_qpos", which rllab starts from: standing, knees bent.
        # gymnasium's tasks start from 0.75 m with the ankles outside of their limits.
        start=(0.0, 0.0, 0.55, 1.0, 0.0, 0.0, 0.0, *(0.0, 1.0), *(0.0, -1.0) * 2, *(0.0, 1.0)),
        reward=Reward(action_cost=0.005, survival=0.05),
        planner_reward=Reward(action_cost=0.005 / 150**2, survival=0.5),
        healthy=(Healthy("com z [m]", 0.3, 1.0, ends=True),),
        contact_impedance=(0.8, 0.8, 0.01),
        episode_steps=1000,
    ),
)

AGENTS: dict[str, AgentSpec] = {spec.name: spec for spec in _SPECS}
"""The paper's agents by name."""


def get_agent(name: str) -> AgentSpec:
    """Spec of an agent.

    Raises:
        ValueError: no such agent; lists those there are.
    """
    if name not in AGENTS:
        raise ValueError(f"unknown agent {name!r}; should be one of {', '.join(AGENTS)}")
    return AGENTS[name]
