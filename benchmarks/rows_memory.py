"""How the planner's memory grows with K and H: it should not."""

import json
import subprocess
import sys

from peers import HERE
from rows import Row, single

SHAPES = [(1000, 5), (5000, 20), (5000, 40), (15000, 40), (50000, 20)]


def memory_rows() -> list[Row]:
    """One process for each shape, 1 x 500."""
    found, smallest = [], None
    for samples, horizon in SHAPES:
        command = [sys.executable, HERE / "memory_ours.py", str(samples), str(horizon)]
        output = subprocess.run([*command, json.dumps([500])], check=True, capture_output=True)
        megabytes = float(output.stdout)
        smallest = smallest or megabytes
        found.append(
            single(
                f"memory of planning, {samples} x {horizon}, 1 x 500",
                "MB",
                megabytes,
                "at most 50 MB above the smallest shape",
                megabytes <= smallest + 50,
                counted="largest resident set of the process, Python and torch included",
            )
        )
    return found
