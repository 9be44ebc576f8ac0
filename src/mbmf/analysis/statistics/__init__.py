"""Statistics that `config/claims.yaml` may ask for: one file each, found by its name.

Each binds `Statistic`, a `mbmf.analysis.statistics.base.ClaimStatistic`. One of your own may lie
anywhere: `statistic: {name: examples/statistic.py}`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mbmf.base.doors import Door
from mbmf.base.errors import InputError
from mbmf.storage.yaml_files import read_yaml

STATISTICS = Door("statistic", "mbmf.analysis.statistics", "Statistic")


def sources(claims: Path) -> list[str]:
    """What `mbmf.storage.code_digest` asks for: the statistics that a file of claims names, sorted.

    What is wrong with the file is left to the step that judges the claims, which refuses it.

    Args:
        claims: the file.
    """
    try:
        entries = read_yaml(claims).get("claims")
    except InputError:
        return []
    found = set()
    for entry in entries if isinstance(entries, list) else []:
        try:
            found.add(STATISTICS.source(statistic_name(entry) or ""))
        except InputError:
            continue
    return sorted(found)


def statistic_name(entry: Any) -> str | None:
    """Name of the statistic that a claim asks for; None if it names none."""
    statistic = entry.get("statistic") if isinstance(entry, dict) else None
    name = statistic.get("name") if isinstance(statistic, dict) else None
    return name if isinstance(name, str) else None
