"""The step behind Figure 5: open-loop predictions of a finished run against true rollouts."""

from __future__ import annotations

from pathlib import Path

from mbmf.agents.spec import AgentSpec
from mbmf.method.open_loop import error_table, trajectory_table
from mbmf.method.random_data import RandomDataSettings
from mbmf.method.rollouts import Rollouts
from mbmf.steps.model_based import HELD_OUT, MODELS, read_held_out, read_models
from mbmf.steps.random_data import read_random_data
from mbmf.storage.tables import write_table


def write_divergence(
    spec: AgentSpec,
    models_folder: Path,
    data_path: Path,
    settings: RandomDataSettings,
    seed: int,
    steps: int,
    starts: int,
    errors: Path,
    trajectory: Path,
) -> None:
    """Write both tables of `mbmf.method.open_loop` for one finished run."""
    models, _ = read_models(models_folder / MODELS, spec)
    held_out = read_held_out(models_folder / HELD_OUT, spec)
    data = read_random_data(data_path, spec, settings, seed)
    sets = {"random": data.validation, "MPC": Rollouts.concatenate(held_out)}
    for table, path in [
        (error_table(models, sets, steps, starts), errors),
        (trajectory_table(models[-1], held_out[-1], spec.state_names, steps, spec.dt), trajectory),
    ]:
        table.insert(0, "agent", spec.name)
        table.insert(1, "seed", seed)
        write_table(path, table)
