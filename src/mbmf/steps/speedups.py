"""The step that computes the two speed-ups from the curves of Figure 7."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mbmf.analysis.speedups import speedups
from mbmf.base.errors import InputError
from mbmf.storage.atomic_files import write_text
from mbmf.storage.tables import read_table


def write_speedups(table: Path, output: Path) -> None:
    """Write the speed-ups of a tidy table of curves as JSON."""
    write_text(output, json.dumps(speedups(read_table(table)), indent=2) + "\n")


def read_speedups(path: Path) -> dict[str, Any]:
    """Inverse of `write_speedups`; raises InputError if the file is missing or damaged."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a JSON file of speed-ups ({error})") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: not a mapping of agents to speed-ups")
    return content
