"""Settings small enough to run in a second, and the command line."""

import sys
import types

import numpy as np
import pytest

from mbmf import cli
from mbmf.method.algorithm_1 import ModelBasedSettings

TINY = {
    "random_data": {"rollouts": 3, "validation_rollouts": 1, "steps": 40},
    "dynamics": {
        "hidden_layers": [16],
        "learning_rate": 1e-3,
        "batch_size": 32,
        "epochs": 2,
        "on_policy_fraction": 0.9,
        "noise": 0.01,
    },
    "planning": {"horizon": 3, "num_samples": 30},
    "aggregation": {
        "iterations": 3,
        "rollouts": 3,
        "training_rollouts": 2,
        "steps": 12,
        "action_noise": 0.005,
    },
}


@pytest.fixture(scope="session")
def tiny():
    """Settings of Algorithm 1 that keep its structure and make every number small."""
    return ModelBasedSettings.model_validate(TINY)


@pytest.fixture
def mbmf(tmp_path, monkeypatch, capsys):
    """Call `mbmf` in an empty folder; gives exit status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["mbmf", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        captured = capsys.readouterr()
        return caught.value.code or 0, captured.out, captured.err

    return call


@pytest.fixture
def clips(monkeypatch):
    """What RecordVideo hands to moviepy, in place of it: (pictures, frames per second) each."""
    made = []

    class ImageSequenceClip:
        def __init__(self, pictures, fps):
            made.append((np.array(pictures), fps))

        def write_videofile(self, path, **options):
            pass

    for name in ("moviepy", "moviepy.video", "moviepy.video.io"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    module = types.ModuleType("moviepy.video.io.ImageSequenceClip")
    module.ImageSequenceClip = ImageSequenceClip
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return made
