"""Behaviour cloning and DAgger: what is learned, what is relabelled, what is counted."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from mbmf.agents import get_agent
from mbmf.agents.bodies import Bodies
from mbmf.base.errors import NonFiniteError, SimulationError
from mbmf.base.random_streams import Purpose, integer_seeds, torch_stream
from mbmf.method import imitation, mpc
from mbmf.method.imitation import ExpertSettings, ImitationSettings
from mbmf.method.models.mlp import Model
from mbmf.method.planners.base import PlanningSettings, new_planner
from mbmf.method.policy import GaussianPolicy
from mbmf.method.rollouts import Rollouts

SETTINGS = {
    "expert_rollouts": 3,
    "epochs": 4,
    "learning_rate": 1e-2,
    "batch_size": 16,
    "iterations": 2,
    "rollouts": 1,
    "evaluation_rollouts": 2,
}
EXPERT = ExpertSettings(planning=PlanningSettings(horizon=2, num_samples=15), steps=10)
ELEMENTS = np.arange(16)
SWIMMER = get_agent("swimmer")


def settings(**changes):
    return ImitationSettings.model_validate(SETTINGS | changes)


@pytest.fixture(scope="module")
def model():
    made = Model(16, 2, [8], torch.Generator().manual_seed(0))
    made.delta_std.fill_(0.01)  # an untrained model, kept from running away
    return made


def policy(std=0.3):
    return GaussianPolicy(16, 2, [8], std, torch.Generator().manual_seed(1))


def started(model, given):
    expert, _ = imitation.expert_rollouts(model, SWIMMER, EXPERT, 3, seed=0)
    return expert, imitation.start(policy(), ELEMENTS, expert, 100, 70, given)


def test_cloning_learns_a_linear_expert_and_leaves_the_standard_deviation():
    generator = torch.Generator().manual_seed(0)
    observations = torch.randn(1000, 16, generator=generator) / 4
    actions = observations[:, :2] - observations[:, 2:4]
    learner = policy()
    given = settings(epochs=60, batch_size=64)
    loss = imitation.train(
        learner, imitation.new_optimizer(learner, given), observations, actions, given, generator
    )
    assert loss < 0.01 * actions.square().sum(dim=1).mean()
    torch.testing.assert_close(learner.log_std.exp(), torch.full((2,), 0.3))


def test_loss_is_the_squared_distance_to_the_expert():
    """By a learning rate too small to move anything: the loss of the policy as it is."""
    learner, given = policy(), settings(learning_rate=1e-30, epochs=1)
    observations, actions = torch.randn(50, 16), torch.randn(50, 2)
    loss = imitation.train(
        learner,
        imitation.new_optimizer(learner, given),
        observations,
        actions,
        given,
        torch.Generator(),
    )
    with torch.no_grad():
        expected = ((actions - learner(observations)) ** 2).sum() / 50
    assert loss == pytest.approx(float(expected), rel=1e-5)


def test_expert_acts_as_planned_without_noise(model):
    """The rollouts of the first round whose return is positive, in order."""
    expert, _ = imitation.expert_rollouts(model, SWIMMER, EXPERT, 3, seed=0)
    planner = new_planner(model, SWIMMER, EXPERT.planning)
    seeds = integer_seeds(0, Purpose.EXPERT_RESET, 0, count=3)
    bodies = Bodies(SWIMMER, 3)
    bodies.reset(range(3), [np.random.default_rng(seed) for seed in seeds], "mpc")
    stream = torch_stream(0, Purpose.EXPERT_PLANNING, 0)
    actions, returns = [], np.zeros(3)
    for _ in range(EXPERT.steps):
        actions.append(planner.plan(bodies.states, stream).actions)
        bodies.step(actions[-1])
        speed = bodies.states[:, SWIMMER.element("com x velocity [m/s]")]
        returns += speed - 0.005 * (actions[-1] ** 2).sum(axis=1)
    kept = returns > 0
    count = int(kept.sum())
    assert 0 < count < 3  # else the test shows nothing of the choice
    np.testing.assert_array_equal(expert.actions[:count], np.stack(actions, axis=1)[kept])
    np.testing.assert_allclose(expert.returns[:count], returns[kept], atol=1e-6)


def rollouts_of(returns, first):
    """Rollouts of 10 steps with these returns, marked by the first action."""
    count = len(returns)
    rewards = np.zeros((count, 10))
    rewards[:, 3] = returns
    actions = np.zeros((count, 10, 2))
    actions[:, 0, 0] = first + np.arange(count)
    steps = np.full(count, 10)
    return Rollouts(np.zeros((count, 11, 16)), actions, rewards, steps, steps)


@pytest.mark.parametrize(
    ("rounds", "kept", "steps"),
    [
        # Enough at once; two that fail are replaced.
        ([[1, 2, 3]], [0, 1, 2], 30),
        ([[-1, 2, 0], [4, -5], [6]], [1, 3, 5], 60),
        # One that lacks is looked for until 30 were made; then the best other takes its place.
        ([[1, -3, 5], *[[-2]] * 13, [-0.5], *[[-1]] * 13], [0, 2, 16], 300),
    ],
)
def test_only_expert_rollouts_with_a_positive_return_are_kept(
    model, monkeypatch, rounds, kept, steps
):
    """[C] goes on until it has enough; here ten times as many as are kept are made at most."""
    made, asked = [], []

    def collect(_spec, seeds, *_rest):
        found = rollouts_of(rounds[len(asked)], sum(asked))
        asked.append(len(seeds))
        made.append(found)
        return found

    monkeypatch.setattr(mpc, "collect", collect)
    found, taken = imitation.expert_rollouts(model, SWIMMER, EXPERT, 3, seed=0)
    assert asked == [len(part) for part in rounds]
    assert found.actions[:, 0, 0].tolist() == kept
    assert taken == steps


def test_every_step_is_counted_and_the_first_rollouts_are_relabelled(model):
    given = settings(iterations=3)
    expert, progress = started(model, given)
    for iteration in range(3):
        before = len(progress.observations)
        imitation.iterate(progress, model, SWIMMER, EXPERT, ELEMENTS, given, seed=0)
        added = len(progress.observations) - before
        assert added == (10 if iteration < 2 else 0)  # one of two rollouts of 10 steps
    # What a measurement cost is counted after it: its policy has not learned from it.
    assert [row["env_steps"] for row in progress.curve] == [100, 120, 140]
    # [C]: training points, 30 steps of the expert, and relabelled rollouts up to this one.
    assert [row["authors_steps"] for row in progress.curve] == [110, 120, 130]
    assert [row["training_points"] for row in progress.curve] == [30, 40, 50]
    assert [row["rollouts"] for row in progress.curve] == [2, 2, 2]
    assert progress.env_steps == 160
    np.testing.assert_allclose(
        progress.observations[:30].numpy(), expert.states[:, :-1].reshape(30, 16), rtol=1e-6
    )


def test_labels_are_the_experts_choice_at_the_visited_states(model):
    given = settings(iterations=2)
    _, progress = started(model, given)
    imitation.iterate(progress, model, SWIMMER, EXPERT, ELEMENTS, given, seed=0)
    states = progress.observations[30:].double().numpy()
    planner = new_planner(model, SWIMMER, EXPERT.planning)
    labels = planner.plan(states, torch_stream(0, Purpose.DAGGER_PLANNING, 0)).actions
    np.testing.assert_allclose(progress.actions[30:].numpy(), labels, atol=1e-6)


def test_a_loss_that_is_not_finite_stops_the_run_and_says_where(model):
    given = settings()
    _, progress = started(model, given)
    progress.actions[0] = float("nan")
    with pytest.raises(NonFiniteError, match=r"DAgger iteration 0 of swimmer.*learning_rate"):
        imitation.iterate(progress, model, SWIMMER, EXPERT, ELEMENTS, given, seed=0)
    assert progress.curve == []


def test_an_expert_without_a_step_is_told(model, monkeypatch):
    nothing = np.zeros(3, dtype=int)
    none = Rollouts(
        np.zeros((3, 11, 16)), np.zeros((3, 10, 2)), np.zeros((3, 10)), nothing, nothing + 1
    )
    monkeypatch.setattr(mpc, "collect", lambda *_: none)
    with pytest.raises(SimulationError, match=r"every expert rollout of swimmer, seed 0"):
        imitation.expert_rollouts(model, SWIMMER, EXPERT, 3, seed=0)


def test_imitations_weights_are_xavier_normal():
    """[C]: standard deviation sqrt(2 / (inputs + outputs)), and no bound as the uniform law has."""
    drawn = GaussianPolicy(
        400, 2, [600], generator=torch.Generator().manual_seed(0), weights="normal"
    )
    weights = drawn.mean[0].weight
    assert weights.std().item() == pytest.approx((2 / 1000) ** 0.5, rel=0.01)
    assert weights.abs().max() > 1.5 * (6 / 1000) ** 0.5


@pytest.mark.parametrize(
    "changes", [{"epochs": 0}, {"rollouts": 3}, {"batch_size": -1}, {"learning_rate": 0.0}]
)
def test_wrong_settings_are_refused(changes):
    with pytest.raises(ValidationError):
        settings(**changes)
