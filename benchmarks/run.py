"""`make bench`: times ours against peers and limits, in turn, in one run.

Writes results.json and results.md beside this file. Arguments: names of groups to measure
anew, all if none; the other groups' rows stay as they are.
"""

import json
import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import torch
from peers import HERE
from report import markdown
from rows import Row
from rows_algorithm import algorithm_rows
from rows_dag import dag_rows
from rows_environments import environment_rows
from rows_estimate import estimate_rows
from rows_gpu import gpu_rows
from rows_memory import memory_rows
from rows_planning import bodies_rows, planning_rows, screening_rows
from rows_training import training_rows
from rows_trpo import trpo_rows
from rows_workflow import workflow_rows

from mbmf.storage.provenance import provenance

RESULTS = HERE / "results.json"
# The estimate comes last: it goes by the rows before it.
GROUPS: dict[str, Callable[[], list[Row]]] = {
    "planning": planning_rows,
    "screening": screening_rows,
    "bodies": bodies_rows,
    "training": training_rows,
    "environments": environment_rows,
    "trpo": trpo_rows,
    "algorithm": algorithm_rows,
    "gpu": gpu_rows,
    "workflow": workflow_rows,
    "memory": memory_rows,
    "dag": dag_rows,
    "estimate": estimate_rows,
}


def measure(group: str) -> None:
    """Measure one group and put its rows in place of its old ones."""
    started = time.perf_counter()
    date = datetime.now(UTC).date().isoformat()
    new = [{"group": group, "date": date, **found} for found in GROUPS[group]()]
    if not new:
        print(f"{group}: nothing to measure on this machine", flush=True)
        return
    old = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    kept = [found for found in old if found.get("group") in set(GROUPS) - {group}]
    order = list(GROUPS)
    rows = sorted([*kept, *new], key=lambda found: order.index(found["group"]))
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n")
    print(f"{group}: {time.perf_counter() - started:.0f} s", flush=True)


def main() -> None:
    """Run the groups and write both files."""
    if unknown := set(sys.argv[1:]) - GROUPS.keys():
        raise SystemExit(f"no group {', '.join(unknown)}; there are {', '.join(GROUPS)}")
    for group in sys.argv[1:] or GROUPS:
        measure(group)
    rows = json.loads(RESULTS.read_text())
    machine = {
        "processor": provenance("cpu", [], resumed=False)["device"],
        "system": platform.system(),
        "torch": torch.__version__,
    }
    page = markdown(machine, rows)
    (HERE / "results.md").write_text(page)
    print(page)


if __name__ == "__main__":
    main()
