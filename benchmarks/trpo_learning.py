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

from mbmf.figures.style import curve_with_interval, use_style

# label: program, initial weights
RUNS = {
    "mbmf": ("ours", "xavier"),
    "sb3-contrib, the same initial weights": ("sb3", "xavier"),
    "sb3-contrib, its own": ("sb3", "own"),
}
# The paper's λ, and sb3-contrib's own.
LAMBDAS = (1.0, 0.95)


def learn(
    label: str, python: Path | str, seed: int, iterations: int, gae_lambda: float
) -> pd.DataFrame:
    """One run in a process of its own, one thread."""
    name, weights = RUNS[label]
    arguments = ["learn", str(seed), str(iterations), str(gae_lambda), weights]
    command = [str(python), str(HERE / f"trpo_{name}.py"), *arguments]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = pd.DataFrame([json.loads(line) for line in output.splitlines()])
    return rows.assign(trpo=label, seed=seed, gae_lambda=gae_lambda)


def figure(table: pd.DataFrame) -> None:
    """Mean and interval over seeds."""
    use_style()
    drawn, panels = plt.subplots(1, len(LAMBDAS), sharey=True, figsize=(8.4, 3.6))
    for axes, gae_lambda in zip(panels, LAMBDAS, strict=True):
        own = table[table["gae_lambda"] == gae_lambda]
        for colour, (label, rows) in zip(sns.color_palette(), own.groupby("trpo"), strict=False):
            values = rows.pivot(index="seed", columns="env_steps", values="return")
            values.columns = values.columns / 1000
            curve_with_interval(axes, values, str(label), colour)
        axes.set_title(f"λ = {gae_lambda}")
        axes.set_xlabel("environment steps learned from (thousands)")
    panels[0].set_ylabel("return of an episode")
    panels[0].legend()
    seeds = table["seed"].nunique()
    drawn.suptitle(f"TRPO on the swimmer: mean and Student's 95 % interval, {seeds} seeds", y=1.02)
    (ROOT / "docs/figures").mkdir(exist_ok=True)
    drawn.savefig(ROOT / "docs/figures/trpo_learning.png", bbox_inches="tight")


def main() -> None:
    """Run both on each seed, two at a time."""
    seeds, iterations = (int(a) for a in [*sys.argv[1:], *["3", "10"][len(sys.argv) - 1 :]])
    pythons = {"ours": sys.executable, "sb3": peer_python("sb3")}
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(learn, label, pythons[name], seed, iterations, gae_lambda)
            for seed in range(seeds)
            for label, (name, _) in RUNS.items()
            for gae_lambda in LAMBDAS
        ]
        table = pd.concat([run.result() for run in runs], ignore_index=True)
    table.to_csv(HERE / "trpo_learning.csv", index=False)
    figure(table)
    last = table[table["env_steps"] == table["env_steps"].max()]
    print(last.groupby(["gae_lambda", "trpo"])["return"].agg(["mean", "min", "max"]))


if __name__ == "__main__":
    main()
