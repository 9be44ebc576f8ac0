"""When a plan starts from the one before, and what particles are."""

import numpy as np
import pytest
import torch

from mbmf.method.planners.base import PlanningSettings
from mbmf.method.planners.random_shooting import Planner as RandomShooting
from mbmf.method.planners.warm_started import HELD, best_of

NAMES = ["cem", "icem", "mppi"]
pytestmark = pytest.mark.parametrize("name", NAMES)


def starts_of_plans(monkeypatch, planner):
    """For each call of `refine`, whether it starts from sequences of the step before."""
    seen = []
    original = type(planner).refine

    def spy(self, starts, kept, generator):
        seen.append(None if kept is None else tuple(kept.shape[:2]))
        return original(self, starts, kept, generator)

    monkeypatch.setattr(type(planner), "refine", spy)
    return seen


def test_a_plan_starts_from_the_one_before_of_the_same_rollouts(name, task, monkeypatch):
    planner = task.planner(name, horizon=4, num_samples=20)
    seen = starts_of_plans(monkeypatch, planner)
    rollouts, others = task.draws(), task.draws()
    planner.plan(task.states, rollouts)
    planner.plan(task.states, rollouts)
    planner.plan(task.states, others)  # a generator of its own, whatever its seed
    planner.plan(task.states, others)
    assert seen == [None, (4, 2), None, (4, 2)]


def test_where_a_rollout_ended_the_others_start_afresh_once(name, task, monkeypatch):
    planner = task.planner(name, horizon=3, num_samples=20)
    seen = starts_of_plans(monkeypatch, planner)
    stream = task.draws()
    for states in (task.states, task.states[1:], task.states[1:]):
        planner.plan(states, stream)
    assert seen == [None, None, (3, 1)]


def steady(states, actions):
    """The best plan holds one action, so that it stays the best when it is shifted."""
    del states
    return -(actions - torch.tensor([0.4, -0.6])).square().sum(-1)


def test_plans_get_better_from_step_to_step(name, task):
    """And better than random shooting with as many sequences; means over seeds."""
    # MPPI's average is then that of few sequences.
    own = {"reward_weighting": 20.0} if name == "mppi" else {}
    found = []
    for seed in range(10):
        planner = task.planner(name, steady, horizon=10, num_samples=50, **own)
        sequences = planner.settings.sequences
        shooting = RandomShooting(
            planner.objective, PlanningSettings(horizon=10, num_samples=sequences)
        )
        stream = task.draws(seed)
        plans = [planner.plan(task.states, stream) for _ in range(5)]
        others = shooting.plan(task.states, stream)
        found.append([plan.returns.mean() for plan in (plans[0], plans[-1], others)])
    first, last, random = np.mean(found, axis=0)
    assert last > first
    assert last > random


def test_bodies_are_planned_for_in_parts_that_memory_holds(name, task, monkeypatch):
    planner = task.planner(name, horizon=2, num_samples=HELD // 3)
    seen = []
    original = type(planner).refine

    def spy(self, starts, kept, generator):
        seen.append(len(starts))
        return original(self, starts, kept, generator)

    monkeypatch.setattr(type(planner), "refine", spy)
    stream = task.draws()
    plan = planner.plan(np.tile(task.states, (4, 1)), stream)
    assert seen == [3, 3, 2]
    assert plan.actions.shape == (8, 2)
    # The next plan gives each part what its own bodies kept.
    again = planner.plan(np.tile(task.states, (4, 1)), stream)
    assert seen == [3, 3, 2] * 2
    np.testing.assert_allclose(again.returns[:2], again.returns[6:], atol=0.3)


def test_particles_are_averaged(name, task):
    """A model that adds to the reward of every other row: the mean of both is what counts."""
    rows = torch.arange(2)

    def noisy(states, actions):
        del actions
        return rows.repeat(len(states) // 2) * 1000.0 - states.square().sum(-1)

    planner = task.planner(name, noisy, horizon=1, num_samples=100, particles=2)
    plan = planner.plan(task.states, task.draws())
    expected = 500 - np.square(task.states + plan.actions).sum(axis=1)
    np.testing.assert_allclose(plan.returns, expected, atol=1e-3)
    alone = task.planner(name, horizon=1, num_samples=100)
    assert planner.settings.sequences == 2 * alone.settings.sequences


def test_the_best_takes_the_place_of_what_is_not_finite(name):
    del name
    actions = torch.arange(4.0).view(1, 1, 4, 1)
    returns = torch.tensor([[-torch.inf, 2.0, -torch.inf, 5.0]])
    best, highest = best_of(actions, returns, 3)
    assert best.flatten().tolist() == [3, 1, 3]
    assert highest.tolist() == [[5, 2, 5]]
