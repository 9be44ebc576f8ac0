"""Behaviour cloning and DAgger: what is learned, what is relabelled, what is counted."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from mbmf import imitation
from mbmf.agents import get_agent
from mbmf.dynamics import DynamicsModel
from mbmf.errors import NonFiniteError
from mbmf.imitation import ExpertSettings, ImitationSettings
from mbmf.planning import PlanningSettings, RandomShooting
from mbmf.policies import GaussianPolicy
from mbmf.streams import Purpose, torch_stream

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


def settings(**changes):
    return ImitationSettings.model_validate(SETTINGS | changes)


@pytest.fixture(scope="module")
def model():
    made = DynamicsModel(16, 2, [8], torch.Generator().manual_seed(0))
    made.delta_std.fill_(0.01)  # an untrained model, kept from running away
    return made


def policy(std=0.3):
    return GaussianPolicy(16, 2, [8], std, torch.Generator().manual_seed(1))


def started(model, given):
    expert = imitation.expert_rollouts(model, "swimmer", EXPERT, 3, seed=0)
    return expert, imitation.start(policy(), ELEMENTS, expert, 100, given)


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
    expert = imitation.expert_rollouts(model, "swimmer", EXPERT, 3, seed=0)
    spec = get_agent("swimmer")
    planner = RandomShooting(model, spec.reward, spec.terminated, spec.action_dim, EXPERT.planning)
    stream = torch_stream(0, Purpose.EXPERT_PLANNING)
    for step in range(EXPERT.steps):
        planned = planner.plan(expert.states[:, step], stream).actions
        np.testing.assert_array_equal(expert.actions[:, step], planned)
    rewards = spec.reward(expert.states[:, 1:], expert.actions)
    np.testing.assert_allclose(expert.rewards, rewards, atol=1e-12)


def test_every_step_is_counted_and_the_first_rollouts_are_relabelled(model):
    given = settings()
    expert, progress = started(model, given)
    for iteration in range(3):
        before = len(progress.observations)
        imitation.iterate(progress, model, "swimmer", EXPERT, ELEMENTS, given, seed=0)
        added = len(progress.observations) - before
        assert added == (10 if iteration < 2 else 0)  # one of two rollouts of 10 steps
    # What a measurement cost is counted after it: its policy has not learned from it.
    assert [row["env_steps"] for row in progress.curve] == [100, 120, 140]
    assert [row["training_points"] for row in progress.curve] == [30, 40, 50]
    assert [row["rollouts"] for row in progress.curve] == [2, 2, 2]
    assert progress.env_steps == 160
    np.testing.assert_allclose(
        progress.observations[:30].numpy(), expert.states[:, :-1].reshape(30, 16), rtol=1e-6
    )


def test_labels_are_the_experts_choice_at_the_visited_states(model):
    given = settings(iterations=1)
    _, progress = started(model, given)
    imitation.iterate(progress, model, "swimmer", EXPERT, ELEMENTS, given, seed=0)
    states = progress.observations[30:].double().numpy()
    spec = get_agent("swimmer")
    planner = RandomShooting(model, spec.reward, spec.terminated, spec.action_dim, EXPERT.planning)
    labels = planner.plan(states, torch_stream(0, Purpose.DAGGER_PLANNING, 0)).actions
    np.testing.assert_allclose(progress.actions[30:].numpy(), labels, atol=1e-6)


def test_a_loss_that_is_not_finite_stops_the_run_and_says_where(model):
    given = settings()
    _, progress = started(model, given)
    progress.actions[0] = float("nan")
    with pytest.raises(NonFiniteError, match=r"DAgger iteration 0 of swimmer.*learning_rate"):
        imitation.iterate(progress, model, "swimmer", EXPERT, ELEMENTS, given, seed=0)
    assert progress.curve == []


@pytest.mark.parametrize(
    "changes", [{"epochs": 0}, {"rollouts": 3}, {"batch_size": -1}, {"learning_rate": 0.0}]
)
def test_wrong_settings_are_refused(changes):
    with pytest.raises(ValidationError):
        settings(**changes)
