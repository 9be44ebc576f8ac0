"""Plans with screening beside plans without, and which models are screened."""

from pathlib import Path

import numpy as np
import pytest
import torch

from mbmf.agents import AGENTS, get_agent
from mbmf.base.errors import NonFiniteError
from mbmf.method import algorithm_1, random_data
from mbmf.method.models import mlp
from mbmf.method.models.mlp import Model
from mbmf.method.planners.base import PlanningSettings, new_planner
from mbmf.method.predicted_returns import SMALLEST_SCREENED, PredictedReturns
from mbmf.workflow.configuration import load_configuration

CONFIG = Path(__file__).parents[3] / "config"
# The others have states that end an episode.
SCREENED = ("swimmer", "half_cheetah")


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


def model_of(agent, hidden=(300,), seed=0):
    """With changes of state as small as a body's."""
    model = Model(agent.state_dim, agent.action_dim, hidden, draws(seed))
    model.delta_std.fill_(0.1)
    return model


def screened_anywhere(monkeypatch, whether=True):
    monkeypatch.setattr(mlp, "has_vnni", lambda: whether)


@pytest.fixture
def everywhere(monkeypatch):
    """Screening on any processor: the products need no instruction of its own."""
    screened_anywhere(monkeypatch)


def planners(agent, model, settings):
    """(screened, in float32 throughout)."""
    screened, exact = (new_planner(model, agent, settings) for _ in range(2))
    assert screened.objective._screen is not None
    exact.objective._screen = None
    return screened, exact


@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize("name", SCREENED)
def test_plans_are_those_of_float32_to_the_bit(name):
    """Of three bodies, one of them 300 m away; 1 x 300 and 2 x 150."""
    agent = get_agent(name)
    settings = PlanningSettings(horizon=12, num_samples=1200)
    for seed, hidden in enumerate([(300,), (150, 150)]):
        screened, exact = planners(agent, model_of(agent, hidden, seed), settings)
        states = 0.1 * np.random.default_rng(seed).standard_normal((3, agent.state_dim))
        states[2] += 300 * (np.array(agent.state_names) == "com x [m]")
        found, expected = (p.plan(states, draws(seed)) for p in (screened, exact))
        np.testing.assert_array_equal(found.actions, expected.actions)
        np.testing.assert_array_equal(found.returns, expected.returns)


@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize("hidden", [(300,), (150, 150)])
@pytest.mark.parametrize("case", ["start", "model"])
def test_where_nothing_is_finite_planning_says_so(case, hidden):
    """A start that is infinite, and a model whose states grow beyond float32."""
    agent = get_agent("swimmer")
    model = model_of(agent, hidden)
    states = np.zeros((2, agent.state_dim))
    if case == "start":
        states[1, 3] = np.inf
    else:
        model.delta_std.fill_(1e6)
    planner = new_planner(model, agent, PlanningSettings(horizon=20, num_samples=1500))
    with pytest.raises(NonFiniteError, match="sequences has a finite prediction"):
        planner.plan(states, draws())


@pytest.mark.usefixtures("everywhere")
def test_states_in_any_order_of_memory_are_planned_from():
    agent = get_agent("swimmer")
    states = np.random.default_rng(0).normal(size=(3, agent.state_dim))
    planner = new_planner(model_of(agent), agent, PlanningSettings(horizon=4, num_samples=1200))
    plans = [planner.plan(order(states), draws()) for order in (np.asarray, np.asfortranarray)]
    np.testing.assert_array_equal(plans[0].actions, plans[1].actions)


@pytest.mark.usefixtures("everywhere")
def test_another_device_plans_in_float32_alone():
    assert model_of(get_agent("swimmer")).to("meta").for_screening() is None


@pytest.mark.usefixtures("everywhere")
def test_most_sequences_are_never_predicted_exactly(monkeypatch):
    agent = get_agent("swimmer")
    objective = PredictedReturns.of_agent(model_of(agent), agent)
    scored = []
    original = PredictedReturns.score

    def spy(self, starts, actions):
        scored.append(actions.shape[1] * actions.shape[2])
        return original(self, starts, actions)

    monkeypatch.setattr(PredictedReturns, "score", spy)
    actions = torch.rand(5, 2, SMALLEST_SCREENED, 2, generator=draws()) * 2 - 1
    starts = torch.zeros(2, agent.state_dim)
    with torch.inference_mode():
        objective.best(starts, actions)
        assert sum(scored) < SMALLEST_SCREENED
        scored.clear()
        objective.best(starts, actions[:, :, 1:])
    assert sum(scored) == 2 * (SMALLEST_SCREENED - 1)


def test_a_narrow_network_is_not_screened(monkeypatch):
    screened_anywhere(monkeypatch)
    assert model_of(get_agent("swimmer"), [mlp.NARROWEST_SCREENED - 1]).for_screening() is None


def test_layers_of_very_different_width_are_not_screened(monkeypatch):
    """Each would be as wide as the widest, and take longer than in float32."""
    screened_anywhere(monkeypatch)
    agent = get_agent("swimmer")
    assert model_of(agent, [300, 149]).for_screening() is None
    assert model_of(agent, [150, 300]).for_screening() is not None


@pytest.mark.parametrize("name", sorted(set(AGENTS) - set(SCREENED)))
def test_where_a_state_ends_the_episode_nothing_is_screened(name, monkeypatch):
    screened_anywhere(monkeypatch)
    agent = get_agent(name)
    assert agent.terminated is not None
    assert PredictedReturns.of_agent(model_of(agent), agent)._screen is None


def test_without_units_all_are_predicted_in_float32(monkeypatch):
    screened_anywhere(monkeypatch, False)
    agent = get_agent("swimmer")
    assert model_of(agent).for_screening() is None
    objective = PredictedReturns.of_agent(model_of(agent), agent)
    actions = torch.rand(3, 1, 1500, 2, generator=draws()) * 2 - 1
    starts = torch.ones(1, agent.state_dim)
    with torch.inference_mode():
        index, highest = objective.best(starts, actions)
        scores = objective.score(starts, actions)
    assert index == scores.argmax()
    assert highest == scores.max()


@pytest.mark.long
@pytest.mark.usefixtures("everywhere")
def test_a_run_of_algorithm_1_is_the_same_with_screening_and_without(monkeypatch):
    layers = [CONFIG / f"{name}.yaml" for name in ("agents", "config", "smoke")]
    agent = get_agent("swimmer")
    settings = load_configuration(layers).agents["swimmer"].model_based
    settings = settings.replaced("planning.num_samples", 1500)
    settings = settings.replaced("dynamics.hidden_layers", [200])
    data = random_data.generate(agent, settings.random_data, 0)
    runs = []
    assert model_of(agent, settings.dynamics.hidden_layers).for_screening() is not None
    for screening in (True, False):
        if not screening:
            monkeypatch.setattr(Model, "for_screening", lambda _self: None)
        progress = algorithm_1.start(agent, settings, data, 0)
        for _ in range(settings.aggregation.iterations):
            algorithm_1.iterate(progress, agent, settings, data, 0)
        runs.append(progress)
    # Errors over more steps than a rollout has are NaN, in both.
    np.testing.assert_equal(runs[0].curve, runs[1].curve)
    for first, second in zip(runs[0].models, runs[1].models, strict=True):
        assert all(torch.equal(first[name], second[name]) for name in second)
