"""A task whose returns a loop can add up: the action is the change of state, and has a cost."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mbmf.method.doors import PLANNERS
from mbmf.method.models.base import DynamicsModel
from mbmf.method.predicted_returns import PredictedReturns

COST = 0.1


class Known(DynamicsModel):
    """A change of state that is known: the action itself."""

    def normalised_forward(self, inputs):
        return inputs[..., -2:]


def reward(states, actions):
    return -states.square().sum(-1) - COST * actions.square().sum(-1)


def plain_return(start, sequence):
    """Of one sequence (H, A)."""
    state, total = np.array(start, dtype=np.float64), 0.0
    for action in sequence:
        state = state + action
        total += -sum(x * x for x in state) - COST * sum(x * x for x in action)
    return total


def planner(name, given=reward, **settings):
    kind = PLANNERS.load(name)
    chosen = kind.Settings(planner=name, **settings)
    return kind(PredictedReturns(Known(2, 2), given, None, 2), chosen)


@pytest.fixture
def task():
    """Planners, the return of one sequence, and the starts of two bodies."""
    return SimpleNamespace(
        planner=planner,
        plain_return=plain_return,
        states=np.array([[1.3, -0.4], [-0.2, 0.9]]),
        draws=lambda seed=0: torch.Generator().manual_seed(seed),
    )
