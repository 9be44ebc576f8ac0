"""The step behind trajectory following: a model of random data, and rollouts along paths."""

from __future__ import annotations

import json
import time
from pathlib import Path

import torch
from torch import Tensor

from mbmf.agents.paths.base import PATHS, get_trajectories
from mbmf.agents.spec import AgentSpec
from mbmf.base.errors import InputError
from mbmf.method.doors import planning_sources
from mbmf.method.following import Followed, FollowingSettings, follow, learned_model, table_of
from mbmf.method.rollouts import Rollouts
from mbmf.storage.atomic_files import write_text
from mbmf.storage.code_digest import code_digest
from mbmf.storage.provenance import provenance
from mbmf.storage.tables import write_table
from mbmf.storage.tensor_files import read_tensors, with_prefix, without_prefix, write_tensors


def write_following(
    spec: AgentSpec,
    paths: str,
    settings: FollowingSettings,
    seed: int,
    device: str,
    output: Path,
    rollouts: Path,
    made: Path,
) -> None:
    """Learn a model, follow all paths with it, and write how that went.

    Args:
        spec: the agent.
        paths: a file of trajectories.
        settings: of learning, planning and rollouts.
        seed: of all random streams.
        device: of the model.
        output: table to write, that of `mbmf.method.following.table_of` with agent and seed.
        rollouts: file of the rollouts to write, for `read_followed`.
        made: provenance to write.

    Raises:
        InputError: there is no such file of trajectories, or it does not go with the agent.
        NonFiniteError: training or planning met NaN or infinity.
        SimulationError: the simulator diverged.
    """
    trajectories = get_trajectories(paths, spec)
    started = time.perf_counter()
    model = learned_model(spec, trajectories, settings, seed, device)
    learned = time.perf_counter()
    followed = follow(model, spec, trajectories, settings, seed)
    seconds = {"learning": learned - started, "rollouts": time.perf_counter() - learned}
    table = table_of(followed, spec, trajectories)
    table.insert(0, "agent", spec.name)
    table.insert(1, "seed", seed)
    write_table(output, table)
    _write_followed(rollouts, spec, seed, followed)
    sources = planning_sources(settings.planning.planner, settings.dynamics.model)
    identity = {
        "kind": "following",
        "agent": spec.name,
        "paths": paths,
        "settings": settings.model_dump(),
        "seed": seed,
        "code": code_digest(__name__, spec.source, PATHS.source(paths), *sources),
    }
    facts = provenance(device, [seconds], resumed=False)
    write_text(made, json.dumps(identity | facts, indent=2) + "\n")


def _write_followed(path: Path, spec: AgentSpec, seed: int, followed: list[Followed]) -> None:
    """Write rollouts along paths."""
    tensors: dict[str, Tensor] = {}
    for index, one in enumerate(followed):
        arrays = one.rollout.to_arrays("rollout")
        own = {name: torch.from_numpy(array) for name, array in arrays.items()}
        tensors |= with_prefix(str(index), own | {"corners": one.corners})
    facts = {"agent": spec.name, "seed": seed, "paths": [one.path for one in followed]}
    write_tensors(path, tensors, facts)


def read_followed(path: Path, spec: AgentSpec) -> list[Followed]:
    """Read the rollouts of an agent along its paths.

    Raises:
        InputError: the file is damaged, or has another agent.
    """
    tensors, facts = read_tensors(path)
    if facts.get("agent") != spec.name:
        raise InputError(f"{path}: rollouts of {facts.get('agent')}, should be of {spec.name}")
    found = []
    try:
        for index, name in enumerate(facts["paths"]):
            own = without_prefix(str(index), tensors)
            arrays = {key: tensor.numpy() for key, tensor in own.items()}
            found.append(Followed(name, own["corners"], Rollouts.from_arrays(arrays, "rollout")))
    except KeyError as error:
        raise InputError(f"{path}: {error} is missing; delete the file to make it anew") from None
    return found
