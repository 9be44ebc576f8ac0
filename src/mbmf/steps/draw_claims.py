"""The step that draws all claims in one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mbmf.analysis.claims import CLAIMS, AnyClaim, check_claims
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
    try:
        readings = readings_of(claims, read_verdicts(path))
    except KeyError as error:
        raise InputError(f"{path}: no verdict on {error}; judge the claims again") from None
    save(forest(readings, results.name), results / "figures", "claims")


def readings_of(claims: Sequence[AnyClaim], verdicts: Sequence[Mapping[str, Any]]) -> list[Reading]:
    """Claims beside their verdicts, in the claims' order.

    Raises:
        KeyError: a claim has no verdict.
    """
    records = {record["id"]: record for record in verdicts}
    return [Reading(one.claim, records[one.id]) for one in questions(claims)]
