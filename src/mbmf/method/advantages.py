"""Advantage estimates for TRPO, with a linear value function as baseline."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbmf.method.sampling import Batch

Array = NDArray[np.float64]


class LinearBaseline:
    """rllab's value function: linear in observation, its square, time, time² and time³."""

    # rllab's ridge, and the bound on each observation element.
    RIDGE, BOUND = 1e-5, 10.0

    def __init__(self, coefficients: Array | None = None) -> None:
        self.coefficients = coefficients

    def predict(self, observations: NDArray[Any], times: NDArray[Any]) -> Array:
        """Values (...,) of observations (..., O) at steps (...,); zero before the first fit."""
        if self.coefficients is None:
            return np.zeros(times.shape)
        values: Array = self._features(observations, times) @ self.coefficients
        return values

    def fit(self, observations: NDArray[Any], times: NDArray[Any], returns: Array) -> None:
        """Fit the values to returns (...,) by least squares."""
        features = self._features(observations, times)
        features = features.reshape(-1, features.shape[-1])
        gram = features.T @ features + self.RIDGE * np.eye(features.shape[1])
        self.coefficients = np.asarray(
            np.linalg.lstsq(gram, features.T @ returns.ravel(), rcond=None)[0], np.float64
        )

    def _features(self, observations: NDArray[Any], times: NDArray[Any]) -> Array:
        seen = np.clip(observations.astype(np.float64), -self.BOUND, self.BOUND)
        time = (times / 100.0)[..., None]
        return np.concatenate([seen, seen**2, time, time**2, time**3, np.ones_like(time)], axis=-1)


def advantages_and_returns(
    batch: Batch, baseline: LinearBaseline, discount: float, gae_lambda: float
) -> tuple[Array, Array]:
    """Generalised advantage estimates, and the returns to fit the baseline to, (T, E) each.

    A time limit or the end of the batch is not a termination. There the baseline's value stands
    for the rewards that would have followed.
    """
    values = baseline.predict(batch.observations, batch.times)
    after = np.zeros_like(values)
    after[:-1] = values[1:]
    cut = batch.truncated
    after[cut] = baseline.predict(batch.last_observations[cut], batch.times[cut] + 1)
    after[batch.terminated] = 0.0
    over = batch.terminated | batch.truncated
    residuals = batch.rewards + discount * after - values
    advantages = np.empty_like(values)
    returns = np.empty_like(values)
    advantage = np.zeros(values.shape[1])
    future = np.zeros(values.shape[1])
    for step in reversed(range(len(values))):
        advantage = residuals[step] + discount * gae_lambda * np.where(over[step], 0.0, advantage)
        advantages[step] = advantage
        future = batch.rewards[step] + discount * np.where(over[step], after[step], future)
        returns[step] = future
    return advantages, returns
