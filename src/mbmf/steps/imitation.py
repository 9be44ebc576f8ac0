"""The step that rolls out the MPC expert and trains a policy to imitate it."""

from __future__ import annotations

import hashlib
import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mbmf.agents.spec import AgentSpec
from mbmf.base.errors import InputError
from mbmf.base.random_streams import Purpose, torch_stream
from mbmf.method import imitation
from mbmf.method.doors import planning_sources
from mbmf.method.imitation import ImitationProgress, ImitationRunSettings
from mbmf.method.models.base import DynamicsModel
from mbmf.method.policy import observed_elements
from mbmf.method.rollouts import Rollouts
from mbmf.steps.model_based import model_name, read_models
from mbmf.steps.policy_files import new_policy, write_policy
from mbmf.storage.atomic_files import write_text
from mbmf.storage.checkpoints import CHECKPOINT, read_checkpoint, same_run, write_checkpoint
from mbmf.storage.code_digest import code_digest
from mbmf.storage.provenance import provenance
from mbmf.storage.tables import run_table, write_table
from mbmf.storage.tensor_files import (
    load_optimizer,
    optimizer_tensors,
    read_tensors,
    with_prefix,
    without_prefix,
    write_tensors,
)

EXPERT = "expert.safetensors"


def run_imitation(
    spec: AgentSpec,
    settings: ImitationRunSettings,
    seed: int,
    models: Path,
    expert: Path,
    expert_model: Path,
    folder: Path,
    output: Path,
) -> None:
    """Expert rollouts, behaviour cloning and DAgger. An interrupted run resumes.

    Args:
        spec: the agent.
        settings: settings of the run.
        seed: seed of all random streams.
        models: models of a finished run of Algorithm 1, with the same agent and seed.
        expert: file for the expert's rollouts.
        expert_model: file for the model that the expert plans with, the last one of `models`.
        folder: folder for the learning curve, the provenance and the checkpoints.
        output: file for the final policy.

    Raises:
        InputError: the models are missing or damaged, or have another agent or seed.
        NonFiniteError: training or planning met NaN or infinity.
    """
    model, source = _final_model(models, spec, seed)
    # Mb-Mf depends on the code of this policy too. It reads the names from the policy's file.
    made_with = {"planner": settings.expert.planning.planner, "model": model_name(source)}
    identity: dict[str, Any] = {
        "kind": "imitation",
        "agent": spec.name,
        "settings": settings.model_dump(),
        "seed": seed,
        "models": hashlib.sha256(models.read_bytes()).hexdigest(),
        "code": code_digest(__name__, spec.source, *planning_sources(**made_with)),
    }
    shown, shown_steps = _expert_rollouts(spec, settings, seed, model, folder / EXPERT, identity)
    elements = observed_elements(spec, settings.policy)
    drawing = torch_stream(seed, Purpose.POLICY)
    drawn = new_policy(spec, settings.policy, generator=drawing, weights="normal")
    progress = imitation.start(
        drawn,
        elements,
        shown,
        source["env_steps"] + shown_steps,
        source["authors_steps"],
        settings.imitation,
    )
    checkpoint = folder / CHECKPOINT
    seconds: list[dict[str, float]] = []
    resumed = read_checkpoint(checkpoint, identity, partial(_from_tensors, progress, seconds))
    while progress.iteration < settings.imitation.iterations:
        started = time.perf_counter()
        imitation.iterate(
            progress, model, spec, settings.expert, elements, settings.imitation, seed
        )
        seconds.append({"iteration": time.perf_counter() - started})
        row = progress.curve[-1]
        print(
            f"{spec.name} seed {seed}: DAgger iteration {progress.iteration}/"
            f"{settings.imitation.iterations}, {row['env_steps']} steps, "
            f"return {row['return']:.2f}, loss {row['training_loss']:.4f}",
            flush=True,
        )
        facts = {
            "env_steps": progress.env_steps,
            "authors_steps": progress.authors_steps,
            "curve": progress.curve,
            "seconds": seconds,
        }
        write_checkpoint(checkpoint, _to_tensors(progress), facts, identity)
    _write_expert(expert, shown, shown_steps, identity)
    write_tensors(
        expert_model,
        with_prefix("0", dict(model.state_dict())),
        source | {"iterations": 1, "expert": settings.expert.model_dump()},
    )
    written = {
        "seed": seed,
        "kind": "imitation",
        "env_steps": progress.env_steps,
        "authors_steps": progress.authors_steps,
        "made_with": made_with,
    }
    write_policy(output, progress.policy, spec, settings.policy, written)
    curve = run_table(progress.curve, "imitation", spec.name, seed)
    # The return that imitation aims at.
    curve["expert_return"] = float(shown.returns.mean())
    write_table(folder / "curve.csv", curve)
    write_text(
        folder / "provenance.json",
        json.dumps(identity | provenance("cpu", seconds, resumed), indent=2) + "\n",
    )


