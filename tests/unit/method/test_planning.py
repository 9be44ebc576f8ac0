"""Random shooting against brute force and known optima."""

import math

import numpy as np
import pytest
import torch

from mbmf.base.errors import NonFiniteError
from mbmf.method import planning
from mbmf.method.dynamics import DynamicsModel
from mbmf.method.planning import (
    CHUNK_ROWS,
    GPU_CHUNK_ROWS,
    FoldedNetwork,
    PlanningSettings,
    RandomShooting,
    chunk_shape,
    rollout_returns,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def normalised_model(hidden=(500,), state_dim=16, action_dim=2):
    model = DynamicsModel(state_dim, action_dim, hidden, generator())
    data = torch.randn(100, state_dim + action_dim, generator=generator(1)) * 5 + 2
    deltas = torch.randn(100, state_dim, generator=generator(2)) * 0.3 - 1
    model.fit_normalisation(data[:, :state_dim], data[:, state_dim:], deltas)
    return model


def point_mass(inputs):
    """Change of (position, velocity) on a line; the action accelerates."""
    velocity, action = inputs[:, 1:2], inputs[:, 2:3]
    return torch.cat([velocity, action], dim=1)


@pytest.mark.parametrize("hidden", [(500,), (500, 500), (7,)])
@pytest.mark.parametrize("fused", [True, False])
def test_folded_network_equals_the_model(hidden, fused, monkeypatch):
    if not fused:
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    model = normalised_model(hidden)
    states = torch.randn(300, 16, generator=generator(3)) * 5
    actions = torch.rand(300, 2, generator=generator(4)) * 2 - 1
    expected = (model(states, actions) - states).detach()
    found = FoldedNetwork(model)(torch.cat([states, actions], dim=1))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


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


def test_non_finite_predictions_are_never_chosen(monkeypatch):
    def network(inputs):
        """Diverges wherever the action is positive, to a return that looks splendid."""
        delta = point_mass(inputs)
        return torch.where(inputs[:, 2:3] > 0, math.inf, delta)

    monkeypatch.setattr(planning, "FoldedNetwork", lambda _model: _with_device(network))
    planner = RandomShooting(
        normalised_model(state_dim=2, action_dim=1),
        lambda s, a: s[:, 0],
        None,
        1,
        PlanningSettings(horizon=1, num_samples=500),
    )
    plan = planner.plan(np.zeros((3, 2)), generator())
    assert (plan.actions <= 0).all()
    assert np.isfinite(plan.returns).all()


def test_a_state_that_overflows_unseen_by_the_reward_counts_as_non_finite():
    def network(inputs):
        return torch.stack([inputs[:, 2], torch.full_like(inputs[:, 2], math.nan)], dim=1)

    returns = rollout_returns(
        network, lambda s, a: s[:, 0], None, torch.zeros(4, 2), torch.ones(1, 4, 1)
    )
    assert returns.tolist() == [-math.inf] * 4


def test_planning_with_no_finite_candidate_is_an_error():
    planner = RandomShooting(
        normalised_model(state_dim=2, action_dim=1),
        lambda s, a: s[:, 0] * math.nan,
        None,
        1,
        PlanningSettings(horizon=3, num_samples=50),
    )
    with pytest.raises(NonFiniteError, match="none of the 50 action sequences"):
        planner.plan(np.zeros((2, 2)), generator())


def _with_device(function):
    class Network:
        device = torch.device("cpu")

        def __call__(self, inputs):
            return function(inputs)

    return Network()


@pytest.mark.parametrize(("bodies", "samples"), [(1, 5000), (3, 700), (10, 40), (4, 2501)])
def test_plan_is_the_best_of_all_samples(bodies, samples, monkeypatch):
    """Brute force over every sequence that the planner drew, whatever its chunks."""
    drawn = []
    original = planning.rollout_returns

    def record(network, reward, terminated, starts, actions):
        returns = original(network, reward, terminated, starts, actions)
        drawn.append((starts.clone(), actions[0].clone(), returns.clone()))
        return returns

    monkeypatch.setattr(planning, "rollout_returns", record)
    model = normalised_model()
    planner = RandomShooting(
        model,
        lambda s, a: s[:, 3] - a[:, 0],
        None,
        2,
        PlanningSettings(horizon=4, num_samples=samples),
    )
    states = np.arange(bodies)[:, None] + np.zeros((1, 16))
    plan = planner.plan(states, generator())
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
    monkeypatch.setattr(
        planning,
        "rollout_returns",
        lambda n, r, t, starts, actions: (seen.append(actions.clone()), torch.zeros(len(starts)))[
            1
        ],
    )
    planner = RandomShooting(
        normalised_model(),
        lambda s, a: s[:, 0],
        None,
        2,
        PlanningSettings(horizon=20, num_samples=5000),
    )
    planner.plan(np.zeros((1, 16)), generator())
    actions = torch.cat([x.flatten() for x in seen])
    assert len(actions) == 5000 * 20 * 2
    assert actions.min() >= -1
    assert actions.max() <= 1
    assert actions.mean().abs() < 0.01
    assert actions.var().item() == pytest.approx(1 / 3, rel=0.01)


def test_mpc_reaches_a_target_on_a_line(monkeypatch):
    """Closed loop with the true model: a point mass is brought to rest at 5."""
    monkeypatch.setattr(planning, "FoldedNetwork", lambda _model: _with_device(point_mass))
    planner = RandomShooting(
        normalised_model(state_dim=2, action_dim=1),
        lambda s, a: -(s[:, 0] - 5).square() - 0.5 * s[:, 1].square(),
        None,
        1,
        PlanningSettings(horizon=5, num_samples=2000),
    )
    state, draws = np.array([[0.0, 0.0]]), generator()
    for _ in range(25):
        action = planner.plan(state, draws).actions
        state = state + np.concatenate([state[:, 1:], action], axis=1)
    np.testing.assert_allclose(state, [[5, 0]], atol=0.35)


def test_chunks_hold_the_paper_shapes():
    assert chunk_shape(1, 5000, CHUNK_ROWS) == (1, 2500)
    assert chunk_shape(10, 1000, CHUNK_ROWS) == (2, 1000)
    assert chunk_shape(10, 100, CHUNK_ROWS) == (10, 100)
    assert chunk_shape(10, 5000, GPU_CHUNK_ROWS) == (10, 5000)
    assert chunk_shape(2, 15000, CHUNK_ROWS) == (1, 2500)


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("layer", [0, 1])
def test_a_model_whose_weights_are_not_finite_plans_nothing(layer, fused, monkeypatch):
    """The fused ReLU turns a hidden unit that is not a number into zero: it must not get there."""
    if not fused:
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    model = normalised_model((7,))
    with torch.no_grad():
        model.layers[layer].weight[0, 0] = math.nan
    with pytest.raises(NonFiniteError, match="weights that are not finite"):
        FoldedNetwork(model)


@pytest.mark.parametrize("fused", [True, False])
def test_a_state_that_would_overflow_the_network_is_never_chosen(fused, monkeypatch):
    """With the real network: sequences that blow up have return minus infinity."""
    if not fused:
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    model = normalised_model((7,), state_dim=2, action_dim=1)
    with torch.no_grad():
        for layer in model.linear_layers:
            layer.weight *= 1e6
    actions = torch.rand(8, 20, 1, generator=generator()) * 2 - 1
    returns = rollout_returns(
        FoldedNetwork(model), lambda s, a: 0 * a[:, 0], None, torch.ones(20, 2), actions
    )
    assert (returns == -math.inf).all()
