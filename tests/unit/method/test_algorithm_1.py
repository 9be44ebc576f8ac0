"""Algorithm 1: what it trains on, what it executes, what it stores, what it holds out."""

import numpy as np
import pytest
import torch

from mbmf.agents import get_agent
from mbmf.method import algorithm_1, mpc
from mbmf.method.random_data import generate

SEED = 3
SWIMMER = get_agent("swimmer")


@pytest.fixture
def data(tiny):
    return generate(SWIMMER, tiny.random_data, SEED)


def run(settings, data, iterations=3):
    progress = algorithm_1.start(SWIMMER, settings, data, SEED)
    for _ in range(iterations):
        algorithm_1.iterate(progress, SWIMMER, settings, data, SEED)
    return progress


def changed(settings, **sections):
    for section, values in sections.items():
        for key, value in values.items():
            settings = settings.replaced(f"{section}.{key}", value)
    return settings


@pytest.fixture
def trained_on(monkeypatch):
    """What each iteration trained on: (D_RAND, D_RL) as `TrainingData`."""
    seen = []
    original = algorithm_1.train

    def spy(model, optimizer, random_data, on_policy_data, *rest):
        seen.append((random_data, on_policy_data))
        return original(model, optimizer, random_data, on_policy_data, *rest)

    monkeypatch.setattr(algorithm_1, "train", spy)
    return seen


def test_trains_on_random_data_and_on_all_training_rollouts_so_far(tiny, data, trained_on):
    quiet = changed(tiny, dynamics={"noise": 0.0})
    progress = run(quiet, data)
    model = progress.model
    states, actions, next_states = (torch.from_numpy(x) for x in data.training.transitions())
    for iteration, (random_data, on_policy) in enumerate(trained_on):
        assert len(random_data) == 3 * 40
        assert len(on_policy) == iteration * 2 * 12
        found = random_data.inputs * model.input_std + model.input_mean
        torch.testing.assert_close(
            found, torch.cat([states, actions], dim=1).float(), rtol=1e-4, atol=1e-4
        )
        found = random_data.targets * model.delta_std + model.delta_mean
        torch.testing.assert_close(found, (next_states - states).float(), rtol=1e-4, atol=1e-4)
    parts = [rollouts.transitions() for rollouts in progress.on_policy[:2]]
    states, actions, next_states = (
        torch.from_numpy(np.concatenate(part)) for part in zip(*parts, strict=True)
    )
    _, on_policy = trained_on[2]
    found = on_policy.inputs * model.input_std + model.input_mean
    torch.testing.assert_close(
        found, torch.cat([states, actions], dim=1).float(), rtol=1e-4, atol=1e-4
    )
    found = on_policy.targets * model.delta_std + model.delta_mean
    torch.testing.assert_close(found, (next_states - states).float(), rtol=1e-4, atol=1e-4)


def test_noise_is_added_once_to_inputs_and_targets(tiny, data, trained_on):
    run(tiny, data)
    noisy = list(trained_on)
    trained_on.clear()
    run(changed(tiny, dynamics={"noise": 0.0}), data)
    for part in ("inputs", "targets"):
        # Alike in every iteration, and not the plain data.
        assert torch.equal(getattr(noisy[0][0], part), getattr(noisy[2][0], part))
        assert torch.equal(getattr(noisy[1][1], part), getattr(noisy[2][1], part)[:24])
        assert not torch.equal(getattr(noisy[0][0], part), getattr(trained_on[0][0], part))


