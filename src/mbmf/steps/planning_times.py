"""The step that collects how long each run of Algorithm 1 took to plan an action."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mbmf.base.errors import InputError
from mbmf.storage.atomic_files import write_text
from mbmf.storage.tables import read_table

CURVE = "curve.csv"


def write_planning_times(
    provenances: Sequence[Path], output: Path, defaults: Mapping[str, Any]
) -> None:
    """Write a JSON list with a row for each run: agent, seed, settings and seconds an action.

    An action's seconds are the wall-clock time of a run's MPC rollouts over the number of actions
    in them: planning, one step of the simulator, and what other processes on the machine took.

    Args:
        provenances: of finished runs; each one's curve is in the same folder.
        output: file to write.
        defaults: value of a setting that a curve leaves out.

    Raises:
        InputError: a file is missing or damaged.
    """
    rows = [_row(path, defaults) for path in provenances]
    write_text(output, json.dumps(rows, indent=1) + "\n")


def _row(path: Path, defaults: Mapping[str, Any]) -> dict[str, Any]:
    curve = read_table(path.parent / CURVE)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        seconds = sum(one["rollouts"] for one in content["seconds"])
        actions = float((curve["rollouts"] * curve["rollout_steps"]).sum())
        settings = {str(name): curve[name].iloc[0] for name in curve if "." in str(name)}
        row = {"agent": curve["agent"].iloc[0], "seed": int(curve["seed"].iloc[0])}
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(
            f"{path}: not the provenance of a run of Algorithm 1 beside its curve ({error})"
        ) from None
    # JSON knows no numbers of NumPy's.
    plain = {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in settings.items()
    }
    return {**row, **defaults, **plain, "seconds_per_action": seconds / actions}


def read_planning_times(path: Path) -> list[dict[str, Any]]:
    """Inverse of `write_planning_times`; raises InputError if the file is missing or damaged."""
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a JSON file of planning times ({error})") from None
    return rows
