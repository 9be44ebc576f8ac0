"""Commands that show a scale's results as one page."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated

import typer

from mbmf.base.errors import InputError
from mbmf.cli.app import app
from mbmf.cli.options import ConfigFiles, Scale, results_of


@app.command()
def report(
    scale: Scale = "paper",
    configfile: ConfigFiles = None,
    cores: Annotated[
        int | None, typer.Option(min=1, help="cores for pages; by default all of this machine")
    ] = None,
) -> None:
    """Write report.html of what is finished. It makes pages only, and starts no run."""
    from mbmf.experiments.experiment import shown_tables
    from mbmf.steps.report_pages import write_claims_page_of_tables
    from mbmf.workflow.dag import read_dag
    from mbmf.workflow.overlays import configuration_of, overlays_of
    from mbmf.workflow.report_plan import ReportPlan, without_record

    overlays = overlays_of(scale, configfile or [])
    configuration = configuration_of(overlays)
    experiments, results = configuration.experiments, Path("results") / configuration.scale
    titles = {name: experiment.title for name, experiment in experiments.items()}
    read = partial(read_dag, results, overlays, targets=("all", "report_pages"))
    snakemake = partial(_snakemake, results, overlays, cores or os.cpu_count() or 1)
    plan = ReportPlan(read(), tuple(experiments))
    if not plan.drawn:
        raise InputError(
            f"{results}: no figure is drawn yet; `make reproduce SCALE={configuration.scale}` "
            "draws them all"
        )
    old = [page for page in plan.pages if plan.is_stale(page)]
    rules = sorted({page.rule for page in plan.pages})
    unfinished = [f"{titles[name]}: {why}" for name, why in plan.unfinished.items()]
    try:
        if rules:
            pages = [path.as_posix() for page in plan.pages for path in page.output]
            snakemake("--allowed-rules", *rules, "--", *pages)
    except InputError as error:
        # The other pages are shown all the same.
        unfinished.append(f"a page could not be made: {error}")
    finally:
        for page in old:
            # What it was made from is not what is asked for, so nothing may take it for that.
            for record in set(page.output) - set(without_record(page)):
                record.unlink(missing_ok=True)
    if plan.verdicts_are_old():
        page_of_claims = results / "report" / "claims.html"
        (results / "report" / "made" / "claims.json").unlink(missing_ok=True)
        write_claims_page_of_tables(results, shown_tables(experiments), unfinished, page_of_claims)
    snakemake("--report", f"{results}/report.html", *_STYLE, "--", *plan.targets())
    print("\n".join([f"{results}/report.html", *(f"not finished: {one}" for one in unfinished)]))


_STYLE = ("--report-stylesheet", "workflow/report/report.css")


def _snakemake(results: Path, overlays: list[Path], cores: int, *arguments: str) -> None:
    """Run Snakemake; what it prints becomes a log.

    Raises:
        InputError: it failed; with the last lines of the log.
    """
    files = ["--configfile", *map(str, overlays)] if overlays else []
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", str(cores), *files, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    log = results / "logs" / "report.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(done.stdout, encoding="utf-8")
    if done.returncode:
        last = (done.stdout.strip().splitlines() or ["Snakemake was ended"])[-1]
        raise InputError(f"{log}: {last}")


class _Pages(SimpleHTTPRequestHandler):
    """Serves files without a line for each of them."""

    def log_message(self, *_arguments: object) -> None:
        """Prints nothing."""


@app.command()
def browse(scale: Scale = "paper") -> None:
    """Serve a scale's results to the browsers of this machine alone, until Ctrl-C."""
    results = results_of(scale)
    if not (results / "report.html").is_file():
        raise InputError(f"{results}/report.html: not there; `mbmf report` makes it")
    # Port 0: the system gives one that is free.
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Pages, directory=results)) as server:
        print(f"http://127.0.0.1:{server.server_port}/report.html (Ctrl-C ends it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
