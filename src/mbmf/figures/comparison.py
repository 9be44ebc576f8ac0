"""Figure 7: model-based, model-free, and model-free initialised by model-based learning."""

from __future__ import annotations

import math
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mbmf.figures.style import AGENT_TITLES, INTERVAL, sample, use_style
from mbmf.speedups import METHODS, curves, plateau

LABELS = {
    "Mb": "Mb: MPC with the learned model",
    "Mf": "Mf: TRPO from a random policy",
    "Mb-Mf": "Mb-Mf: imitation of Mb (dots), then TRPO",
}
_METHOD_OF = {kind: method for method, kinds in METHODS.items() for kind in kinds}


def comparison(table: pd.DataFrame, scale: str) -> Figure:
    """Figure 7, one panel for each agent.

    Args:
        table: tidy curves: kind, agent, seed, iteration, env_steps, return.
        scale: named in the title.
    """
    use_style()
    agents = list(dict.fromkeys(table["agent"]))
    columns = min(len(agents), 2)
    rows = math.ceil(len(agents) / columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(5.4 * columns + 1.2, 3.8 * rows + 0.7), squeeze=False
    )
    colours = dict(zip(METHODS, sns.color_palette(), strict=False))
    for agent, axes in zip(agents, grid.flat, strict=False):
        _panel(axes, table[table["agent"] == agent], colours)
        _, returns = curves(table, agent, "Mf").mean(slice(None))  # type: ignore[arg-type]
        axes.axhline(
            plateau(returns)[0], color=colours["Mf"], linestyle="--", label="TRPO's last plateau"
        )
        axes.set_title(AGENT_TITLES[agent])
    for axes in grid.flat[len(agents) :]:
        axes.set_axis_off()
    for row in grid:
        row[0].set_ylabel("return of an episode")
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    seeds = sample(scale, table["seed"].nunique())
    figure.suptitle(f"Figure 7: mean and 95 % bootstrap interval over seeds\n({seeds})")
    return figure


def _panel(axes: Axes, table: pd.DataFrame, colours: dict[str, Any]) -> None:
    """One agent: a curve for each method, against the steps that it had learned from."""
    rows = table.assign(method=table["kind"].map(_METHOD_OF))
    # Where episodes can end early, seeds differ a little in the steps of a point.
    rows["env_steps"] = rows.groupby(["kind", "iteration"])["env_steps"].transform("mean")
    rows = rows[rows["env_steps"] > 0]  # a random policy has no place on a log axis
    for method, colour in colours.items():
        of_method = rows[rows["method"] == method]
        sns.lineplot(
            of_method,
            x="env_steps",
            y="return",
            color=colour,
            label=LABELS[method],
            legend=False,
            ax=axes,
            **INTERVAL,
        )
        marked = of_method[of_method["kind"].isin(["model_based", "imitation"])]
        points = marked.groupby("env_steps")["return"].mean()
        axes.plot(points.index, points, "o", color=colour, markersize=3.5)
    axes.set_xscale("log")
    axes.set_xlabel("environment steps learned from")
    axes.set_ylabel("")


def speedup_table(speedups: dict[str, Any]) -> pd.DataFrame:
    """The two numbers of each agent, as a table to read.

    Args:
        speedups: as `mbmf.speedups.speedups` gives them.
    """
    names = {"sample_efficiency": "Mf / Mb (paper: 20)", "time_to_max": "Mf / Mb-Mf (paper: 3)"}
    rows = [
        {
            "agent": AGENT_TITLES[agent],
            "steps of": names[name],
            "median": found["median"],
            "low": found["low"],
            "high": found["high"],
            "seeds": found["seeds"],
            "at a return of": found["level"],
            "why not": found["why"] or "",
        }
        for agent, both in speedups.items()
        for name, found in both.items()
    ]
    return pd.DataFrame(rows).set_index(["agent", "steps of"])
