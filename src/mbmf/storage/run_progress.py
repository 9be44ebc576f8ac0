"""Progress of an unfinished run, from the checkpoint that it writes after each iteration.

The checkpoint's header is JSON. It holds the run's settings and its learning curve, which has one
row for each finished iteration.
"""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open

CHECKPOINT = "checkpoint.safetensors"
# The section of the settings that gives the number of iterations of each kind of run.
_SECTIONS = {
    "model_based": "aggregation",
    "imitation": "imitation",
    "model_free": "trpo",
    "fine_tuning": "trpo",
}


def iterations(folder: Path) -> tuple[int, int] | None:
    """Number of iterations that an unfinished run has done, and the total.

    Args:
        folder: folder of the run.

    Returns:
        Both numbers, or None if there is no readable checkpoint.
    """
    try:
        with safe_open(folder / CHECKPOINT, framework="numpy") as file:
            facts = json.loads(file.metadata()["mbmf"])["facts"]
        section = _SECTIONS[facts["identity"]["kind"]]
        total = facts["identity"]["settings"][section]["iterations"]
        return len(facts["progress"]["curve"]), int(total)
    except (OSError, SafetensorError, LookupError, TypeError, ValueError, RecursionError):
        return None
