"""The mazes in gymnasium's registry."""

import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from mbmf.dyna import MAZES, register_environments
from mbmf.errors import InputError

UP, DOWN, LEFT, RIGHT = range(4)
PROGRAM = """
import sys, gymnasium, mbmf
print([gymnasium.make(f"mbmf/{name}Maze-v0").reset(seed=0)[0] for name in
       ("Dyna", "Blocking", "Shortcut")], {"numba", "torch", "mujoco"} & set(sys.modules))
"""


def test_importing_the_package_registers_them_and_loads_no_more():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[np.int64(18), np.int64(48), np.int64(48)] set()"


@pytest.mark.filterwarnings("error")
def test_registering_again_changes_nothing():
    before = {env_id: gymnasium.spec(env_id) for env_id in MAZES}
    register_environments()
    assert all(gymnasium.spec(env_id) is spec for env_id, spec in before.items())


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("env_id", MAZES)
def test_gymnasiums_checker_finds_nothing(env_id):
    check_env(gymnasium.make(env_id).unwrapped, skip_render_check=True)


def test_a_shortest_way_through_the_dyna_maze():
    env = gymnasium.make("mbmf/DynaMaze-v0")
    assert env.reset(seed=0) == (18, {})
    way = [DOWN] * 2 + [RIGHT] * 4 + [UP] * 1 + [RIGHT] * 4 + [UP] * 3
    for action in way[:-1]:
        _, reward, terminated, truncated, _ = env.step(action)
        assert (reward, terminated, truncated) == (0, False, False)
    assert env.step(way[-1]) == (8, 1, True, False, {})
    assert len(way) == 14


def test_walls_move_by_the_clock_of_all_episodes():
    two = ("S.G\n...", "S#G\n...")
    env = gymnasium.make("mbmf/DynaMaze-v0", phases=two, changes=[3])
    env.reset(seed=0)
    assert [env.step(RIGHT)[0] for _ in range(2)] == [1, 2]
    env.reset()  # the clock goes on: one more step before the wall is there
    assert env.step(RIGHT)[0] == 1
    assert env.step(LEFT)[0] == 0  # off the wall that has grown here
    assert env.step(RIGHT)[0] == 0
    env.reset(seed=0)  # the clock is set back
    assert env.step(RIGHT)[0] == 1


@pytest.mark.parametrize("action", [-1, 4, 0.5, "up", None])
def test_an_action_that_is_none(action):
    env = gymnasium.make("mbmf/DynaMaze-v0").unwrapped
    env.reset(seed=0)
    with pytest.raises(InputError, match="action should be 0 to 3"):
        env.step(action)


def test_a_maze_without_a_way_is_refused():
    with pytest.raises(InputError, match="drawing 1: no way from S to G"):
        gymnasium.make("mbmf/DynaMaze-v0", phases=["S#G"])


def test_observations_are_states():
    env = gymnasium.make("mbmf/DynaMaze-v0")
    assert env.observation_space.n == 54
    assert env.action_space.n == 4
    observation, _ = env.reset(seed=1)
    assert isinstance(observation, np.int64)
