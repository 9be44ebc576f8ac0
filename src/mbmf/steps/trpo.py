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

from mbmf.base.errors import InputError, SimulationError, printable
from mbmf.base.random_streams import Purpose, torch_stream
from mbmf.method import trpo
from mbmf.method.policy import observed_elements
from mbmf.method.trpo import LinearBaseline, TrpoProgress, TrpoRunSettings
from mbmf.steps.policy_files import new_policy, read_policy, write_policy
from mbmf.storage.atomic_files import write_text
from mbmf.storage.checkpoints import CHECKPOINT, read_checkpoint, write_checkpoint
from mbmf.storage.code_digest import code_digest
from mbmf.storage.provenance import provenance
from mbmf.storage.tables import run_table, write_table
from mbmf.storage.tensor_files import with_prefix, without_prefix


def run_trpo(
    agent: str,
    settings: TrpoRunSettings,
    seed: int,
    start: Path | None,
    folder: Path,
    output: Path,
    threads: int,
) -> None:
    """One run of TRPO, going on from its checkpoint if there is one.

    Args:
        agent: name of the agent.
        settings: of the run.
        seed: of all its random streams.
        start: imitation policy to start from; None for a random one.
        folder: for the curve, the provenance and the checkpoint.
        output: file of the final policy.
        threads: that step the bodies.

    Raises:
        InputError: the imitation policy or the checkpoint is damaged or of another run.
        NonFiniteError: an update met NaN or infinity.
        SimulationError: the simulator diverged; says in which iteration.
    """
    policy, trpo_settings = settings.policy, settings.trpo
    if start is None:
        drawn = new_policy(
            agent, policy, trpo_settings.initial_std, torch_stream(seed, Purpose.POLICY)
        )
        before = authors_before = 0
    else:
        drawn, source = read_policy(start, agent, policy)
        if source.get("kind") != "imitation" or "env_steps" not in source:
            raise InputError(
                f"{start}: a policy of the kind {printable(source.get('kind'))}, but TRPO starts "
                "from one of `mbmf imitation`, or, without --start, from a random one"
            )
        if source.get("seed") != seed:
            raise InputError(f"{start}: seed is {source.get('seed')}, but this run needs {seed}")
        if "authors_steps" not in source:
            raise InputError(f"{start}: authors_steps is missing; delete the file to make it anew")
        drawn.set_std(trpo_settings.initial_std)
        before, authors_before = source["env_steps"], source["authors_steps"]
    kind = "model_free" if start is None else "fine_tuning"
    identity: dict[str, Any] = {
        "kind": kind,
        "agent": agent,
        "settings": settings.model_dump(),
        "seed": seed,
        "start": hashlib.sha256(start.read_bytes()).hexdigest() if start else None,
        # Mb-Mf rests on all that made its first policy, Mf on nothing else.
        "code": code_digest(__name__, *(["mbmf.steps.imitation"] if start else [])),
    }
    checkpoint = folder / CHECKPOINT
    progress = TrpoProgress(drawn, LinearBaseline(), [])
    seconds: list[float] = []
    resumed = read_checkpoint(checkpoint, identity, partial(_from_tensors, progress, seconds))
    elements = observed_elements(agent, policy)
    env = trpo.make_env(agent, trpo_settings, threads)
    while progress.iteration < trpo_settings.iterations:
        started = time.perf_counter()
        try:
            without_noise = trpo.mean_return(
                progress.policy, agent, elements, trpo_settings, seed, progress.iteration
            )
            trpo.iterate(progress, env, elements, trpo_settings, seed)
        except SimulationError as error:
            raise SimulationError(
                f"TRPO iteration {progress.iteration} of {agent}, seed {seed}: {error}"
            ) from None
        seconds.append(time.perf_counter() - started)
        done = progress.iteration
        row = progress.curve[-1]
        row["mean_return"] = without_noise
        print(
            f"{agent} seed {seed}: iteration {done}/{trpo_settings.iterations}, "
            f"{before + row['env_steps']} steps, return {row['return']:.2f}, "
            f"KL {row['kl']:.4f}, {seconds[-1] * (trpo_settings.iterations - done):.0f} s left",
            flush=True,
        )
        facts = {"curve": progress.curve, "seconds": seconds}
        write_checkpoint(checkpoint, _to_tensors(progress), facts, identity)
    env.close()
    write_policy(output, progress.policy, agent, policy, {"seed": seed, "kind": kind})
    curve = run_table(progress.curve, kind, agent, seed)
    curve["env_steps"] += before
    curve["authors_steps"] += authors_before
    write_table(folder / "curve.csv", curve)
    parts = [{"iteration": value} for value in seconds]
    write_text(
        folder / "provenance.json",
        json.dumps(identity | provenance("cpu", parts, resumed), indent=2) + "\n",
    )


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
    """Inverse of `_to_tensors`, into a fresh progress of the same settings."""
    seconds.extend(facts["seconds"])
    progress.baseline.coefficients = tensors["baseline"].numpy()
    progress.policy.load_state_dict(without_prefix("policy", tensors))
    progress.curve = facts["curve"]
