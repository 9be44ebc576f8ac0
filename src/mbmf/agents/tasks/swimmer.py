"""The swimmer: three links in a viscous plane."""

from mbmf.agents.mujoco_agent import MujocoAgent, Spread, Start, Starts, View, hinges, rates
from mbmf.agents.rewards import RewardTerms

_POSITIONS = ("x [m]", "y [m]", *hinges("heading", "joint 1", "joint 2"))

TASK = MujocoAgent(
    name="swimmer",
    title="Swimmer",
    model_file="swimmer.xml",
    timestep=0.01,
    frame_skip=15,
    gears=(50.0,) * 2,
    positions=_POSITIONS,
    velocities=rates(*_POSITIONS),
    # The authors' planner divides the actions by their bound, although they are normalised.
    pays=RewardTerms(action_cost=0.005),
    planner_pays=RewardTerms(action_cost=0.5 / 50**2),
    episode_steps=333,
    starts=Starts(mpc=Start(Spread("uniform", 0.1), Spread("uniform", 0.1))),
    armature=0.0,
    # One stroke takes seconds.
    view=View(distance=4.5, elevation=-60.0, height=0.0, speed=4.0),
)
