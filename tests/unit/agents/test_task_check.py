"""What is missing in a task of one's own, or of the wrong shape, in one line."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from mbmf.agents import get_agent
from mbmf.agents.task_check import wrong_with

PENDULUM = Path(__file__).parents[3] / "examples" / "pendulum.py"
REWARD = "return height - 0.01 * speed**2 - 0.001 * (action**2).sum(-1)"
ENDS = "\n\n    def terminated(self, state):\n        return {}\n\n\nTASK"


def test_the_example_is_right():
    assert wrong_with(str(PENDULUM), "pendulum") is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (".sum(-1)", "", "reward of NumPy arrays has the shape (3, 3) for 3 states, should"),
        (REWARD, "return 1.0", "reward of NumPy arrays has the shape () for 3 states"),
        (REWARD, "return height > 0", "reward of NumPy arrays gives bool, should be numbers"),
        (REWARD, "return height / 0", "reward of NumPy arrays is not finite"),
        (REWARD, "return speed - speed.mean()", "reward of a state depends on the other states"),
        (REWARD, "return height.astype(float)", "reward of torch tensors: AttributeError"),
        ("speed = ", "speed = missing + ", "NameError: name 'missing' is not defined"),
        (REWARD, "return height + (0 if hasattr(height, 'numpy') else 1)",
         "reward is another for torch tensors than for NumPy arrays"),
        ("\n\n\nTASK", ENDS.format("state[..., 0]"),
         "terminated of NumPy arrays gives float64, should be true or false"),
        ("\n\n\nTASK", ENDS.format("state > 0"), "terminated of NumPy arrays has the shape (3, 3)"),
        ("def reward", "def rewards", "abstract method reward"),
        ("Pendulum-v1", "NoSuch-v0", "environment NoSuch-v0: "),
        ('"sin angle", ', "", "observation_names has 2 names, but an observation of"),
        ("TASK = ", "TASKS = ", "defines no TASK"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(tmp_path, old, new, message):
    text = PENDULUM.read_text(encoding="utf-8")
    assert old in text
    task = tmp_path / "own.py"
    task.write_text(text.replace(old, new, 1), encoding="utf-8")
    with np.errstate(all="ignore"):
        found = wrong_with(str(task), "own")
    assert message in found
    assert "\n" not in found


def test_a_task_on_mujoco_is_right_or_says_what_to_install():
    """gymnasium's MuJoCo environments import imageio, and do not install it."""
    found = wrong_with(str(PENDULUM.with_name("inverted_pendulum.py")), "pole")
    if find_spec("imageio"):
        assert found is None
    else:
        assert "InvertedPendulum-v5: No module named 'imageio'" in found
        assert found.endswith("; pip install imageio")


def test_its_reward_and_end_are_functions_of_states():
    spec = get_agent(str(PENDULUM.with_name("inverted_pendulum.py")))
    states = np.array([[0.0, 0.0, 1.0, 1.0], [0.5, 0.1, 0.0, 0.0], [0.0, -0.3, 0.0, 0.0]])
    actions = np.array([[0.0], [1.0], [0.0]])
    expected = [1.0, 1 - 0.1 - 0.25 - 0.01, 1 - 0.9]
    for given in (np.asarray, torch.from_numpy):
        np.testing.assert_allclose(spec.reward(given(states), given(actions)), expected)
        assert spec.terminated(given(states)).tolist() == [False, False, True]
