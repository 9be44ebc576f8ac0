"""The half-cheetah: a planar runner with two legs."""

from mbmf.agents.mujoco_agent import MujocoAgent, View, hinges, rates
from mbmf.agents.rewards import RewardTerms

_POSITIONS = (
    "rootx [m]",
    "rootz [m]",
    *hinges("rooty", "bthigh", "bshin", "bfoot", "fthigh", "fshin", "ffoot"),
)

TASK = MujocoAgent(
    name="half_cheetah",
    title="Half-cheetah",
    model_file="half_cheetah.xml",
    timestep=0.01,
    gears=(120.0, 90.0, 60.0, 120.0, 60.0, 30.0),
    positions=_POSITIONS,
    velocities=rates(*_POSITIONS),
    pays=RewardTerms(action_cost=0.05),
    planner_pays=RewardTerms(action_cost=0.05),
    episode_steps=1000,
    view=View(distance=3.2, elevation=-8.0, height=0.6),
)
