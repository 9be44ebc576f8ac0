"""Commands that look after a checkout: status, prune, equivalent, pipeline."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from mbmf.base.errors import InputError
from mbmf.cli.app import app
from mbmf.cli.options import (
    ConfigFiles,
    Scale,
)
from mbmf.workflow.checkout import require_checkout


@app.command()
def status(
    scale: Scale = "paper",
    configfile: ConfigFiles = None,
    cores: Annotated[
        int | None, typer.Option(min=1, help="cores to assume; by default all of this machine")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="redraw it in place until all is done, or Ctrl-C")
    ] = False,
) -> None:
    """Show what is done, running, failed or missing, and how long the rest takes."""
    from mbmf.workflow.dag import read_dag
    from mbmf.workflow.overlays import configuration_of, overlays_of
    from mbmf.workflow.status import report

    overlays = overlays_of(scale, configfile or [])
    results = Path("results") / configuration_of(overlays).scale
    cores = cores or os.cpu_count() or 1
    if watch:
        from mbmf.workflow.watch import terminal_console
        from mbmf.workflow.watch import watch as watch_jobs

        console = terminal_console()
        if console is None:
            raise InputError("--watch: standard output is no terminal; leave the option out")
        watch_jobs(lambda: read_dag(results, overlays), cores, console)
    else:
        print(report(read_dag(results, overlays), cores))


@app.command()
def prune(
    scale: Scale = "paper",
    configfile: ConfigFiles = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="delete the files; by default they are only listed")
    ] = False,
) -> None:
    """List files of a scale that no run needs any more: old runs, their data and models."""
    from mbmf.workflow.dag import read_dag
    from mbmf.workflow.overlays import configuration_of, overlays_of
    from mbmf.workflow.process_lifetimes import hold_alone
    from mbmf.workflow.prune import remove, size, surplus

    overlays = overlays_of(scale, configfile or [])
    scale = configuration_of(overlays).scale
    results = Path("results") / scale
    if not results.is_dir():
        print(f"{results}: no such folder, so there is nothing to prune", file=sys.stderr)
        return
    # The lock makes sure that no job is writing or reading.
    lock = hold_alone(Path(f".snakemake/{scale}.lock")) if delete else None
    for path in surplus(read_dag(results, overlays, all_forced=True)):
        print(f"{path}  {size(path) / 1e6:.1f} MB")
        if delete:
            remove(path)
    if lock:
        lock.close()


@app.command()
def equivalent(
    since: Annotated[str, typer.Option(help="commit whose finished runs you want to keep")],
    until: Annotated[str, typer.Option(help="commit to compare it with")] = "HEAD",
    scale: Annotated[
        str, typer.Option(help="overlay in config/ of both commits, whose results are compared")
    ] = "smoke",
    cores: Annotated[
        int | None, typer.Option(min=1, help="cores for Snakemake; by default all of this machine")
    ] = None,
) -> None:
    """Compare the results of the code of two commits, and record their code as equal if they agree.

    The exit status is 1 if a file differs. Finished runs of equal code stay up to date.
    """
    from mbmf.workflow.equivalent.record import equivalent as compare_commits
    from mbmf.workflow.process_lifetimes import hold_alone

    require_checkout(Path.cwd())
    with hold_alone(Path(".snakemake/equivalent.lock")):
        comparison = compare_commits(since, until, scale, cores or os.cpu_count() or 1)
    for line in comparison.remarks():
        print(line)
    if comparison.difference:
        print(comparison.difference, file=sys.stderr)
        raise typer.Exit(1)


@app.command()
def pipeline() -> None:
    """Write dvc.yaml of each scale in the repository's root."""
    from mbmf.storage.atomic_files import write_text
    from mbmf.workflow.dvc_stages import SCALES, pipeline_file, pipeline_text

    require_checkout(Path.cwd())
    for scale in SCALES:
        write_text(pipeline_file(scale), pipeline_text(scale, Path.cwd()))
