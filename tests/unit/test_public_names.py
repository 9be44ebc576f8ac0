"""What `import mbmf` offers to a script."""

import subprocess
import sys

import pytest

import mbmf

SETTINGS = {
    "random_data": {"rollouts": 2, "validation_rollouts": 1, "steps": 20},
    "dynamics": {
        "hidden_layers": [8], "learning_rate": 1e-3, "batch_size": 16, "epochs": 1,
        "on_policy_fraction": 0.5, "noise": 0.01,
    },
    "planning": {"horizon": 2, "num_samples": 10},
    "aggregation": {
        "iterations": 1, "rollouts": 2, "training_rollouts": 1, "steps": 5, "action_noise": 0.005,
    },
}  # fmt: skip


def test_every_name_is_there_and_listed():
    assert len(mbmf._PUBLIC) > 20
    for name in mbmf._PUBLIC:
        assert getattr(mbmf, name) is not None
        assert name in dir(mbmf)


def test_another_name_is_told():
    with pytest.raises(AttributeError, match="no_such_name"):
        mbmf.no_such_name  # noqa: B018


def test_importing_loads_neither_torch_nor_mujoco():
    code = "import sys, mbmf; print([m for m in ('torch', 'mujoco') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_method_in_a_few_lines():
    spec = mbmf.get_agent("swimmer")
    settings = mbmf.ModelBasedSettings.model_validate(SETTINGS)
    data = mbmf.random_data.generate(spec, settings.random_data, seed=0)
    progress = mbmf.algorithm_1.start(spec, settings, data, 0, "cpu")
    mbmf.algorithm_1.iterate(progress, spec, settings, data, 0)
    assert progress.curve[0]["env_steps"] == 60
