"""The command that begins a folder of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mbmf.cli.app import app


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="folder to write; not there yet, or empty")],
    task: Annotated[
        Path | None,
        typer.Option(help="Python file that binds TASK; by default gymnasium's pendulum"),
    ] = None,
) -> None:
    """Begin a folder in which the whole workflow runs on a task of your own."""
    from mbmf.workflow.own_folder import write_own_folder

    write_own_folder(folder, task)
    print(f"{folder}: written; cd {folder}, then snakemake --cores 2, then mbmf report")
