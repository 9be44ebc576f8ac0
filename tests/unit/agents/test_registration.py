"""The names in gymnasium's registry, as a fresh program finds them."""

import subprocess
import sys

import gymnasium
import pytest

from mbmf.agents import AGENTS
from mbmf.agents.registration import register_environments

PROGRAM = """
import sys, gymnasium
env = gymnasium.make_vec("mbmf:mbmf/Swimmer-v0", num_envs=3)
observations, _ = env.reset(seed=0)
single = gymnasium.make("mbmf/Swimmer-v0")
print(type(env).__name__, observations.shape, single.reset(seed=0)[0].shape, "torch" in sys.modules)
"""


def test_gymnasium_finds_the_agents_in_the_package():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "DrawnBatchedAgentEnv (3, 16) (16,) False"


@pytest.mark.filterwarnings("error")
def test_registering_again_changes_nothing():
    before = {spec.env_id: gymnasium.spec(spec.env_id) for spec in AGENTS.values()}
    register_environments()
    assert all(gymnasium.spec(name) is spec for name, spec in before.items())
