"""The step that runs Algorithm 1, and the readers of its files.

A run writes a checkpoint, one file, after every iteration, and resumes from it. It writes its
results at the end.
"""

from __future__ import annotations

import hashlib
import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from mbmf.agents.spec import AgentSpec
from mbmf.base.errors import InputError, printable
from mbmf.method import algorithm_1
from mbmf.method.algorithm_1 import ModelBasedSettings, Progress
from mbmf.method.doors import planning_sources
from mbmf.method.models.base import DynamicsModel, DynamicsSettings, model_class
from mbmf.method.rollouts import Rollouts
from mbmf.steps.random_data import read_random_data
from mbmf.storage.atomic_files import write_text
from mbmf.storage.checkpoints import CHECKPOINT, read_checkpoint, write_checkpoint
from mbmf.storage.code_digest import code_digest
from mbmf.storage.provenance import provenance
from mbmf.storage.tables import write_table
from mbmf.storage.tensor_files import read_tensors, with_prefix, without_prefix, write_tensors

CURVE = "curve.csv"
MODELS = "models.safetensors"
HELD_OUT = "held_out.safetensors"
PROVENANCE = "provenance.json"
# A file of models names the kind of model only if it is not this one.
DEFAULT_MODEL = DynamicsSettings.model_fields["model"].default


def run_model_based(
    spec: AgentSpec,
    settings: ModelBasedSettings,
    seed: int,
    data_path: Path,
    folder: Path,
    models: Path,
    device: str,
) -> None:
    """One run of Algorithm 1, which resumes from its checkpoint if there is one.

    Args:
        spec: the agent.
        settings: settings of the run.
        seed: seed of all its random streams.
        data_path: file of D_RAND.
        folder: folder for the learning curve, the provenance and the checkpoint.
        models: folder for the trained models and the held-out rollouts.
        device: device of the model.

    Raises:
        InputError: D_RAND or the checkpoint is damaged or belongs to another run.
        NonFiniteError: training or planning met NaN or infinity.
    """
    data = read_random_data(data_path, spec, settings.random_data, seed)
    sources = planning_sources(settings.planning.planner, settings.dynamics.model)
    identity = {
        "kind": "model_based",
        "agent": spec.name,
        "settings": settings.model_dump(),
        "seed": seed,
        "random_data": hashlib.sha256(data_path.read_bytes()).hexdigest(),
        "code": code_digest(__name__, spec.source, *sources),
    }
    checkpoint = folder / CHECKPOINT
    progress = algorithm_1.start(spec, settings, data, seed, device)
    resumed = read_checkpoint(
        checkpoint, identity, partial(algorithm_1.progress_from_tensors, progress)
    )
    total = settings.aggregation.iterations
    started = time.perf_counter()
    before = progress.iteration

    def report(row: dict[str, Any]) -> None:
        done = row["iteration"] + 1
        left = (time.perf_counter() - started) / (done - before) * (total - done)
        print(
            f"{spec.name} seed {seed}: iteration {done}/{total}, {row['env_steps']} steps, "
            f"return {row['return']:.2f}, loss {row['training_loss']:.4f}, {left:.0f} s left",
            flush=True,
        )

    while progress.iteration < total:
        algorithm_1.iterate(progress, spec, settings, data, seed, report)
        write_checkpoint(checkpoint, *algorithm_1.progress_to_tensors(progress), identity)
    facts = {
        "agent": spec.name,
        "seed": seed,
        "iterations": len(progress.models),
        "env_steps": progress.env_steps(data),
        # The last model has not learned from the last rollouts, so they do not count here, as in
        # the authors' plots.
        "authors_steps": progress.curve[-1]["authors_steps"],
    }
    _write_models(progress, settings.dynamics, facts, models)
    _write_curve(progress, spec.name, settings, seed, folder / CURVE)
    write_text(
        folder / PROVENANCE,
        json.dumps(identity | provenance(device, progress.seconds, resumed), indent=2) + "\n",
    )


