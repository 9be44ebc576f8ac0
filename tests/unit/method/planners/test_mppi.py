"""MPPI against a plain version, a body and a sample at a time, and against a known integral."""

import numpy as np
import pytest
import torch

from mbmf.method.planners.mppi import filtered

H, K, GAMMA, SIGMA, BETA = 4, 25, 3.0, 0.9, 0.6


def plain(start, before, white, plain_return):
    """PDDM's equations for one body: the weighted average."""
    mean = np.zeros((H, 2))
    if before is not None:
        mean[:-1], mean[-1] = before[1:], before[-1]
    samples, returns = [], []
    for one in white:
        noise, sequence = np.zeros(2), np.zeros((H, 2))
        for step in range(H):
            noise = BETA * SIGMA * one[step] + (1 - BETA) * noise
            sequence[step] = np.clip(mean[step] + noise, -1, 1)
        samples.append(sequence)
        returns.append(plain_return(start, sequence))
    weights = np.exp(GAMMA * np.array(returns))
    return sum(w * s for w, s in zip(weights, samples, strict=True)) / weights.sum()


def test_it_plans_as_the_plain_version(task):
    """Three steps of a rollout of two bodies, each plan from the one before."""
    planner = task.planner(
        "mppi", horizon=H, num_samples=K, reward_weighting=GAMMA, noise_std=SIGMA, smoothing=BETA
    )
    stream, same = task.draws(), task.draws()
    states, means = task.states.copy(), [None, None]
    for _ in range(3):
        plan = planner.plan(states, stream)
        white = torch.empty(H, 2, K, 2).normal_(generator=same).numpy()
        for body in range(2):
            own = white[:, body].transpose(1, 0, 2)
            means[body] = plain(states[body], means[body], own, task.plain_return)
            np.testing.assert_allclose(plan.actions[body], means[body][0], atol=1e-5)
            expected = task.plain_return(states[body], means[body])
            np.testing.assert_allclose(plan.returns[body], expected, rtol=1e-5)
        states = states + plan.actions


def test_filtered_noise_has_the_variance_of_an_autoregression(task):
    white = torch.empty(30, 50_000).normal_(generator=task.draws())
    noise = filtered(white, 0.6)
    # The stationary variance of n = b u + (1 − b) n is b² / (1 − (1 − b)²) = b / (2 − b).
    assert noise[0].var().item() == pytest.approx(0.36, rel=0.03)
    assert noise[-1].var().item() == pytest.approx(0.6 / 1.4, rel=0.03)
    following = torch.corrcoef(noise[-2:])[0, 1].item()
    assert following == pytest.approx(0.4, abs=0.02)


def test_the_average_is_that_of_gaussian_noise_under_its_weights(task):
    """Noise of variance v and weights exp(−g (s + a)²): the mean of a is −s · 2 g v / (1 + 2 g v).

    The box is too far to matter, as the noise is small.
    """
    small, weighting = 0.2, 5.0
    planner = task.planner(
        "mppi", lambda s, _: -s.square().sum(-1),
        horizon=1, num_samples=50_000, reward_weighting=weighting, noise_std=small, smoothing=1.0,
    )  # fmt: skip
    shrunk = 2 * weighting * small**2 / (1 + 2 * weighting * small**2)
    plan = planner.plan(task.states, task.draws())
    np.testing.assert_allclose(plan.actions, -shrunk * task.states, atol=0.02)
