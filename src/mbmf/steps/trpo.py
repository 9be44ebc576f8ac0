"""The step that runs TRPO, from a random policy or from an imitation policy."""

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
from mbmf.base.errors import InputError, printable
from mbmf.base.random_streams import Purpose, torch_stream
from mbmf.method import trpo
from mbmf.method.advantages import LinearBaseline
from mbmf.method.doors import planning_sources
from mbmf.method.policy import GaussianPolicy, observed_elements
from mbmf.method.trpo import TrpoProgress, TrpoRunSettings
from mbmf.steps.policy_files import new_policy, read_policy, write_policy
from mbmf.storage.atomic_files import write_text
from mbmf.storage.checkpoints import CHECKPOINT, read_checkpoint, write_checkpoint
from mbmf.storage.code_digest import code_digest
from mbmf.storage.provenance import provenance
from mbmf.storage.tables import run_table, write_table
from mbmf.storage.tensor_files import with_prefix, without_prefix


def run_trpo(
    spec: AgentSpec,
    settings: TrpoRunSettings,
    seed: int,
    start: Path | None,
    folder: Path,
    output: Path,
    threads: int,
) -> None:
    """One run of TRPO, which resumes from its checkpoint if there is one.

    Args:
        spec: the agent.
        settings: settings of the run.
        seed: seed of all its random streams.
        start: imitation policy to start from, or None for a random policy.
        folder: folder for the learning curve, the provenance and the checkpoint.
        output: file of the final policy.
        threads: number of threads that step the bodies.

    Raises:
        InputError: the imitation policy or the checkpoint is damaged or belongs to another run.
        NonFiniteError: an update met NaN or infinity.
        SimulationError: the simulator diverged. The message names the iteration.
    """
    policy, own = settings.policy, settings.trpo
    drawn, source = _first_policy(spec, settings, seed, start)
    kind = "fine_tuning" if start else "model_free"
    identity: dict[str, Any] = {
        "kind": kind,
        "agent": spec.name,
        "settings": settings.model_dump(),
        "seed": seed,
        "start": hashlib.sha256(start.read_bytes()).hexdigest() if start else None,
        # Mb-Mf also depends on the code that made its first policy. Mf does not.
        "code": code_digest(__name__, spec.source, *_code_before(start, source)),
    }
    checkpoint = folder / CHECKPOINT
    progress = TrpoProgress(
        drawn, LinearBaseline(), [], source["env_steps"], source["authors_steps"]
    )
    seconds: list[float] = []
    resumed = read_checkpoint(checkpoint, identity, partial(_from_tensors, progress, seconds))
    elements = observed_elements(spec, policy)
    env = trpo.make_env(spec, own, threads)
    while progress.iteration < own.iterations:
        started = time.perf_counter()
        without_noise = trpo.mean_return(
            progress.policy, spec, elements, own, seed, progress.iteration
        )
        trpo.iterate(progress, env, elements, own, seed)
        seconds.append(time.perf_counter() - started)
        done = progress.iteration
        row = progress.curve[-1]
        row["mean_return"] = without_noise
        print(
            f"{spec.name} seed {seed}: iteration {done}/{own.iterations}, "
            f"{row['env_steps']} steps, return {row['return']:.2f}, "
            f"KL {row['kl']:.4f}, {seconds[-1] * (own.iterations - done):.0f} s left",
            flush=True,
        )
        facts = {
            "env_steps": progress.env_steps,
            "authors_steps": progress.authors_steps,
            "curve": progress.curve,
            "seconds": seconds,
        }
        write_checkpoint(checkpoint, _to_tensors(progress), facts, identity)
    env.close()
    write_policy(output, progress.policy, spec, policy, {"seed": seed, "kind": kind})
    write_table(folder / "curve.csv", run_table(progress.curve, kind, spec.name, seed))
    parts = [{"iteration": value} for value in seconds]
    write_text(
        folder / "provenance.json",
        json.dumps(identity | provenance("cpu", parts, resumed), indent=2) + "\n",
    )


def _first_policy(
    spec: AgentSpec, settings: TrpoRunSettings, seed: int, start: Path | None
) -> tuple[GaussianPolicy, dict[str, Any]]:
    """The policy that a run starts from, and facts of it, with both counts of its steps."""
    std = settings.trpo.initial_std
    if start is None:
        drawn = new_policy(spec, settings.policy, std, torch_stream(seed, Purpose.POLICY))
        return drawn, {"env_steps": 0, "authors_steps": 0}
    policy, source = read_policy(start, spec, settings.policy)
    if source.get("kind") != "imitation" or "env_steps" not in source:
        raise InputError(
            f"{start}: a policy of the kind {printable(source.get('kind'))}, but TRPO starts "
            "from one of `mbmf imitation`, or, without --start, from a random one"
        )
    if source.get("seed") != seed:
        raise InputError(f"{start}: seed is {source.get('seed')}, but this run needs {seed}")
    for name in ("authors_steps", "made_with"):
        if name not in source:
            raise InputError(f"{start}: {name} is missing; delete the file to rebuild it")
    policy.set_std(std)
    return policy, source


def _code_before(start: Path | None, source: dict[str, Any]) -> tuple[str, ...]:
    """Code that made the first policy, for `code_digest`; empty for a random policy."""
    if start is None:
        return ()
    try:
        made_with = planning_sources(**source["made_with"])
    except (InputError, TypeError) as error:
        raise InputError(f"{start}: made_with: {error}") from None
    return "mbmf.steps.imitation", *made_with


def _to_tensors(progress: TrpoProgress) -> dict[str, Tensor]:
    coefficients = progress.baseline.coefficients
    assert coefficients is not None  # fitted in every iteration
    return {
        "baseline": torch.from_numpy(coefficients),
        **with_prefix("policy", progress.policy.state_dict()),
    }


def _from_tensors(
    progress: TrpoProgress,
    seconds: list[float],
    tensors: dict[str, Tensor],
    facts: dict[str, Any],
) -> None:
    """Inverse of `_to_tensors`: fills a fresh progress of the same settings."""
    seconds.extend(facts["seconds"])
    progress.baseline.coefficients = tensors["baseline"].numpy()
    progress.policy.load_state_dict(without_prefix("policy", tensors))
    progress.env_steps = facts["env_steps"]
    progress.authors_steps = facts["authors_steps"]
    progress.curve = facts["curve"]
