"""Algorithm 1 as a whole: how long, and where its time goes."""

import json
import subprocess
import sys

from peers import HERE
from rows import Row, single

AGENTS = ("swimmer", "half_cheetah", "hopper", "ant")


def first_iteration(agent: str) -> str:
    """Name of the row of an agent at paper scale."""
    return f"Algorithm 1, {agent}, the first iteration at paper scale, 1 thread"


# name: agent, overlay of the configuration, iterations (0: all)
RUNS = {
    "Algorithm 1, swimmer, a whole run at quick scale, 1 thread": ("swimmer", "quick", 0),
    **{first_iteration(agent): (agent, "", 1) for agent in AGENTS},
}


def run(
    agent: str, overlay: str, iterations: int, device: str = "cpu"
) -> tuple[float, dict[str, int]]:
    """Seconds in all, and percent of them by part."""
    script = HERE / "algorithm_ours.py"
    command = [sys.executable, script, agent, overlay, str(iterations), device]
    seconds = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    total = seconds.pop("total")
    percent = {part: round(100 * value / total) for part, value in seconds.items()}
    return total, percent | {"the rest": 100 - sum(percent.values())}


def algorithm_rows() -> list[Row]:
    """One run each."""
    found = []
    for name, (agent, overlay, iterations) in RUNS.items():
        total, percent = run(agent, overlay, iterations)
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
