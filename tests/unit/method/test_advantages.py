"""Advantages, returns and the baseline against their definitions."""

import numpy as np
import pytest

from batches import random_batch
from mbmf.method.advantages import LinearBaseline, advantages_and_returns


def plain_estimates(batch, baseline, discount, gae_lambda):
    """Advantages and returns from their definitions, episode by episode, as sums."""
    advantages, returns = np.empty(batch.rewards.shape), np.empty(batch.rewards.shape)
    values = baseline.predict(batch.observations, batch.times)
    for body in range(batch.rewards.shape[1]):
        first = 0
        for last in np.flatnonzero((batch.terminated | batch.truncated)[:, body]):
            rewards = batch.rewards[first : last + 1, body]
            after = 0.0
            if batch.truncated[last, body]:
                after = baseline.predict(
                    batch.last_observations[last, body], batch.times[last, body] + 1
                )
            value = np.append(values[first : last + 1, body], after)
            residuals = rewards + discount * value[1:] - value[:-1]
            for i in range(len(rewards)):
                powers = np.arange(len(rewards) - i)
                advantages[first + i, body] = (
                    (discount * gae_lambda) ** powers * residuals[i:]
                ).sum()
                returns[first + i, body] = (discount**powers * rewards[i:]).sum() + discount ** (
                    len(rewards) - i
                ) * after
            first = last + 1
    return advantages, returns


@pytest.mark.parametrize("gae_lambda", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_advantages_and_returns_against_their_definitions(gae_lambda, seed):
    batch = random_batch(seed=seed)
    baseline = LinearBaseline(np.random.default_rng(seed).normal(size=10))
    expected = plain_estimates(batch, baseline, 0.9, gae_lambda)
    found = advantages_and_returns(batch, baseline, 0.9, gae_lambda)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


def test_baseline_finds_a_function_that_it_can_represent():
    rng = np.random.default_rng(0)
    observations, times = rng.normal(size=(300, 2)), rng.integers(0, 200, 300)
    returns = 2 * observations[:, 0] - observations[:, 1] ** 2 + 3 * (times / 100) ** 3 + 1
    baseline = LinearBaseline()
    np.testing.assert_array_equal(baseline.predict(observations, times), 0)
    baseline.fit(observations, times, returns)
    np.testing.assert_allclose(baseline.predict(observations, times), returns, atol=1e-4)
