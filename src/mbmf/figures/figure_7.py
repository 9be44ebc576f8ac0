"""Figure 7: model-based, model-free, and model-free with model-based initialisation."""

from __future__ import annotations

import math
from typing import Any, Literal

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mbmf.agents import title_of
from mbmf.analysis.authors_plots import AgentPlot, AuthorsPlots
from mbmf.analysis.speedups import COUNTINGS, METHODS, Counting, Curves, curves, key, plateau
from mbmf.figures.style import curve_with_interval, sample, use_style

LABELS = {
    "Mb": "Mb: MPC with the learned model",
    "Mf": "Mf: TRPO from a random policy",
    "Mb-Mf": "Mb-Mf: imitation of Mb (dots), then TRPO",
}
THIN = 0.8  # points; the curves themselves are 1.5 wide
WITHOUT_NOISE = "thin: TRPO's mean action, without noise"
CROSSES = "crosses: the authors' plots, as these count"
COUNTED: dict[Counting, str] = {"every_step": "every step", "authors": "as the authors' plots"}
# Label of each of the two ratios, and its value in the paper's text.
NUMBERS: dict[Literal["sample_efficiency", "time_to_max"], tuple[str, float]] = {
    "sample_efficiency": ("Mf / Mb", 20),
    "time_to_max": ("Mf / Mb-Mf", 3),
}


def comparison(
    table: pd.DataFrame, scale: str, plots: AuthorsPlots | None = None, heading: str = "Figure 7"
) -> Figure:
    """Figure 7, one panel for each agent.

    Args:
        table: tidy curves, with columns kind, agent, seed, iteration, env_steps, return and
            optionally mean_return.
        scale: name of the scale, for the title.
        plots: the authors' plots. Crosses show their points. Their episodes must have the same
            length as ours.
        heading: first words of the title.
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
        _panel(axes, table, agent, colours)
        if plots and agent in plots:
            _crosses(axes, plots[agent], colours)
        axes.set_title(title_of(agent))
    for axes in grid.flat[len(agents) :]:
        axes.set_axis_off()
    for row in grid:
        row[0].set_ylabel("return of an episode")
    handles, labels = grid.flat[0].get_legend_handles_labels()
    thin = Line2D([], [], color="grey", linewidth=THIN)
    cross = Line2D([], [], color="grey", linestyle="", marker="x")
    for handle, label, shown in [
        (thin, WITHOUT_NOISE, not _without_noise(table).empty),
        (cross, CROSSES, plots is not None),
    ]:
        if shown:
            handles, labels = [*handles, handle], [*labels, label]
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    seeds = sample(scale, table["seed"].nunique())
    figure.suptitle(f"{heading}: mean and 95 % Student interval over seeds\n({seeds})")
    return figure


def _panel(axes: Axes, table: pd.DataFrame, agent: str, colours: dict[str, Any]) -> None:
    """Panel of one agent: a curve for each method, against the steps that it has learned from."""
    for method, colour in colours.items():
        values = on_common_grid(curves(table, agent, method))
        curve_with_interval(axes, values, LABELS[method], colour)
    for method, kind in [("Mb", "model_based"), ("Mb-Mf", "imitation")]:
        rows = table[(table["agent"] == agent) & (table["kind"] == kind)]
        points = rows.groupby("iteration")[["env_steps", "return"]].mean()
        axes.plot(points["env_steps"], points["return"], "o", color=colours[method], markersize=3.5)
    for method, kind in [("Mf", "model_free"), ("Mb-Mf", "fine_tuning")]:
        points = _without_noise(table[(table["agent"] == agent) & (table["kind"] == kind)])
        axes.plot(points["env_steps"], points["mean_return"], color=colours[method], linewidth=THIN)
    level, level_off = plateau(curves(table, agent, "Mf").returns.mean(axis=0))
    axes.axhline(level, color=colours["Mf"], linestyle="--")
    axes.annotate(
        "Mf's plateau" if level_off else "Mf's last tenth, still rising: no maximum yet",
        (0.02, level),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        xytext=(0, -3),
        verticalalignment="top",  # above the line the text could cross the frame
        fontsize="small",
        color=colours["Mf"],
    )
    axes.set_xscale("log")
    axes.set_xlabel("environment steps learned from")
    axes.set_ylabel("")


def _without_noise(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean steps and mean return without noise, at iterations in which every seed was evaluated.

    A random policy is left out: it has learned from 0 steps, which a log axis cannot show.
    """
    columns = ["env_steps", "mean_return"]
    if "mean_return" not in rows:
        return pd.DataFrame(columns=columns)
    by_iteration = rows.groupby(["kind", "agent", "iteration"])
    everywhere = by_iteration["mean_return"].count() == by_iteration.size()
    points: pd.DataFrame = by_iteration[columns].mean()[everywhere]
    return points[points["env_steps"] > 0]


def _crosses(axes: Axes, plot: AgentPlot, colours: dict[str, Any]) -> None:
    """Points read off the authors' curves."""
    for method, points in plot.curves.items():
        axes.plot(*zip(*points, strict=True), "x", color=colours[method])


def on_common_grid(found: Curves) -> pd.DataFrame:
    """Returns of each seed (rows) at the same environment steps (columns).

    If episodes can end early, the same point has different steps for different seeds. The grid is
    the mean of these steps over seeds, within the range that all seeds cover. Returns at the grid
    are interpolated linearly.
    """
    grid = found.steps.mean(axis=0)
    first, last = found.steps[:, 0].max(), found.steps[:, -1].min()
    grid = np.unique(np.clip(grid, first, last))
    grid = grid[grid > 0]  # a log axis cannot show a random policy's 0 steps
    pairs = zip(found.steps, found.returns, strict=True)
    return pd.DataFrame([np.interp(grid, *pair) for pair in pairs], columns=grid)


def speedup_table(speedups: dict[str, Any], plots: AuthorsPlots) -> pd.DataFrame:
    """The two ratios of each agent, by both ways of counting, with the paper's and the plots'.

    Args:
        speedups: from `mbmf.analysis.speedups.speedups`.
        plots: the authors' plots.
    """
    rows = []
    for agent, numbers in speedups.items():
        for name, (title, text) in NUMBERS.items():
            read = plots[agent].factor(name) if agent in plots else ()
            for counting in COUNTINGS:
                found = numbers[key(name, counting)]
                rows.append(
                    {
                        "agent": title_of(agent),
                        "steps of": title,
                        "counted": COUNTED[counting],
                        "ratio": found["ratio"],
                        "bound": found["bound"] or "",
                        "low": found["low"],
                        "high": found["high"],
                        "the text": f"{text:g}",
                        "the authors' plots": " to ".join(f"{n:g}" for n in dict.fromkeys(read)),
                        "seeds": found["seeds"],
                        "at a return of": found["level"],
                        "why not": found["why"] or "",
                    }
                )
    return pd.DataFrame(rows).set_index(["agent", "steps of", "counted"])
