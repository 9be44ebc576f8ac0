"""The application that all commands belong to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import mbmf
from mbmf.workflow.checkout import refuse_other_package

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"mbmf {mbmf.__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[  # noqa: ARG001 (the callback handles it)
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="print the version and exit"
        ),
    ] = False,
) -> None:
    """Steps of the reproduction. The workflow calls them, and you can call them too."""
    refuse_other_package(Path.cwd())
