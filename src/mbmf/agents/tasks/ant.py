"""The ant: a body with four legs, and the only agent that moves in three dimensions."""

from mbmf.agents.mujoco_agent import MujocoAgent, View, hinges, rates
from mbmf.agents.rewards import Healthy, RewardTerms

_LEGS = hinges(*(f"{joint} {leg}" for leg in range(1, 5) for joint in ("hip", "ankle")))
_ROOT_RATES = (*rates("x [m]", "y [m]", "z [m]"), *rates(*hinges("roll", "pitch", "yaw")))

TASK = MujocoAgent(
    name="ant",
    title="Ant",
    model_file="ant.xml",
    timestep=0.02,
    gears=(150.0,) * 8,
    positions=("x [m]", "y [m]", "z [m]", *(f"quaternion {part}" for part in "wxyz"), *_LEGS),
    velocities=(*_ROOT_RATES, *rates(*_LEGS)),
    orientation=True,
    # The model's own "init_qpos", from which rllab starts: the ant stands with bent knees.
    # Gymnasium's tasks start at 0.75 m, with the ankles outside their limits.
    start=(0.0, 0.0, 0.55, 1.0, 0.0, 0.0, 0.0, *(0.0, 1.0), *(0.0, -1.0) * 2, *(0.0, 1.0)),
    pays=RewardTerms(action_cost=0.005, survival=0.05),
    planner_pays=RewardTerms(action_cost=0.005 / 150**2, survival=0.5),
    healthy=(Healthy("com z [m]", 0.3, 1.0, ends=True),),
    contact_impedance=(0.8, 0.8, 0.01),
    episode_steps=1000,
    view=View(distance=4.5, elevation=-25.0, height=0.5),
)
