"""The step behind trajectory following: a model of random data, and rollouts along paths."""

from __future__ import annotations

import json
import time
from pathlib import Path

from mbmf.agents.paths.base import PATHS, get_trajectories
from mbmf.agents.spec import AgentSpec
from mbmf.method.doors import planning_sources
from mbmf.method.following import FollowingSettings, follow, learned_model
from mbmf.storage.atomic_files import write_text
from mbmf.storage.code_digest import code_digest
from mbmf.storage.provenance import provenance
from mbmf.storage.tables import write_table


def write_following(
    spec: AgentSpec,
    paths: str,
    settings: FollowingSettings,
    seed: int,
    device: str,
    output: Path,
    made: Path,
) -> None:
    """Write the table of `mbmf.method.following.follow`, with the columns agent and seed.

    Args:
        spec: the agent.
        paths: a file of trajectories.
        settings: of learning, planning and rollouts.
        seed: of all random streams.
        device: of the model.
        output: table to write.
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
    table = follow(model, spec, trajectories, settings, seed)
    seconds = {"learning": learned - started, "rollouts": time.perf_counter() - learned}
    table.insert(0, "agent", spec.name)
    table.insert(1, "seed", seed)
    write_table(output, table)
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
