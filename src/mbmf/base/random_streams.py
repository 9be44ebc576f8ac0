"""Random streams: one per purpose and iteration, all derived from the run's seed.

No function of the package draws from a global generator. A stream follows from
(seed, purpose, indices) alone. So a killed run resumes with the same bits and stores no
generator state.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import torch


class Purpose(IntEnum):
    """What a stream is for. The numbers are part of every result: append, never renumber."""

    RANDOM_ROLLOUTS = 0
    RANDOM_VALIDATION = 1
    NETWORK = 2
    TRAINING = 3
    DATA_NOISE = 4
    PLANNING = 5
    ACTION_NOISE = 6
    MPC_RESET = 7
    RANDOM_RESET = 8
    DIVERGENCE = 9
    EXPERT_RESET = 10
    EXPERT_PLANNING = 11
    POLICY = 12
    IMITATION = 13
    DAGGER_RESET = 14
    DAGGER_PLANNING = 15
    TRPO_RESET = 16
    TRPO_ACTIONS = 17
    TRPO_EVALUATION = 18


def sequence(seed: int, purpose: Purpose, *indices: int) -> np.random.SeedSequence:
    """Seed sequence of one purpose.

    Args:
        seed: the run's seed, at least 0.
        purpose: what the stream is for.
        indices: iteration, rollout and so on, if a purpose needs several streams.
    """
    return np.random.SeedSequence(seed, spawn_key=(int(purpose), *indices))


def numpy_stream(seed: int, purpose: Purpose, *indices: int) -> np.random.Generator:
    """NumPy generator of one purpose; arguments as for `sequence`."""
    return np.random.default_rng(sequence(seed, purpose, *indices))


def torch_stream(
    seed: int, purpose: Purpose, *indices: int, device: torch.device | str = "cpu"
) -> torch.Generator:
    """Torch generator of one purpose on `device`; other arguments as for `sequence`."""
    generator = torch.Generator(device)
    # torch takes a signed 64-bit seed: 63 bits keep it positive.
    word = int(sequence(seed, purpose, *indices).generate_state(1, np.uint64)[0]) >> 1
    generator.manual_seed(word)
    return generator


def integer_seeds(seed: int, purpose: Purpose, *indices: int, count: int) -> list[int]:
    """`count` seeds for the environment's bodies; the first n do not depend on `count`.

    Returns:
        Integers below 2**32, body by body.
    """
    return [
        int(sequence(seed, purpose, *indices, body).generate_state(1, np.uint32)[0])
        for body in range(count)
    ]
