"""CEM against a plain version, a body and a sample at a time."""

import numpy as np
import pytest
import torch
from torch import nn

from mbmf.method.planners.cem import sample

H, K, ROUNDS, ELITES, ALPHA = 4, 30, 5, 3, 0.1


def plain(start, before, drawn, plain_return):
    """PETS's `obtain_solution` for one body: mean of the last round."""
    mean = np.zeros((H, 2))
    if before is not None:
        mean[:-1] = before[1:]
    variance = np.full((H, 2), (1 - (-1)) ** 2 / 16)
    for noise in drawn:
        samples = []
        for sample_noise in noise:
            sequence = np.zeros((H, 2))
            for step in range(H):
                for element in range(2):
                    low = ((mean[step, element] + 1) / 2) ** 2
                    high = ((1 - mean[step, element]) / 2) ** 2
                    bounded = min(low, high, variance[step, element])
                    sequence[step, element] = (
                        mean[step, element] + np.sqrt(bounded) * sample_noise[step, element]
                    )
            samples.append(sequence)
        samples.sort(key=lambda sequence: -plain_return(start, sequence))
        elites = np.array(samples[:ELITES])
        mean = ALPHA * mean + (1 - ALPHA) * elites.mean(axis=0)
        variance = ALPHA * variance + (1 - ALPHA) * elites.var(axis=0)
    return mean


def test_it_plans_as_the_plain_version(task):
    """Three steps of a rollout of two bodies, each plan from the one before."""
    planner = task.planner("cem", horizon=H, num_samples=K)
    stream, same = task.draws(), task.draws()
    states, means = task.states.copy(), [None, None]
    for _ in range(3):
        plan = planner.plan(states, stream)
        drawn = [
            nn.init.trunc_normal_(torch.empty(H, 2, K, 2), a=-2, b=2, generator=same).numpy()
            for _ in range(ROUNDS)
        ]
        for body in range(2):
            noise = [one[:, body].transpose(1, 0, 2) for one in drawn]
            means[body] = plain(states[body], means[body], noise, task.plain_return)
            np.testing.assert_allclose(plan.actions[body], means[body][0], atol=1e-5)
            expected = task.plain_return(states[body], means[body])
            np.testing.assert_allclose(plan.returns[body], expected, rtol=1e-5)
        states = states + plan.actions


@pytest.mark.parametrize("mean", [-1.0, -0.9, 0.0, 0.6, 1.0])
def test_samples_lie_in_the_box_within_two_deviations(mean, task):
    centre = torch.full((1, 1, 1, 1), mean)
    drawn = sample(centre, torch.full_like(centre, 0.25), 20_000, task.draws()).flatten()
    assert (drawn.abs() <= 1).all()
    spread = min(0.5, (1 - abs(mean)) / 2)
    assert (drawn - mean).abs().max() <= 2 * spread + 1e-6
    assert drawn.mean().item() == pytest.approx(mean, abs=0.02)
    # A standard normal variable that is cut at 2 has a variance of 0.7737.
    assert drawn.var().item() == pytest.approx(0.7737 * spread**2, rel=0.05, abs=1e-12)


def test_it_finds_the_optimum_of_several_steps(task):
    """Without a cost of actions, the first step ends where the others stay: at the origin."""
    settings = {"horizon": 4, "num_samples": 400, "rounds": 12}
    planner = task.planner("cem", lambda s, _: -s.square().sum(-1), **settings)
    plan = planner.plan(task.states[1:], task.draws())
    np.testing.assert_allclose(plan.actions, -task.states[1:], atol=0.05)
    np.testing.assert_allclose(plan.returns, 0, atol=0.01)
