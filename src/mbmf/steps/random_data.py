"""The step that collects D_RAND, and the reader of its file."""

from __future__ import annotations

from pathlib import Path

import torch

from mbmf.agents.spec import AgentSpec
from mbmf.base.errors import InputError
from mbmf.method import random_data
from mbmf.method.random_data import RandomData, RandomDataSettings
from mbmf.method.rollouts import Rollouts
from mbmf.storage.tensor_files import read_tensors, write_tensors


def write_random_data(spec: AgentSpec, settings: RandomDataSettings, seed: int, path: Path) -> None:
    """Generate D_RAND of one agent and seed, and write it."""
    data = random_data.generate(spec, settings, seed)
    arrays = data.training.to_arrays("training") | data.validation.to_arrays("validation")
    write_tensors(
        path,
        {name: torch.from_numpy(array) for name, array in arrays.items()},
        {"agent": spec.name, "settings": settings.model_dump(), "seed": seed},
    )


def read_random_data(
    path: Path, spec: AgentSpec, settings: RandomDataSettings, seed: int
) -> RandomData:
    """Read D_RAND from its file.

    Raises:
        InputError: the file is damaged or not finite, or has another agent, size or seed.
    """
    tensors, facts = read_tensors(path)
    expected = {"agent": spec.name, "settings": settings.model_dump(), "seed": seed}
    for key, value in expected.items():
        if facts.get(key) != value:
            raise InputError(f"{path}: {key} is {facts.get(key)}, but this run needs {value}")
    arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
    try:
        parts = [Rollouts.from_arrays(arrays, name) for name in ("training", "validation")]
    except KeyError as error:
        raise InputError(f"{path}: the array {error} is missing") from None
    counts = (settings.rollouts, settings.validation_rollouts)
    for name, part, count in zip(("training", "validation"), parts, counts, strict=True):
        problem = part.problem(count, settings.steps, spec.state_dim, spec.action_dim)
        if problem:
            raise InputError(f"{path}: {name}.{problem}")
    return RandomData(*parts)
