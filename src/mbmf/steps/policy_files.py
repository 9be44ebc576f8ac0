"""Policies on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from mbmf.agents.spec import AgentSpec
from mbmf.base.errors import InputError
from mbmf.method.policy import GaussianPolicy, PolicySettings, observed_elements
from mbmf.storage.tensor_files import read_tensors, write_tensors


def write_policy(
    path: Path,
    policy: GaussianPolicy,
    spec: AgentSpec,
    settings: PolicySettings,
    facts: dict[str, Any],
) -> None:
    """Write a policy with its agent, its settings and further facts."""
    identity = {"agent": spec.name, "policy": settings.model_dump()}
    write_tensors(path, dict(policy.state_dict()), identity | facts)


def read_policy(
    path: Path, spec: AgentSpec, settings: PolicySettings
) -> tuple[GaussianPolicy, dict[str, Any]]:
    """Read a policy and its facts.

    Raises:
        InputError: the file is damaged, not finite, or has another agent or shape.
    """
    tensors, facts = read_tensors(path)
    for key, value in {"agent": spec.name, "policy": settings.model_dump()}.items():
        if facts.get(key) != value:
            raise InputError(f"{path}: {key} is {facts.get(key)}, but this run needs {value}")
    policy = new_policy(spec, settings)
    try:
        policy.load_state_dict(tensors)
    except RuntimeError as error:
        raise InputError(f"{path}: {' '.join(str(error).split())}") from None
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise InputError(f"{path}: {name} holds values that are not finite")
    return policy, facts


def new_policy(
    spec: AgentSpec,
    settings: PolicySettings,
    std: float = 1.0,
    generator: Any = None,
    weights: Literal["uniform", "normal"] = "uniform",
) -> GaussianPolicy:
    """A random policy of an agent; see `GaussianPolicy`."""
    return GaussianPolicy(
        len(observed_elements(spec, settings)),
        spec.action_dim,
        settings.hidden_layers,
        std,
        generator,
        weights,
    )
