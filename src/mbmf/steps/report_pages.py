"""The steps that write the pages of the report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import pandas as pd

from mbmf.analysis.claims import CLAIMS, check_claims
from mbmf.base.errors import InputError
from mbmf.figures.claims import forest
from mbmf.figures.style import save
from mbmf.report import pages, runs_page
from mbmf.report.claims_history import claims_history
from mbmf.steps.draw_claims import readings_of
from mbmf.steps.judge_claims import judge_scale, read_verdicts, verdicts_file
from mbmf.storage.atomic_files import write_text
from mbmf.storage.tables import read_table, write_table
from mbmf.storage.yaml_files import read_yaml


def claim_rows(
    results: Path,
    tables: Mapping[str, Sequence[str]],
    clips: Mapping[str, Mapping[str, str]] | None = None,
) -> list[dict[str, Any]]:
    """A scale's verdicts as rows of the table of claims.

    Args:
        results: folder of the scale.
        tables: experiment and figure that show each table.
        clips: of each experiment, name of the clip that shows an agent.

    Raises:
        InputError: there are no verdicts, or one belongs to none of the claims.
    """
    claims, _ = check_claims(read_yaml(CLAIMS))
    verdicts = read_verdicts(verdicts_file(results))
    return pages.claim_rows(verdicts, claims, results.as_posix(), tables, clips)


def write_claims_page(
    results: Path,
    tables: Mapping[str, Sequence[str]],
    clips: Mapping[str, Mapping[str, str]],
    output: Path,
) -> None:
    """Write the report's opening; arguments as for `claim_rows`.

    Raises:
        InputError: as `claim_rows`, or there is no picture of the claims.
    """
    found = sorted((results / "runs").rglob("provenance.json"))
    history = claims_history(CLAIMS, [_provenance(path).get("git_commit") for path in found])
    rows = claim_rows(results, tables, clips)
    picture = results / "figures/claims.svg"
    try:
        drawn = picture.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{picture}: no such file; `mbmf claims-figure` draws it") from None
    write_text(output, pages.claims_page(rows, results.name, history, drawn))


def write_claims_page_of_tables(
    results: Path, tables: Mapping[str, Sequence[str]], unfinished: Sequence[str], output: Path
) -> None:
    """Write the report's opening where the scale is not finished: of the tables that are there.

    Args:
        results: folder of the scale.
        tables: experiment and figure that show each table.
        unfinished: a line for each experiment whose figures are not drawn, or old.
        output: page to write.
    """
    claims, _ = check_claims(read_yaml(CLAIMS))
    verdicts, _ = judge_scale(results)
    rows = pages.claim_rows(verdicts, claims, results.as_posix(), tables)
    for row in rows:
        if row["refused"]:  # there is no table, so nothing that a link could lead to
            row |= {"verdict": "not computed", "why": "", "links": {}}
    told = "".join(f" Not finished: {line}." for line in unfinished)
    with TemporaryDirectory() as folder:
        save(forest(readings_of(claims, verdicts), results.name), Path(folder), "claims")
        drawn = (Path(folder) / "claims.svg").read_bytes()
    write_text(output, pages.claims_page(rows, results.name, told.strip(), drawn))


def write_runs_page(
    title: str,
    scale: str,
    settings: dict[str, Any],
    provenances: Sequence[Path],
    job: Path | None,
    output: Path,
) -> None:
    """Write the page of the runs behind an experiment, and a CSV table of them beside it.

    Args:
        title: title of the experiment.
        scale: scale of the results.
        settings: the experiment's section of the configuration.
        provenances: provenance file of each run; the run's curve is in the same folder.
        job: provenance of the one job that made all runs, if there was one.
        output: page to write.

    Raises:
        InputError: a file is missing or damaged.
    """
    runs = [_run(path) for path in provenances]
    made = _provenance(job) if job else None
    write_text(output, runs_page.runs_page(title, scale, settings, runs, made))
    columns = ["kind", "agent", "seed", "path", "env_steps", "last_return", "seconds"]
    table = pd.DataFrame([row for row, _ in runs], columns=columns)
    write_table(output.with_suffix(".csv"), table)


def _run(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    provenance = _provenance(path)
    curve = read_table(path.with_name("curve.csv"))
    try:
        row = runs_page.run_row(provenance, curve, path.parent.as_posix())
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not a run's provenance, or curve ({error})") from None
    return row, provenance


def _provenance(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a run's provenance ({error})") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: not a run's provenance (no object)")
    return content


def write_notebook_page(notebook: Path, title: str, output: Path) -> None:
    """Write an executed notebook as a page.

    Raises:
        InputError: the file is missing or not a notebook.
    """
    try:
        content = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, AttributeError, nbformat.ValidationError) as error:
        raise InputError(f"{notebook}: not a notebook ({' '.join(str(error).split())})") from None
    write_text(output, pages.notebook_page(content, title))


def results_text(
    results: Path, titles: Mapping[str, str], tables: Mapping[str, Sequence[str]]
) -> str:
    """A scale's claims and results as Markdown, with wall-clock times if the report has them.

    Args:
        results: folder of the scale.
        titles: titles of the experiments, by name.
        tables: experiment and figure that show each table.

    Raises:
        InputError: there are no verdicts, or one belongs to none of the claims.
    """
    runs = {}
    for name in titles:
        path = results / "report" / f"{name}_runs.csv"
        if path.exists() and len(table := read_table(path)):
            runs[name] = (len(table), float(table["seconds"].sum()))
    return pages.results_markdown(claim_rows(results, tables), results.name, titles, runs)


def write_between_marks(path: Path, scale: str, text: str) -> None:
    """Replace the results in a file by `text`.

    Raises:
        InputError: the file is missing or lacks the marks.
    """
    try:
        old = path.read_text(encoding="utf-8")
        new = pages.between_marks(old, scale, text)
    except (OSError, InputError) as error:
        raise InputError(f"{path}: {error}") from None
    write_text(path, new)
