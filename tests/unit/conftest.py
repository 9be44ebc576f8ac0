"""Settings small enough to run in a second."""

import pytest

from mbmf.model_based import ModelBasedSettings

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
