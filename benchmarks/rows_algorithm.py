"""Algorithm 1 as a whole: how long, and where its time goes."""

import json
import subprocess
import sys

from peers import HERE
from rows import Row, single

# name: overlay of the configuration, iterations (0: all)
RUNS = {
    "Algorithm 1, swimmer, a whole run at quick scale, 1 thread": ("quick", 0),
    "Algorithm 1, swimmer, the first iteration at paper scale, 1 thread": ("", 1),
}


def run(overlay: str, iterations: int, device: str = "cpu") -> tuple[float, dict[str, int]]:
    """Seconds in all, and percent of them by part."""
    command = [sys.executable, HERE / "algorithm_ours.py", overlay, str(iterations), device]
    seconds = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    total = seconds.pop("total")
    percent = {part: round(100 * value / total) for part, value in seconds.items()}
    return total, percent | {"the rest": 100 - sum(percent.values())}


def algorithm_rows() -> list[Row]:
    """One run each."""
    found = []
    for name, (overlay, iterations) in RUNS.items():
        total, percent = run(overlay, iterations)
        found.append(
            single(
                name,
                "s",
                total,
                "at most a tenth beside planning, training and physics",
                percent["planning"] + percent["training"] + percent["physics"] >= 90,
                counted="from D_RAND, start-up of the process not included",
                percent=percent,
            )
        )
    return found
