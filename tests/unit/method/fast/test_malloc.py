"""Freed activations stay with the process."""

import platform
import subprocess
import sys

import pytest

# Two layers' activations: just more than glibc keeps by itself.
PAGES_OF_A_STEP = 2 * 2500 * 500 * 4 // 4096
SCRIPT = """
import resource
import numpy as np
import torch
from mbmf.method.models.mlp import Model
from mbmf.method.planners.base import PlanningSettings
from mbmf.method.planners.random_shooting import Planner
from mbmf.method.predicted_returns import PredictedReturns
torch.set_num_threads(1)
settings = PlanningSettings(horizon=20, num_samples=2500)
model, draws = Model(16, 2, [500, 500]), torch.Generator().manual_seed(0)
planner = Planner(PredictedReturns(model, lambda s, a: s[:, 0], None, 2), settings)
states = np.zeros((1, 16))
planner.plan(states, draws)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
planner.plan(states, draws)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults() -> int:
    """Pages that the second plan of a fresh process faults in."""
    command = [sys.executable, "-c", SCRIPT]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="about glibc's allocator")
def test_a_plan_faults_no_activations_in_again():
    assert page_faults() < PAGES_OF_A_STEP
