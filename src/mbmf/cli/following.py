"""Commands of trajectory following."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mbmf.cli.app import app
from mbmf.cli.options import (
    Agent,
    JsonSettings,
    Seed,
    Task,
    agent_of,
    can_draw,
    device_of,
    settings_of,
)

Paths = Annotated[
    str, typer.Option(help="swimmer, half_cheetah, ant, or a Python file: binds TRAJECTORIES")
]


@app.command()
def follow(
    agent: Agent,
    paths: Paths,
    settings: JsonSettings,
    seed: Seed,
    output: Annotated[Path, typer.Option(help="table of the rollouts to write")],
    rollouts: Annotated[Path, typer.Option(help="the rollouts themselves to write")],
    provenance: Annotated[Path, typer.Option(help="provenance of the rollouts to write")],
    # Not MBMF_DEVICE: the workflow keeps no place on a GPU for this command.
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, ...")] = "cpu",
    task: Task = "",
) -> None:
    """Learn a model from random data alone, and follow paths with it by MPC."""
    import torch

    from mbmf.method.following import FollowingSettings
    from mbmf.steps.following import write_following

    torch.set_num_threads(1)
    checked = settings_of(FollowingSettings, settings)
    spec, device = agent_of(agent, task), device_of(device)
    write_following(spec, paths, checked, seed, device, output, rollouts, provenance)


@app.command()
def path_clip(
    agent: Agent,
    paths: Paths,
    rollouts: Annotated[Path, typer.Option(help="rollouts from `mbmf follow`")],
    output: Annotated[Path, typer.Option(help="clip to write, .webp")],
    task: Task = "",
) -> None:
    """Draw how an agent follows its paths."""
    if not can_draw(output):
        return
    from mbmf.steps.draw_following import write_clip

    write_clip(agent_of(agent, task), paths, rollouts, output)
