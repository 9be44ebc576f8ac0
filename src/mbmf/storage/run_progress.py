"""How far a run has come, by the checkpoint that it writes after each iteration.

Its header is JSON with the run's settings and its curve, a row for each finished iteration.
"""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open

CHECKPOINT = "checkpoint.safetensors"
# The part of the settings that says how many iterations a kind of run has.
_SECTIONS = {
    "model_based": "aggregation",
    "imitation": "imitation",
    "model_free": "trpo",
    "fine_tuning": "trpo",
}


def iterations(folder: Path) -> tuple[int, int] | None:
    """Iterations done, and all, of an unfinished run.

    Args:
        folder: of the run.

    Returns:
        None if there is no checkpoint, or none that can be read.
    """
    try:
        with safe_open(folder / CHECKPOINT, framework="numpy") as file:
            facts = json.loads(file.metadata()["mbmf"])["facts"]
        section = _SECTIONS[facts["identity"]["kind"]]
        total = facts["identity"]["settings"][section]["iterations"]
        return len(facts["progress"]["curve"]), int(total)
    except (OSError, SafetensorError, LookupError, TypeError, ValueError, RecursionError):
        return None