def _write_curve(
    progress: Progress, agent: str, settings: ModelBasedSettings, seed: int, path: Path
) -> None:
    """Write one row for each iteration, with the settings of the run that are not defaults."""
    curve = pd.DataFrame(progress.curve)
    own = settings.flat(defaults=False)
    columns = {"kind": "model_based", "agent": agent, **own, "seed": seed}
    for position, (name, value) in enumerate(columns.items()):
        curve.insert(position, name, value)
    write_table(path, curve)


def _write_models(
    progress: Progress, settings: DynamicsSettings, facts: dict[str, Any], folder: Path
) -> None:
    """Write the model and the held-out rollouts of each iteration, with `facts` of the run."""
    named = {} if settings.model == DEFAULT_MODEL else {"model": settings.model}
    write_tensors(
        folder / MODELS,
        {
            name: value
            for iteration, weights in enumerate(progress.models)
            for name, value in with_prefix(str(iteration), weights).items()
        },
        facts | named | settings.architecture(),
    )
    write_tensors(
        folder / HELD_OUT,
        {
            name: torch.from_numpy(array)
            for iteration, rollouts in enumerate(progress.validation)
            for name, array in rollouts.to_arrays(str(iteration)).items()
        },
        facts,
    )


def read_models(path: Path, spec: AgentSpec) -> tuple[list[DynamicsModel], dict[str, Any]]:
    """Read the dynamics model of each iteration of a run, and the run's facts.

    Raises:
        InputError: the file is damaged, has another agent or shape, or names an unknown model.
    """
    tensors, facts = read_tensors(path)
    if facts.get("agent") != spec.name:
        raise InputError(f"{path}: a model of {facts.get('agent')}, but this run needs {spec.name}")
    kind = _kind(path, facts)
    models = []
    try:
        for iteration in range(_iterations(path, facts)):
            own = {key: facts[key] for key in kind.Settings.own_keys()}
            model = kind(spec.state_dim, spec.action_dim, **own)
            model.load_state_dict(without_prefix(str(iteration), tensors))
            models.append(model)
    except KeyError as error:
        raise InputError(f"{path}: {error} is missing; delete the file to make it anew") from None
    except (RuntimeError, TypeError) as error:
        raise InputError(f"{path}: {' '.join(str(error).split())}") from None
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise InputError(f"{path}: {name} holds values that are not finite")
    return models, facts


def model_name(facts: dict[str, Any]) -> str:
    """Name of the model in a file of `read_models`, from the file's facts."""
    return str(facts.get("model", DEFAULT_MODEL))


def _kind(path: Path, facts: dict[str, Any]) -> Any:
    """Class of the models in a file."""
    try:
        return model_class(model_name(facts))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _iterations(path: Path, facts: dict[str, Any]) -> int:
    """Number of iterations in a file."""
    count = facts["iterations"]
    if type(count) is not int or count < 1:
        raise InputError(
            f"{path}: iterations is {printable(count)}, should be a number from 1; "
            "delete the file to rebuild it"
        )
    return count


def read_held_out(path: Path, spec: AgentSpec) -> list[Rollouts]:
    """Read the held-out MPC rollouts of each iteration of a run.

    Raises:
        InputError: the file is damaged, not finite, or has another agent.
    """
    tensors, facts = read_tensors(path)
    if facts.get("agent") != spec.name:
        raise InputError(
            f"{path}: rollouts of {facts.get('agent')}, but this run needs {spec.name}"
        )
    arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
    try:
        parts = [Rollouts.from_arrays(arrays, str(i)) for i in range(_iterations(path, facts))]
    except KeyError as error:
        raise InputError(f"{path}: {error} is missing; delete the file to make it anew") from None
    for iteration, part in enumerate(parts):
        # The rewards set the number and the length of the rollouts. All else must agree with them.
        count, steps = (*part.rewards.shape, 0, 0)[:2]
        problem = part.problem(count, steps, spec.state_dim, spec.action_dim)
        if problem:
            raise InputError(f"{path}: {iteration}.{problem}")
    return parts
