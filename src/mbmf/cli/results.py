"""Commands that judge and show results."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mbmf.base.errors import InputError
from mbmf.cli.app import app
from mbmf.cli.options import (
    Output,
    Scale,
    json_of,
    results_of,
)


@app.command()
def claims(
    scale: Scale = "paper",
    write: Annotated[
        bool, typer.Option("--write", help="write claims.json instead of comparing with it")
    ] = False,
) -> None:
    """Print the verdicts on the paper's claims; exit status 1 if one differs from claims.json."""
    from mbmf.steps.judge_claims import compare_verdicts, write_verdicts

    results = results_of(scale)
    if write:
        # The file holds refused claims too, with the reason. The other claims are judged.
        for line in write_verdicts(results):
            print(line, file=sys.stderr)
        return
    changed, refused = compare_verdicts(results)
    for line in changed + refused:
        print(line, file=sys.stderr)
    if changed or refused:
        raise typer.Exit(2 if refused else 1)


@app.command()
def claims_figure(scale: Scale = "paper") -> None:
    """Draw all claims with their verdicts in one picture, figures/claims.svg, .pdf and .png."""
    from mbmf.steps.draw_claims import draw_claims

    draw_claims(results_of(scale))


@app.command()
def results(
    scale: Scale = "paper",
    into: Annotated[
        Path | None, typer.Option(help="file to write them to, between the scale's marks")
    ] = None,
) -> None:
    """Print the claims and our results as Markdown, or write them into docs/claims.md."""
    from mbmf.experiments.experiment import shown_tables
    from mbmf.steps.report_pages import results_text, write_between_marks
    from mbmf.workflow.overlays import configuration_of, overlays_of

    folder = results_of(scale)
    experiments = configuration_of(overlays_of(scale, [])).experiments
    titles = {name: experiment.title for name, experiment in experiments.items()}
    text = results_text(folder, titles, shown_tables(experiments))
    if into is None:
        print(text, end="")
    else:
        write_between_marks(into, scale, text)


@app.command()
def claims_page(
    shown: Annotated[
        str, typer.Option(help="JSON: the experiment and the figure that show each table, by name")
    ],
    output: Output,
    clips: Annotated[
        str, typer.Option(help="JSON: of each experiment, the clip that shows each agent, by name")
    ] = "{}",
    scale: Scale = "paper",
) -> None:
    """Write the report's first page: all claims in a picture and a table, with links."""
    from mbmf.steps.report_pages import write_claims_page

    shown_by, clip_of = json_of("--shown", shown), json_of("--clips", clips)
    write_claims_page(results_of(scale), shown_by, clip_of, output)


@app.command()
def notebook_page(
    notebook: Annotated[Path, typer.Option(help="executed notebook")],
    title: Annotated[str, typer.Option(help="title of the page")],
    output: Output,
) -> None:
    """Write an executed notebook as a page of the report."""
    from mbmf.steps.report_pages import write_notebook_page

    write_notebook_page(notebook, title, output)


@app.command()
def runs_page(
    title: Annotated[str, typer.Option(help="title of the experiment")],
    settings: Annotated[str, typer.Option(help="its section of the configuration, as JSON")],
    output: Output,
    provenance: Annotated[
        list[Path] | None,
        typer.Argument(help="provenance of each run; its curve is in the same folder"),
    ] = None,
    job: Annotated[
        Path | None, typer.Option(help="provenance of the one job that made all runs")
    ] = None,
    scale: Scale = "paper",
) -> None:
    """Write a page of the runs behind a figure: configuration, provenance, wall-clock time."""
    from mbmf.steps.report_pages import write_runs_page

    content = json_of("--settings", settings)
    write_runs_page(title, scale, content, provenance or [], job, output)


@app.command()
def notebook(
    notebook: Annotated[Path, typer.Argument(help="notebook to execute")],
    output: Annotated[Path, typer.Argument(help="executed notebook to write")],
    parameters: Annotated[str, typer.Option(help="parameters of the notebook, as JSON")] = "{}",
) -> None:
    """Execute a notebook. The rules that draw figures call this."""
    from mbmf.report.execute_notebook import execute_notebook

    if not notebook.is_file():
        raise InputError(f"{notebook}: no such file")
    execute_notebook(notebook, output, json_of("--parameters", parameters))
