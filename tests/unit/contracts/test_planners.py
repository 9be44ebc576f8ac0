"""What every planner does, those of examples/ included."""

import math

import numpy as np
import pytest
import torch

from mbmf.agents import get_agent
from mbmf.base.errors import NonFiniteError
from mbmf.method.doors import PLANNERS
from mbmf.method.models.base import DynamicsModel
from mbmf.method.models.mlp import Model
from mbmf.method.planners.base import PlanningSettings, new_planner
from mbmf.method.predicted_returns import PredictedReturns

DOOR = PLANNERS
TARGET = torch.tensor([0.4, -0.7])
# The rewards here differ by about 1: their average should be that of the best sequences.
OWN = {"mppi": {"reward_weighting": 200.0}}


class Known(DynamicsModel):
    """A change of state that is known: the action itself."""

    def normalised_forward(self, inputs):
        return inputs[..., -2:]


def nearness(states, actions):
    """Highest where the action is TARGET, whatever the state."""
    del states
    return -(actions - TARGET).square().sum(-1)


def planner(name, reward=nearness, terminated=None, samples=400, horizon=2):
    kind = PLANNERS.load(name)
    settings = kind.Settings(
        planner=name, horizon=horizon, num_samples=samples, **OWN.get(name, {})
    )
    return kind(PredictedReturns(Known(2, 2), reward, terminated, 2), settings)


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


STATES = np.random.default_rng(0).normal(size=(3, 2))


def test_a_plan_has_an_action_in_the_box_and_a_return_for_each_body(name):
    plan = planner(name, lambda s, a: s[:, 0] * a[:, 1]).plan(STATES, draws())
    assert plan.actions.shape == (3, 2)
    assert plan.returns.shape == (3,)
    assert plan.actions.dtype == plan.returns.dtype == np.float32
    assert (np.abs(plan.actions) <= 1).all()


def test_the_same_seed_plans_the_same_and_another_does_not(name):
    first, same, other = (planner(name).plan(STATES, draws(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.actions, same.actions)
    np.testing.assert_array_equal(first.returns, same.returns)
    assert (first.actions != other.actions).any()


def test_a_plan_leaves_states_and_global_random_numbers_alone(name):
    states, before = STATES.copy(), torch.get_rng_state()
    planner(name).plan(states, draws())
    np.testing.assert_array_equal(states, STATES)
    assert torch.equal(torch.get_rng_state(), before)


def test_it_finds_a_known_optimum(name):
    plan = planner(name, horizon=1, samples=4000).plan(STATES, draws())
    np.testing.assert_allclose(plan.actions, np.tile(TARGET, (3, 1)), atol=0.1)
    # The return that it promises is that of its action, over one step.
    promised = nearness(None, torch.from_numpy(plan.actions))
    np.testing.assert_allclose(plan.returns, promised, atol=1e-6)


def test_more_samples_plan_no_worse(name):
    few, many = (
        np.mean([planner(name, samples=K).plan(STATES, draws(s)).returns for s in range(20)])
        for K in (5, 500)
    )
    assert many > few


def test_each_body_is_planned_for_by_its_own_state(name):
    """The best action points to the origin: each body's the other way from where it is."""
    states = np.array([[5.0, 0.0], [-5.0, 0.0], [5.0, 0.0], [-5.0, 0.0]])
    towards = planner(name, lambda s, a: -s.square().sum(-1), horizon=3)
    actions = towards.plan(states, draws()).actions[:, 0]
    assert (np.sign(actions) == -np.sign(states[:, 0])).all()
    # The sequences drawn for a body change with who is beside it; what they are worth does not.
    for body in range(4):
        alone = towards.plan(states[body : body + 1], draws()).actions[0, 0]
        assert np.sign(alone) == np.sign(actions[body])


def test_non_finite_predictions_are_never_chosen(name):
    def splendid_above_zero(states, actions):
        return torch.where(actions[:, 0] > 0, math.inf, states[:, 0])

    plan = planner(name, splendid_above_zero).plan(STATES, draws())
    assert (plan.actions[:, 0] <= 0).all()
    assert np.isfinite(plan.returns).all()


def test_planning_without_a_finite_prediction_is_an_error(name):
    nowhere = planner(name, lambda s, a: s[:, 0] * math.nan, samples=50)
    tried = nowhere.settings.sequences
    with pytest.raises(NonFiniteError, match=f"body 0: none of the {tried} action sequences"):
        nowhere.plan(STATES, draws())


def test_it_states_how_many_sequences_it_scores(name, monkeypatch):
    counted = []
    original = PredictedReturns.score

    def spy(self, starts, actions):
        counted.append(actions.shape[1] * actions.shape[2])
        assert actions.shape[0] == 3
        assert (actions.abs() <= 1).all()
        return original(self, starts, actions)

    monkeypatch.setattr(PredictedReturns, "score", spy)
    tried = planner(name, horizon=3, samples=70)
    tried.plan(STATES, draws())
    assert sum(counted) == len(STATES) * tried.settings.sequences


def test_it_brings_a_point_mass_to_rest_in_closed_loop(name):
    """With the true model: (position, velocity) on a line, the action accelerates."""

    class PointMass(DynamicsModel):
        def normalised_forward(self, inputs):
            return inputs[:, 1:3]

    def reward(states, _actions):
        return -(states[:, 0] - 5).square() - 0.5 * states[:, 1].square()

    kind = PLANNERS.load(name)
    settings = kind.Settings(planner=name, horizon=4, num_samples=2000, **OWN.get(name, {}))
    controller = kind(PredictedReturns(PointMass(2, 1), reward, None, 1), settings)
    state, stream = np.array([[0.0, 0.0]]), draws()
    for _ in range(25):
        action = controller.plan(state, stream).actions
        state = state + np.concatenate([state[:, 1:], action], axis=1)
    np.testing.assert_allclose(state, [[5, 0]], atol=0.5)


@pytest.mark.parametrize("agent", ["swimmer", "hopper"])
def test_the_settings_name_it(name, agent):
    spec = get_agent(agent)
    settings = PLANNERS.load(name).Settings(planner=name, horizon=3, num_samples=20)
    assert isinstance(settings, PlanningSettings)
    model = Model(spec.state_dim, spec.action_dim, [8], draws())
    found = new_planner(model, spec, settings)
    assert type(found) is PLANNERS.load(name)
    plan = found.plan(np.zeros((2, spec.state_dim)), draws())
    assert plan.actions.shape == (2, spec.action_dim)
