"""A task of your own on a MuJoCo environment of gymnasium's: a pole on a cart, to be kept upright.

Needs gymnasium's MuJoCo environments: `pip install imageio`, which gymnasium does not install.
"""

from mbmf.agents.gymnasium_agent import GymnasiumAgent


class InvertedPendulum(GymnasiumAgent):
    """A force on the cart. The episode is over when the pole is 0.2 rad from upright."""

    def reward(self, next_state, action):
        """1 a step, less what leads away. States may be NumPy arrays or torch tensors."""
        place, angle = next_state[..., 0], next_state[..., 1]
        return 1 - 10 * angle**2 - place**2 - 0.01 * (action**2).sum(-1)

    def terminated(self, state):
        """The environment's own rule, as a function of states, for the planner."""
        return abs(state[..., 1]) > 0.2


TASK = InvertedPendulum(
    name="inverted_pendulum",
    title="Inverted pendulum",
    environment="InvertedPendulum-v5",
    observation_names=("cart [m]", "pole [rad]", "cart velocity [m/s]", "pole velocity [rad/s]"),
    episode_steps=200,
)
