"""The hopper: a planar body on one leg. Its episode ends when it falls."""

import math

from mbmf.agents.mujoco_agent import MujocoAgent, View, hinges, rates
from mbmf.agents.rewards import Healthy, RewardTerms

_POSITIONS = ("rootx [m]", "rootz [m]", *hinges("rooty", "thigh", "leg", "foot"))

TASK = MujocoAgent(
    name="hopper",
    title="Hopper",
    model_file="hopper.xml",
    timestep=0.02,
    gears=(200.0,) * 3,
    positions=_POSITIONS,
    velocities=rates(*_POSITIONS),
    # rllab's observation leaves out qpos[1], the root's x, because rllab's model has z first
    # (the authors' code reads the height at 0 and the tilt at 1). Gymnasium's model has x first.
    # So the height is that of the root, 1.25 m at the start, not that of the centre of mass.
    hidden_positions=1,
    largest_velocity=10.0,
    pays=RewardTerms(action_cost=0.005, survival=1.0),
    planner_pays=RewardTerms(action_cost=0.005 / 200**2, survival=1.0),
    healthy=(
        Healthy("rooty [rad]", -0.3, 0.3, ends=False),
        Healthy("rootz [m]", 0.7, math.inf, ends=False),
    ),
    largest=100.0,
    random_rollouts_end=False,
    episode_steps=1000,
    view=View(distance=3.6, elevation=-8.0, height=0.9),
)
