"""Random shooting against brute force and the law of its samples."""

import numpy as np
import pytest
import torch

from mbmf.method import predicted_returns
from mbmf.method.models.mlp import Model
from mbmf.method.planners import random_shooting
from mbmf.method.planners.base import PlanningSettings
from mbmf.method.planners.random_shooting import Planner
from mbmf.method.predicted_returns import CHUNK_ROWS, PredictedReturns


@pytest.fixture(autouse=True)
def exact(monkeypatch):
    """All sequences are predicted exactly; tests of screening compare with this."""
    monkeypatch.setattr(Model, "for_screening", lambda _self: None)


def planner(reward, horizon, samples):
    model = Model(16, 2, [50], torch.Generator().manual_seed(0))
    settings = PlanningSettings(horizon=horizon, num_samples=samples)
    return Planner(PredictedReturns(model, reward, None, 2), settings)


@pytest.mark.parametrize(("bodies", "samples"), [(1, 5000), (3, 700), (10, 40), (4, 2501)])
def test_plan_is_the_best_of_all_samples(bodies, samples, monkeypatch):
    """Brute force over every sequence that the planner drew, whatever its chunks."""
    drawn = []
    original = predicted_returns.rollout_returns

    def record(network, reward, terminated, starts, actions):
        returns = original(network, reward, terminated, starts, actions)
        count = actions.shape[1] // len(starts)
        repeated = starts.repeat_interleave(count, dim=0)
        drawn.append((repeated, actions[0].clone(), returns.clone()))
        return returns

    monkeypatch.setattr(predicted_returns, "rollout_returns", record)
    shooting = planner(lambda s, a: s[:, 3] - a[:, 0], 4, samples)
    states = np.arange(bodies)[:, None] + np.zeros((1, 16))
    plan = shooting.plan(states, torch.Generator().manual_seed(0))
    starts, first_actions, returns = (torch.cat(x) for x in zip(*drawn, strict=True))
    assert len(returns) == bodies * samples
    assert max(len(x[2]) for x in drawn) <= CHUNK_ROWS
    for body in range(bodies):
        own = starts[:, 0] == body
        assert own.sum() == samples
        best = returns[own].argmax()
        np.testing.assert_array_equal(plan.actions[body], first_actions[own][best].numpy())
        assert plan.returns[body] == returns[own][best]


def test_samples_are_uniform_in_the_box(monkeypatch):
    seen = []

    def record(_network, _reward, _terminated, _starts, actions):
        seen.append(actions.clone())
        return torch.zeros(actions.shape[1])

    monkeypatch.setattr(predicted_returns, "rollout_returns", record)
    shooting = planner(lambda s, a: s[:, 0], 20, 5000)
    shooting.plan(np.zeros((1, 16)), torch.Generator().manual_seed(0))
    actions = torch.cat([x.flatten() for x in seen])
    assert len(actions) == 5000 * 20 * 2
    assert actions.min() >= -1
    assert actions.max() <= 1
    assert actions.mean().abs() < 0.01
    assert actions.var().item() == pytest.approx(1 / 3, rel=0.01)


@pytest.mark.parametrize(("bodies", "samples"), [(5, 700), (2, 6000)])
def test_a_plan_does_not_depend_on_how_many_sequences_are_held(bodies, samples, monkeypatch):
    shooting = planner(lambda s, a: s[:, 3] - a[:, 0], 3, samples)
    states = np.random.default_rng(0).normal(size=(bodies, 16))
    expected = shooting.plan(states, torch.Generator().manual_seed(0))
    for held in (1, 4000, 10**9):
        monkeypatch.setattr(random_shooting, "HELD", held)
        plan = shooting.plan(states, torch.Generator().manual_seed(0))
        np.testing.assert_array_equal(plan.actions, expected.actions)
        np.testing.assert_array_equal(plan.returns, expected.returns)