def _final_model(path: Path, spec: AgentSpec, seed: int) -> tuple[DynamicsModel, dict[str, Any]]:
    """The last model of a run of Algorithm 1, and facts of the run, with both counts of steps."""
    models, facts = read_models(path, spec)
    if facts.get("seed") != seed:
        raise InputError(f"{path}: seed is {facts.get('seed')}, but this run needs {seed}")
    for name in ("env_steps", "authors_steps"):
        if name not in facts:
            raise InputError(f"{path}: {name} is missing; delete the file to rebuild it")
    return models[-1], facts


def _expert_rollouts(
    spec: AgentSpec,
    settings: ImitationRunSettings,
    seed: int,
    model: DynamicsModel,
    path: Path,
    identity: dict[str, Any],
) -> tuple[Rollouts, int]:
    """The expert's rollouts, and the number of simulator steps of all rollouts made for them.

    They come from `path` if an interrupted run stored them there. Otherwise they are made and
    stored. They take most of the run's time, and Snakemake deletes the outputs of a job that it
    repeats, so the run's folder keeps its own copy.
    """
    count = settings.imitation.expert_rollouts
    if path.exists():
        tensors, facts = read_tensors(path)
        attempted = facts.pop("attempted_steps", None)
        if same_run(facts, identity) and attempted is not None:
            arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
            found = Rollouts.from_arrays(arrays, "expert")
            problem = found.problem(count, settings.expert.steps, spec.state_dim, spec.action_dim)
            if problem:
                raise InputError(f"{path}: expert.{problem}; delete it to rebuild it")
            return found, attempted
    made, attempted = imitation.expert_rollouts(model, spec, settings.expert, count, seed)
    print(
        f"{spec.name} seed {seed}: expert's return {made.returns.mean():.2f}, "
        f"{int((made.returns > 0).sum())} of {count} rollouts above 0, {attempted} steps",
        flush=True,
    )
    _write_expert(path, made, attempted, identity)
    return made, attempted


def _write_expert(path: Path, expert: Rollouts, attempted: int, identity: dict[str, Any]) -> None:
    arrays = expert.to_arrays("expert")
    write_tensors(
        path,
        {name: torch.from_numpy(array) for name, array in arrays.items()},
        identity | {"attempted_steps": attempted},
    )


def _to_tensors(progress: ImitationProgress) -> dict[str, Tensor]:
    return {
        "observations": progress.observations,
        "actions": progress.actions,
        **with_prefix("policy", progress.policy.state_dict()),
        **with_prefix("optimizer", optimizer_tensors(progress.optimizer)),
    }


def _from_tensors(
    progress: ImitationProgress,
    seconds: list[dict[str, float]],
    tensors: dict[str, Tensor],
    facts: dict[str, Any],
) -> None:
    """Inverse of `_to_tensors`: fills a fresh progress of the same settings."""
    seconds.extend(facts["seconds"])
    progress.observations, progress.actions = tensors["observations"], tensors["actions"]
    progress.policy.load_state_dict(without_prefix("policy", tensors))
    load_optimizer(progress.optimizer, without_prefix("optimizer", tensors))
    progress.env_steps = facts["env_steps"]
    progress.authors_steps = facts["authors_steps"]
    progress.curve = facts["curve"]
