"""Commands that make runs, their tables and their clips."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mbmf.cli.app import app
from mbmf.cli.options import (
    Agent,
    JsonSettings,
    Seed,
    Task,
    Threads,
    agent_of,
    can_draw,
    device_of,
    json_of,
    settings_of,
)


@app.command()
def random_data(
    agent: Agent,
    settings: JsonSettings,
    seed: Seed,
    output: Annotated[Path, typer.Option(help="file to write")],
    task: Task = "",
) -> None:
    """Roll out random actions (D_RAND)."""
    from mbmf.method.random_data import RandomDataSettings
    from mbmf.steps.random_data import write_random_data

    write_random_data(
        agent_of(agent, task), settings_of(RandomDataSettings, settings), seed, output
    )


@app.command()
def model_based(
    agent: Agent,
    settings: JsonSettings,
    seed: Seed,
    random_data: Annotated[Path, typer.Option(help="D_RAND, from `mbmf random-data`")],
    output: Annotated[Path, typer.Option(help="folder for curve and provenance")],
    models: Annotated[Path, typer.Option(help="folder for models and held-out rollouts")],
    threads: Threads = 1,
    device: Annotated[
        str, typer.Option(envvar="MBMF_DEVICE", help="cpu, cuda, cuda:1, ...")
    ] = "cpu",
    task: Task = "",
) -> None:
    """Run Algorithm 1. An interrupted run resumes from its checkpoint."""
    import torch

    from mbmf.base.progress import progress_bar
    from mbmf.method.algorithm_1 import ModelBasedSettings
    from mbmf.steps.model_based import run_model_based
    from mbmf.storage.run_progress import iterations

    torch.set_num_threads(threads)
    checked = settings_of(ModelBasedSettings, settings)
    spec, device = agent_of(agent, task), device_of(device)
    with progress_bar(f"Algorithm 1, {spec.name}", partial(iterations, output)):
        run_model_based(spec, checked, seed, random_data, output, models, device)


@app.command()
def divergence(
    agent: Agent,
    models: Annotated[Path, typer.Option(help="folder of a finished run's models")],
    random_data: Annotated[Path, typer.Option(help="D_RAND of that run")],
    settings: JsonSettings,
    seed: Seed,
    steps: Annotated[int, typer.Option(min=1, help="length of the open-loop prediction")],
    starts: Annotated[int, typer.Option(min=1, help="start states in each set of rollouts")],
    errors: Annotated[Path, typer.Option(help="table of errors to write")],
    trajectory: Annotated[Path, typer.Option(help="table of one trajectory to write")],
    task: Task = "",
) -> None:
    """Compare open-loop predictions with true rollouts (Fig. 5)."""
    import torch

    from mbmf.method.random_data import RandomDataSettings
    from mbmf.steps.divergence import write_divergence

    torch.set_num_threads(1)
    checked = settings_of(RandomDataSettings, settings)
    write_divergence(
        agent_of(agent, task), models, random_data, checked, seed, steps, starts, errors, trajectory
    )


@app.command()
def dyna(
    settings: JsonSettings,
    episodes: Annotated[Path, typer.Option(help="table of steps per episode to write")],
    rewards: Annotated[Path, typer.Option(help="table of cumulative rewards to write")],
    provenance: Annotated[Path, typer.Option(help="provenance of the runs to write")],
) -> None:
    """Run tabular Dyna-Q, Dyna-Q+ and prioritised sweeping on the mazes."""
    from mbmf.dyna.settings import DynaSettings
    from mbmf.steps.dyna import write_dyna

    write_dyna(settings_of(DynaSettings, settings), episodes, rewards, provenance)


@app.command()
def imitation(
    agent: Agent,
    settings: JsonSettings,
    seed: Seed,
    models: Annotated[
        Path, typer.Option(help="models of a finished run of Algorithm 1, with any layers")
    ],
    expert: Annotated[Path, typer.Option(help="the expert's rollouts to write")],
    expert_model: Annotated[Path, typer.Option(help="the expert's model to write")],
    output: Annotated[Path, typer.Option(help="folder for curve and provenance")],
    policy: Annotated[Path, typer.Option(help="policy to write")],
    task: Task = "",
) -> None:
    """Roll out the MPC expert and clone it (behaviour cloning, DAgger)."""
    import torch

    from mbmf.base.progress import progress_bar
    from mbmf.method.imitation import ImitationRunSettings
    from mbmf.steps.imitation import run_imitation
    from mbmf.storage.run_progress import iterations

    torch.set_num_threads(1)
    checked = settings_of(ImitationRunSettings, settings)
    spec = agent_of(agent, task)
    with progress_bar(f"imitation, {spec.name}", partial(iterations, output)):
        run_imitation(spec, checked, seed, models, expert, expert_model, output, policy)


@app.command()
def trpo(
    agent: Agent,
    settings: JsonSettings,
    seed: Seed,
    output: Annotated[Path, typer.Option(help="folder for curve and provenance")],
    policy: Annotated[Path, typer.Option(help="policy to write")],
    start: Annotated[
        Path | None, typer.Option(help="imitation policy to start from; a random one if not given")
    ] = None,
    threads: Threads = 1,
    task: Task = "",
) -> None:
    """Train a policy with TRPO. An interrupted run resumes from its checkpoint."""
    import torch

    from mbmf.base.progress import progress_bar
    from mbmf.method.trpo import TrpoRunSettings
    from mbmf.steps.trpo import run_trpo
    from mbmf.storage.run_progress import iterations

    torch.set_num_threads(threads)
    checked = settings_of(TrpoRunSettings, settings)
    spec = agent_of(agent, task)
    with progress_bar(f"TRPO, {spec.name}", partial(iterations, output)):
        run_trpo(spec, checked, seed, start, output, policy, threads)


@app.command()
def tabulate(
    tables: Annotated[list[Path], typer.Argument(help="tables with the same columns")],
    output: Annotated[Path, typer.Option(help="table to write")],
    column: Annotated[
        list[str] | None, typer.Option(help="column to keep; by default all are kept")
    ] = None,
    optional: Annotated[
        list[str] | None,
        typer.Option(help="further column to keep, from the tables that have it"),
    ] = None,
    defaults: Annotated[
        str, typer.Option(help="value of a column in tables without it, as JSON")
    ] = "{}",
) -> None:
    """Concatenate the rows of several tables into one table."""
    from mbmf.storage.tables import concatenate

    concatenate(tables, output, column, optional or (), json_of("--defaults", defaults))


@app.command()
def planning_times(
    provenance: Annotated[
        list[Path], typer.Argument(help="provenance of each run; its curve is in the same folder")
    ],
    output: Annotated[Path, typer.Option(help="JSON file to write")],
    defaults: Annotated[
        str, typer.Option(help="value of a setting that a curve leaves out, as JSON")
    ] = "{}",
) -> None:
    """Collect how long runs of Algorithm 1 took to plan an action."""
    from mbmf.steps.planning_times import write_planning_times

    write_planning_times(provenance, output, json_of("--defaults", defaults))


@app.command()
def speedups(
    table: Annotated[Path, typer.Option(help="curves of Figure 7")],
    output: Annotated[Path, typer.Option(help="JSON file to write")],
) -> None:
    """Compute how many fewer steps model-based learning needs (Fig. 7)."""
    from mbmf.steps.speedups import write_speedups

    write_speedups(table, output)


@app.command()
def gait(
    agent: Agent,
    settings: JsonSettings,
    seed: Seed,
    model: Annotated[Path, typer.Option(help="the expert's model, from `mbmf imitation`")],
    imitation: Annotated[Path, typer.Option(help="policy from `mbmf imitation`")],
    trpo: Annotated[Path, typer.Option(help="policy from `mbmf trpo` that started from it")],
    output: Annotated[Path, typer.Option(help="clip to write, .webp")],
    task: Task = "",
) -> None:
    """Draw how an agent moves under random actions, MPC, imitation and TRPO."""
    if not can_draw(output):
        return
    import torch

    from mbmf.method.imitation import ImitationRunSettings
    from mbmf.steps.draw_clip import write_gait

    torch.set_num_threads(1)
    checked = settings_of(ImitationRunSettings, settings)
    policies = {"imitation": imitation, "TRPO from it (Mb-Mf)": trpo}
    write_gait(agent_of(agent, task), checked, seed, model, policies, output)
