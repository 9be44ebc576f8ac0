"""The mazes in gymnasium's registry."""

import copy
import pickle
import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from mbmf.base.errors import InputError
from mbmf.dyna import MAZES, register_environments
from mbmf.dyna.environment import AGENT, CELL, FREE, GOAL, WALL

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
    check_env(gymnasium.make(env_id, render_mode="rgb_array").unwrapped)


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


def drawn(phases, changes=()):
    return gymnasium.make(
        "mbmf/DynaMaze-v0", phases=phases, changes=changes, render_mode="rgb_array"
    )


def cells(picture):
    """What is in the middle of each cell, and in its corner, as signs of the drawing."""
    signs = {FREE: ".", WALL: "#", GOAL: "G", AGENT: "A"}
    assert len(signs) == 4  # all colours differ
    places = (picture[at::CELL, at::CELL] for at in (CELL // 2, 3))
    return [
        "\n".join("".join(signs[tuple(map(int, cell))] for cell in row) for row in place)
        for place in places
    ]


def test_a_picture_shows_walls_goal_and_agent():
    env = drawn(["S.G\n.#."])
    env.reset(seed=0)
    picture = env.render()
    assert (picture.shape, picture.dtype) == ((2 * CELL, 3 * CELL, 3), np.uint8)
    assert cells(picture) == ["A.G\n.#.", "..G\n.#."]
    env.step(RIGHT)
    assert cells(env.render())[0] == ".AG\n.#."
    env.step(RIGHT)  # the goal is still seen around the agent
    assert cells(env.render()) == ["..A\n.#.", "..G\n.#."]


def test_a_picture_shows_the_walls_of_the_next_step():
    env = drawn(["S.G\n...", "S#G\n..."], [2])
    env.reset(seed=0)
    env.step(LEFT)
    assert cells(env.render())[0] == "A.G\n..."
    env.step(LEFT)
    assert cells(env.render())[0] == "A#G\n..."
    assert env.step(RIGHT)[0] == 0


def test_record_video_gets_a_picture_of_each_step(clips, tmp_path):
    env = gymnasium.wrappers.RecordVideo(drawn(["S.G"]), str(tmp_path))
    env.reset(seed=0)
    env.step(RIGHT)
    env.step(RIGHT)
    env.close()
    ((pictures, fps),) = clips
    assert [cells(picture)[0] for picture in pictures] == ["A.G", ".AG", "..A"]
    assert fps == env.metadata["render_fps"]


def test_without_a_render_mode_there_is_a_warning_and_no_picture():
    env = gymnasium.make("mbmf/DynaMaze-v0")
    env.reset(seed=0)
    with pytest.warns(UserWarning, match="render_mode='rgb_array'"):
        assert env.unwrapped.render() is None


def test_another_render_mode_is_refused():
    with (
        pytest.warns(UserWarning, match="not in the possible render_modes"),
        pytest.raises(InputError, match="should be rgb_array or None, is 'ansi'"),
    ):
        gymnasium.make("mbmf/DynaMaze-v0", render_mode="ansi")


@pytest.mark.parametrize("method", ["step", "render"])
def test_nothing_goes_before_the_reset(method):
    env = drawn(["S.G"]).unwrapped
    with pytest.raises(gymnasium.error.ResetNeeded, match=method):
        getattr(env, method)(*([RIGHT] if method == "step" else []))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
def test_a_copy_goes_on_from_the_same_place_and_clock(copied):
    env = drawn(["S.G\n...", "S#G\n..."], [2])
    env.reset(seed=0)
    env.step(LEFT)
    other = copied(env)
    env.step(RIGHT)
    assert other.step(LEFT)[0] == 0
    assert other.step(RIGHT)[0] == 0  # the wall is there


def test_a_batch_of_mazes_draws_each():
    env = gymnasium.make_vec("mbmf/DynaMaze-v0", num_envs=2, render_mode="rgb_array")
    env.reset(seed=0)
    env.step(np.array([UP, DOWN]))
    first, second = map(cells, env.render())
    assert first[0].splitlines()[1][0] == second[0].splitlines()[3][0] == "A"
