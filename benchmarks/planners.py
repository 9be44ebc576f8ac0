"""`make compare-planners`: CEM and PETS here and in mbrl-lib, at equal steps, seed by seed.

The swimmer as at quick scale, with more samples. Writes planners.csv and planners.md
beside this file. Argument: number of seeds, 3 if none.
"""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
from peers import HERE, ROOT, peer_python

from mbmf.analysis.intervals import mean_interval
from mbmf.workflow.configuration import load_configuration

METHODS: dict[str, dict[str, dict[str, Any]]] = {
    "CEM": {"planning": {"planner": "cem", "num_samples": 100}},
    "PETS with CEM": {
        "planning": {"planner": "cem", "num_samples": 20, "particles": 5},
        "dynamics": {"model": "probabilistic_ensemble", "propagation": "TSinf"},
    },
}


def settings(method: str) -> str:
    """Settings of a run, as JSON."""
    paths = [ROOT / "config" / f"{name}.yaml" for name in ("agents", "config", "quick")]
    own = load_configuration(paths).agents["swimmer"].model_based
    content = own.model_dump()
    for part, changes in METHODS[method].items():
        content[part] |= changes
    return type(own).model_validate(content).model_dump_json()


def run(program: str, method: str, seed: int) -> pd.DataFrame:
    """One run in a process of its own, one thread."""
    python: Path | str = sys.executable if program == "mbmf" else peer_python("mbrl")
    script = HERE / ("planners_ours.py" if program == "mbmf" else "planners_mbrl.py")
    command = [str(python), str(script), settings(method), str(seed)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return pd.DataFrame(rows).assign(method=method, program=program, seed=seed)


def main() -> None:
    """Run all, two at a time; ours and the peer's of a seed side by side."""
    seeds = int(sys.argv[1]) if sys.argv[1:] else 3
    programs = ("mbmf", "mbrl-lib")
    peer_python("mbrl")
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(run, program, method, seed)
            for method in METHODS
            for seed in range(seeds)
            for program in programs
        ]
        table = pd.concat([one.result() for one in runs], ignore_index=True)
    table.to_csv(HERE / "planners.csv", index=False)
    lines = [
        "| method | program | last return, mean and 95 % interval | ms an action |",
        "|---|---|---|---|",
    ]
    for (method, program), rows in table.groupby(["method", "program"]):
        last = rows[rows["iteration"] == rows["iteration"].max()]["return"].to_numpy()
        mean, low, high = (float(value[0]) for value in mean_interval(last[:, None]))
        lines.append(
            f"| {method} | {program} | {mean:.1f} ({low:.1f} to {high:.1f}) | "
            f"{1e3 * rows['seconds'].median():.3g} |"
        )
    page = f"Swimmer, {seeds} seeds, {table['env_steps'].max()} steps.\n\n" + "\n".join(lines)
    (HERE / "planners.md").write_text(f"{page}\n")
    print(page)


if __name__ == "__main__":
    main()
