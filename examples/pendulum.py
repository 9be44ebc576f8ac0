"""A task of your own: gymnasium's pendulum, to be swung up and held.

In a configuration, `task` of an agent is the path of such a file, from the repository's root:

    agents: {pendulum: {task: examples/pendulum.py, model_based: ...}}

The environment gives the physics. The reward must be given here as a function of the state that
an action led to, because the planner asks for it in states that its model predicts.
"""

from mbmf.agents.gymnasium_agent import GymnasiumAgent


class Pendulum(GymnasiumAgent):
    """Torque on a pendulum that hangs, too weak to lift it without a swing."""

    def reward(self, next_state, action):
        """1 a step for standing upright at rest. States may be NumPy arrays or torch tensors."""
        height = next_state[..., self.element("cos angle")]
        speed = next_state[..., self.element("angular velocity [rad/s]")]
        return height - 0.01 * speed**2 - 0.001 * (action**2).sum(-1)


TASK = Pendulum(
    name="pendulum",
    title="Pendulum",
    environment="Pendulum-v1",
    observation_names=("cos angle", "sin angle", "angular velocity [rad/s]"),
    episode_steps=200,
)
