"""The steps that write the pages of the pages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from mbmf.analysis.claims import check_claims
from mbmf.base.errors import InputError
from mbmf.experiments.runs import FIGURE_TITLES
from mbmf.report import pages
from mbmf.report.claims_history import claims_history
from mbmf.steps.judge_claims import CLAIMS, read_verdicts, verdicts_file
from mbmf.storage.atomic_files import write_text
from mbmf.storage.tables import read_table, write_table
from mbmf.storage.yaml_files import read_yaml


def claim_rows(results: Path) -> list[dict[str, Any]]:
    """A scale's verdicts, with what they are shown with.

    Raises:
        InputError: no verdicts, or none that fit the claims.
    """
    claims, _ = check_claims(read_yaml(CLAIMS))
    return pages.claim_rows(read_verdicts(verdicts_file(results)), claims, results.as_posix())


def write_claims_page(results: Path, output: Path) -> None:
    """Write the report's opening."""
    found = sorted((results / "runs").rglob("provenance.json"))
    history = claims_history(CLAIMS, [_provenance(path).get("git_commit") for path in found])
    write_text(output, pages.claims_page(claim_rows(results), results.name, history))


def write_runs_page(
    group: str, scale: str, settings: str, provenances: Sequence[Path], output: Path
) -> None:
    """Write the page of the runs behind a group of figures, and beside it their table as CSV.

    Args:
        group: figure_5, figure_6, figure_7 or dyna.
        scale: of the results.
        settings: of the figures, as JSON.
        provenances: of the runs, the curve beside each; of Dyna-Q, the one of all runs.
        output: page to write.

    Raises:
        InputError: a file is missing or damaged, or the group unknown.
    """
    if group not in FIGURE_TITLES:
        raise InputError(f"--group {group}: should be one of {', '.join(FIGURE_TITLES)}")
    job, runs = None, []
    if group != "dyna":
        runs = [_run(path) for path in provenances]
    elif len(provenances) == 1:
        job = _provenance(provenances[0])
    else:
        raise InputError(f"--group dyna: needs one provenance, not {len(provenances)}")
    write_text(output, pages.runs_page(group, scale, json.loads(settings), runs, job))
    columns = ["kind", "agent", "seed", "path", "env_steps", "last_return", "seconds"]
    table = pd.DataFrame([row for row, _ in runs], columns=columns)
    write_table(output.with_suffix(".csv"), table)


def _run(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    provenance = _provenance(path)
    curve = read_table(path.with_name("curve.csv"))
    try:
        row = pages.run_row(provenance, curve, path.parent.as_posix())
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
        InputError: not there, or no notebook.
    """
    try:
        content = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, AttributeError, nbformat.ValidationError) as error:
        raise InputError(f"{notebook}: not a notebook ({' '.join(str(error).split())})") from None
    write_text(output, pages.notebook_page(content, title))


def results_text(results: Path) -> str:
    """A scale's claims beside what came out, as Markdown; with times if the report has them.

    Raises:
        InputError: no verdicts, or none that fit the claims.
    """
    runs = {}
    for group in FIGURE_TITLES:
        path = results / "report" / f"{group}_runs.csv"
        if path.exists() and len(table := read_table(path)):
            runs[group] = (len(table), float(table["seconds"].sum()))
    return pages.results_markdown(claim_rows(results), results.name, runs)


def write_between_marks(path: Path, scale: str, text: str) -> None:
    """Put `text` into a file in place of the results that stand there.

    Raises:
        InputError: the file is missing or lacks the marks.
    """
    try:
        old = path.read_text(encoding="utf-8")
        new = pages.between_marks(old, scale, text)
    except (OSError, InputError) as error:
        raise InputError(f"{path}: {error}") from None
    write_text(path, new)
