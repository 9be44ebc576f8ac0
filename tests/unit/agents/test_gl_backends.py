"""Which of MuJoCo's ways of drawing is taken, and what is said when there is none."""

import json
import os
import subprocess
import sys

import numpy as np
from PIL import Image

from mbmf.agents.gl_backends import BACKENDS, choose_backend, write_message

SETTINGS = {
    "expert": {"planning": {"horizon": 2, "num_samples": 4}, "steps": 5},
    "policy": {"hidden_layers": [4], "absolute_position": False},
    "imitation": {
        "expert_rollouts": 1, "epochs": 1, "learning_rate": 0.001, "batch_size": 8,
        "iterations": 1, "rollouts": 1, "evaluation_rollouts": 1,
    },
}  # fmt: skip


def test_what_works_is_set_for_mujoco(monkeypatch):
    # Set first, so that what is chosen here is undone too, and no other test draws by it.
    monkeypatch.setenv("MUJOCO_GL", "")
    monkeypatch.delenv("MUJOCO_GL")
    chosen = choose_backend()
    assert chosen is None or chosen in BACKENDS
    assert os.environ["MUJOCO_GL"] == (chosen or "disable")


def test_what_the_user_asks_for_is_tried_alone(monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "nothing_of_that_name")
    assert choose_backend() is None


def test_without_either_the_step_says_so_and_goes_on(tmp_path):
    clip = tmp_path / "clip.webp"
    files = ["--model", "none", "--imitation", "none", "--trpo", "none", "--output", str(clip)]
    done = subprocess.run(
        [sys.executable, "-m", "mbmf.cli", "gait", "--agent", "ant", "--seed", "0",
         "--settings", json.dumps(SETTINGS), *files],
        env=os.environ | {"MUJOCO_GL": "nothing_of_that_name"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "can draw neither by EGL nor by OSMesa here: install" in done.stderr
    assert Image.open(clip).n_frames == 1


def test_a_message_is_written_whole(tmp_path):
    write_message("No clip: " + "word " * 30, tmp_path / "clip.webp")
    ink = np.asarray(Image.open(tmp_path / "clip.webp").convert("L")) < 128
    assert ink.any()
    assert not ink[:, -8:].any()  # nothing runs over the edge
