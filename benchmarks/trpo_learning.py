"""`make compare-trpo`: returns of our TRPO and of sb3-contrib's at equal steps, seed by seed.

Writes trpo_learning.csv beside this file and docs/figures/trpo_learning.png. Arguments:
seeds and iterations of 50,000 steps, both optional.
"""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from peers import HERE, ROOT, peer_python

from mbmf.figures.style import INTERVAL, use_style

LABELS = {"ours": "mbmf", "sb3": "sb3-contrib 2.9.2"}


def learn(name: str, python: Path | str, seed: int, iterations: int) -> pd.DataFrame:
    """One run in a process of its own, one thread."""
    command = [str(python), str(HERE / f"trpo_{name}.py"), "learn", str(seed), str(iterations)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = pd.DataFrame([json.loads(line) for line in output.splitlines()])
    return rows.assign(trpo=LABELS[name], seed=seed)


def figure(table: pd.DataFrame) -> None:
    """Mean and interval over seeds."""
    use_style()
    _, axes = plt.subplots(figsize=(6, 3.8))
    sns.lineplot(table, x="env_steps", y="return", hue="trpo", marker="o", ax=axes, **INTERVAL)
    axes.set_xlabel("environment steps learned from")
    axes.set_ylabel("return of an episode")
    axes.set_title(
        f"TRPO on the swimmer: mean and 95 % bootstrap interval, {table['seed'].nunique()} seeds"
    )
    axes.legend(title=None)
    plt.savefig(ROOT / "docs/figures/trpo_learning.png")


def main() -> None:
    """Run both on each seed, two at a time."""
    seeds, iterations = (int(a) for a in [*sys.argv[1:], *["3", "10"][len(sys.argv) - 1 :]])
    pythons = {"ours": sys.executable, "sb3": peer_python("sb3")}
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(learn, name, python, seed, iterations)
            for seed in range(seeds)
            for name, python in pythons.items()
        ]
        table = pd.concat([run.result() for run in runs], ignore_index=True)
    table.to_csv(HERE / "trpo_learning.csv", index=False)
    figure(table)


if __name__ == "__main__":
    main()
