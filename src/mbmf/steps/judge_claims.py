"""The step that judges the paper's claims on a scale's tables."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from mbmf.analysis.authors_plots import AUTHORS_PLOTS, read_authors_plots
from mbmf.analysis.claims import CLAIMS, check_claims
from mbmf.analysis.judging import judge
from mbmf.analysis.verdict_text import as_text, changes
from mbmf.base.errors import InputError
from mbmf.storage.atomic_files import write_text
from mbmf.storage.tables import read_table
from mbmf.storage.yaml_files import read_yaml

SUFFIXES = ("csv", "parquet")


def verdicts_file(results: Path) -> Path:
    """Path of a scale's verdicts."""
    return results / "claims.json"


def judge_scale(results: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Verdicts on a scale's tables, and a line for each claim or table that is refused.

    Args:
        results: folder of the scale.

    Raises:
        InputError: the file of claims is missing or invalid, or the file of the authors' plots
            is and a claim needs it.
    """

    @cache
    def table(name: str) -> pd.DataFrame:
        return read_table(_table_file(results / "tables", name))

    content = read_yaml(CLAIMS)
    try:
        claims, problems = check_claims(content)
    except InputError as error:
        raise InputError(f"{CLAIMS}: {error}") from None
    compared = any(claim.comparison == "as_plotted" for claim in claims)
    plots = read_authors_plots(AUTHORS_PLOTS) if compared else None
    records = judge(claims, table, plots)
    refused = [f"{CLAIMS}: {problem}" for problem in problems]
    refused += [f"{record['id']}: {record['why']}" for record in records if record["refused"]]
    return records, refused


def _table_file(folder: Path, name: str) -> Path:
    """The file of a table, by its name.

    Raises:
        InputError: there is no such file, or there are two.
    """
    there = sorted(path for suffix in SUFFIXES for path in folder.glob(f"*.{suffix}"))
    found = [path for path in there if path.stem == name]
    if not found:
        names = ", ".join(path.stem for path in there) or "none"
        raise InputError(f"{folder}: there is no table {name} (tables there: {names})")
    if len(found) > 1:
        raise InputError(f"{folder}: {name} is there as CSV and as Parquet; delete the older one")
    return found[0]


def write_verdicts(results: Path) -> list[str]:
    """Judge a scale, print and write the verdicts; returns a line for each refused claim."""
    records, refused = judge_scale(results)
    print(as_text(records))
    write_text(verdicts_file(results), json.dumps(records, indent=2) + "\n")
    return refused


def compare_verdicts(results: Path) -> tuple[list[str], list[str]]:
    """Judge a scale, print the verdicts, and compare them with the stored ones.

    Returns:
        A line for each verdict that changed, and a line for each refused claim or table.

    Raises:
        InputError: there are no verdicts to compare with.
    """
    stored = read_verdicts(verdicts_file(results))
    records, refused = judge_scale(results)
    print(as_text(records))
    return changes(stored, records), refused


def read_verdicts(path: Path) -> list[dict[str, Any]]:
    """Read stored verdicts.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: there are no verdicts yet; --write writes them") from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a JSON file of verdicts ({error})") from None
    if not isinstance(content, list) or not all(
        isinstance(record, dict) and {"id", "verdict"} <= record.keys() for record in content
    ):
        raise InputError(f"{path}: not a list of verdicts")
    return content
