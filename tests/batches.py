"""A made-up batch of TRPO."""

import numpy as np

from mbmf.method.sampling import Batch


def random_batch(steps=12, bodies=4, observation_dim=3, action_dim=2, seed=0):
    """A batch with terminations, time-outs and the cut at its end."""
    rng = np.random.default_rng(seed)
    terminated = rng.random((steps, bodies)) < 0.15
    truncated = (rng.random((steps, bodies)) < 0.15) & ~terminated
    truncated[-1] = ~terminated[-1]
    times = np.zeros((steps, bodies), np.int64)
    for step in range(1, steps):
        over = terminated[step - 1] | truncated[step - 1]
        times[step] = np.where(over, 0, times[step - 1] + 1)
    shape = (steps, bodies)
    return Batch(
        observations=rng.normal(size=(*shape, observation_dim)).astype(np.float32),
        actions=rng.normal(size=(*shape, action_dim)).astype(np.float32),
        rewards=rng.normal(size=shape),
        times=times,
        terminated=terminated,
        truncated=truncated,
        last_observations=rng.normal(size=(*shape, observation_dim)).astype(np.float32),
    )
