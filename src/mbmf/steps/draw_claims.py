"""The step that draws all claims in one picture."""

from __future__ import annotations

from pathlib import Path

from mbmf.analysis.claims import CLAIMS, check_claims
from mbmf.analysis.judging import questions
from mbmf.analysis.readings import Reading
from mbmf.base.errors import InputError
from mbmf.figures.claims import forest
from mbmf.figures.style import save
from mbmf.steps.judge_claims import read_verdicts, verdicts_file
from mbmf.storage.yaml_files import read_yaml


def draw_claims(results: Path) -> None:
    """Draw a scale's verdicts: figures/claims.svg, .pdf and .png.

    Args:
        results: folder of the scale.

    Raises:
        InputError: there are no verdicts, or they are not on the claims of the file.
    """
    claims, _ = check_claims(read_yaml(CLAIMS))
    path = verdicts_file(results)
    records = {record["id"]: record for record in read_verdicts(path)}
    asked = questions(claims)
    missing = [one.id for one in asked if one.id not in records]
    if missing:
        raise InputError(f"{path}: no verdict on {missing[0]}; judge the claims again")
    readings = [Reading(one.claim, records[one.id]) for one in asked]
    save(forest(readings, results.name), results / "figures", "claims")