def test_the_planned_action_is_stored_and_a_noisy_one_executed(tiny, data, monkeypatch):
    executed = []
    original = mpc.collect

    def spy(spec, seeds, steps, controller, start):
        assert start == "mpc"

        def recording(*arguments):
            planned, shaken = controller(*arguments)
            executed.append((planned, shaken))
            return planned, shaken

        return original(spec, seeds, steps, recording, start)

    monkeypatch.setattr(mpc, "collect", spy)
    loud = changed(tiny, aggregation={"action_noise": 0.05, "steps": 40})
    progress = run(loud, data, iterations=1)
    planned, shaken = (np.stack(part, axis=1) for part in zip(*executed, strict=True))
    stored = np.concatenate([progress.on_policy[0].actions, progress.validation[0].actions])
    np.testing.assert_array_equal(stored, planned)
    inside = np.abs(shaken) < 1
    assert (np.abs(shaken) <= 1).all()
    assert (shaken - planned)[inside].std() == pytest.approx(0.05, rel=0.15)
    # Rewards and states are those of what was executed.
    everything = [progress.on_policy[0], progress.validation[0]]
    states = np.concatenate([rollouts.states for rollouts in everything])
    rewards = np.concatenate([rollouts.rewards for rollouts in everything])
    expected = SWIMMER.reward(states[:, 1:], shaken)
    np.testing.assert_allclose(rewards, expected, atol=1e-12)


def test_the_last_rollouts_are_held_out_and_measured(tiny, data, monkeypatch):
    measured = []
    original = algorithm_1._validation

    def spy(model, source, rollouts):
        measured.append((source, rollouts))
        return original(model, source, rollouts)

    monkeypatch.setattr(algorithm_1, "_validation", spy)
    progress = run(tiny, data, iterations=2)
    held_out = [rollouts for source, rollouts in measured if source == "on_policy"]
    for iteration in range(2):
        kept, other = progress.validation[iteration], progress.on_policy[iteration]
        assert (len(kept), len(other)) == (1, 2)
        np.testing.assert_array_equal(held_out[iteration].states, kept.states)
        assert not (kept.states[0] == other.states).all(axis=(1, 2)).any()
    assert [rollouts for source, rollouts in measured if source == "random"] == [
        data.validation,
        data.validation,
    ]


def test_weights_and_adams_moments_go_on_between_iterations(tiny, data):
    progress = run(tiny, data, iterations=1)
    (state, *_) = progress.optimizer.state_dict()["state"].values()
    # [C]: D_RAND's 120 points, 32 at a time; then 8 at a time, for 24 of D_RL join each 8.
    assert state["step"] == tiny.dynamics.epochs * 3
    algorithm_1.iterate(progress, SWIMMER, tiny, data, SEED)
    (state, *_) = progress.optimizer.state_dict()["state"].values()
    assert state["step"] == tiny.dynamics.epochs * (3 + 15)


def test_training_points_are_counted_as_the_authors_count(tiny, data):
    """D_RAND and the training rollouts before this iteration; nothing that is held out."""
    progress = run(tiny, data)
    assert [row["authors_steps"] for row in progress.curve] == [120, 144, 168]
    # Every simulator step before this iteration: 4 random rollouts of 40, 3 of 12 an iteration.
    assert [row["env_steps"] for row in progress.curve] == [160, 196, 232]


def test_only_states_and_changes_are_noisy(tiny, data, trained_on):
    """[C] leaves the actions clean; the noise is 0.01 of a dimension's |mean|."""
    progress = run(changed(tiny, dynamics={"noise": 0.5}), data, iterations=2)
    model = progress.model
    for part, rollouts in zip(trained_on[1], (data.training, progress.on_policy[0]), strict=True):
        found = part.inputs * model.input_std + model.input_mean
        states, actions, _ = rollouts.transitions()
        np.testing.assert_allclose(found[:, 16:], actions, atol=1e-5)
        assert (np.abs(found[:, :16].numpy() - states) > 1e-4).any()


def test_plans_with_the_model_just_trained(tiny, data, monkeypatch):
    planners = []
    original = algorithm_1.new_planner

    def recording(model, *rest):
        planners.append(model.layers[0].weight.detach().clone())
        return original(model, *rest)

    monkeypatch.setattr(algorithm_1, "new_planner", recording)
    progress = run(tiny, data)
    for used, saved in zip(planners, progress.models, strict=True):
        assert torch.equal(used, saved["layers.0.weight"])
