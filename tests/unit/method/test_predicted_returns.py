"""Predicted returns by hand, and the same in whatever chunks."""

import math

import numpy as np
import pytest
import torch

from mbmf.method import predicted_returns
from mbmf.method.models.mlp import Model
from mbmf.method.predicted_returns import (
    CHUNK_ROWS,
    GPU_CHUNK_ROWS,
    PredictedReturns,
    chunk_shape,
    rollout_returns,
)


def point_mass(inputs):
    """Change of (position, velocity) on a line; the action accelerates."""
    velocity, action = inputs[:, 1:2], inputs[:, 2:3]
    return torch.cat([velocity, action], dim=1)


def test_returns_of_a_point_mass_by_hand():
    starts = torch.tensor([[0.0, 1.0], [2.0, -1.0]])
    actions = torch.tensor([[[1.0], [0.5]], [[-1.0], [0.5]]])  # (H, N, A)
    returns = rollout_returns(point_mass, lambda s, a: s[:, 0] - a[:, 0], None, starts, actions)
    # First body: positions 1, 3; second: 1, 0.5. Less the actions.
    assert returns.tolist() == pytest.approx([1 - 1 + 3 + 1, 1 - 0.5 + 0.5 - 0.5])


def test_a_candidate_earns_nothing_from_the_step_on_that_ends_its_episode():
    starts = torch.tensor([[0.0, 1.0], [0.0, 0.1]])
    actions = torch.zeros(5, 2, 1)
    returns = rollout_returns(
        point_mass, lambda s, a: 1 + 0 * s[:, 0], lambda s: s[:, 0] >= 2, starts, actions
    )
    # [C]: the step that reaches 2 is not paid either.
    assert returns.tolist() == [1.0, 5.0]


def test_a_state_that_overflows_unseen_by_the_reward_counts_as_non_finite():
    def network(inputs):
        return torch.stack([inputs[:, 2], torch.full_like(inputs[:, 2], math.nan)], dim=1)

    returns = rollout_returns(
        network, lambda s, a: s[:, 0], None, torch.zeros(4, 2), torch.ones(1, 4, 1)
    )
    assert returns.tolist() == [-math.inf] * 4


def test_chunks_hold_the_paper_shapes():
    assert chunk_shape(1, 5000, CHUNK_ROWS) == (1, 2500)
    assert chunk_shape(10, 1000, CHUNK_ROWS) == (2, 1000)
    assert chunk_shape(10, 100, CHUNK_ROWS) == (10, 100)
    assert chunk_shape(10, 5000, GPU_CHUNK_ROWS) == (10, 5000)
    assert chunk_shape(2, 15000, CHUNK_ROWS) == (1, 2500)


def test_scores_are_those_of_each_body_by_itself(monkeypatch):
    """In chunks of 7 rows, so that neither bodies nor samples divide evenly."""
    draws = torch.Generator().manual_seed(0)
    model = Model(4, 2, [8], draws)
    starts = torch.randn(5, 4, generator=draws)
    actions = torch.rand(3, 5, 11, 2, generator=draws) * 2 - 1
    monkeypatch.setattr(predicted_returns, "CHUNK_ROWS", 7)
    passes = []
    original = predicted_returns.rollout_returns

    def counted(*arguments):
        passes.append(arguments[-1].shape[1])
        return original(*arguments)

    monkeypatch.setattr(predicted_returns, "rollout_returns", counted)
    objective = PredictedReturns(model, lambda s, a: s[:, 0] - a[:, 1], None, 2)
    with torch.inference_mode():
        returns = objective.score(starts, actions)
    assert max(passes) <= 7
    model.requires_grad_(False)
    for body in range(5):
        for sample in range(11):
            state, total = starts[body], 0.0
            for action in actions[:, body, sample]:
                state = model(state, action)
                total += float(state[0] - action[1])
            assert returns[body, sample].item() == pytest.approx(total, abs=1e-4)


def test_starts_are_repeated_for_the_sequences_that_follow_each_other():
    starts = torch.tensor([[0.0, 0.0], [10.0, 0.0]])
    returns = rollout_returns(point_mass, lambda s, a: s[:, 0], None, starts, torch.zeros(1, 6, 1))
    np.testing.assert_array_equal(returns, [0, 0, 0, 10, 10, 10])
