"""Figures 8.2, 8.4 and 8.5 of Sutton and Barto: tabular Dyna-Q in mazes."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mbmf.analysis.intervals import first_point, first_within, mean_interval
from mbmf.figures.style import METHOD_COLOURS, curve_with_interval, use_style

# The book's number of episodes until epsilon-optimal performance, by n.
BOOK_EPISODES = {0: 25, 5: 5, 50: 3}

# Epsilon-optimal: on average at most 50 % more steps than epsilon-greedy shortest paths. The book
# reads this off an axis of 800 steps, where the difference is 1 %.
TOLERANCE = 0.5

_MAZES = {"8.4": "blocking maze", "8.5": "shortcut maze"}


def learning_curves(table: pd.DataFrame, scale: str) -> Figure:
    """Figure 8.2: steps per episode, without the first episode, which is the same for all curves.

    Args:
        table: columns panel, method, step_size, planning_steps, run, episode, steps,
            optimal_steps.
        scale: name of the scale, for the title.
    """
    use_style()
    shades = _shades(table)
    figure, grid = plt.subplots(1, 2, figsize=(10.0, 4.4), width_ratios=[3, 2])
    for axes, (panel, rows) in zip(grid, table.groupby("panel"), strict=True):
        later = rows[rows["episode"] > 1]
        for (method, n), curve in later.groupby(["method", "planning_steps"], sort=False):
            colour = shades[str(method)][n]
            curve_with_interval(axes, _by_run(curve, "steps"), f"{method}, n = {n}", colour)
        optimum = rows["optimal_steps"].iloc[0]
        label = f"shortest paths, ε-greedily: {optimum:.1f}"
        axes.axhline(optimum, color="0.3", linestyle=":", label=label)
        axes.set_title(f"({panel}) α = {rows['step_size'].iloc[0]:g}")
        axes.set_xlabel("episode")
        axes.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper right")
    grid[0].set_ylabel("steps per episode")
    figure.suptitle(f"Figure 8.2: Dyna maze. {_basis(table, scale)}")
    return figure


def _shades(table: pd.DataFrame) -> dict[str, dict[Any, Any]]:
    """Of each method a shade of its colour for each number of planning steps, darker for more."""
    found = {}
    for method, rows in table.groupby("method"):
        numbers = sorted(rows["planning_steps"].unique())
        own = np.array(to_rgb(METHOD_COLOURS[str(method)]))
        ramp = [own + 0.4 * (1 - own), own, 0.45 * own] if len(numbers) > 1 else [own, own]
        found[str(method)] = dict(zip(numbers, sns.blend_palette(ramp, len(numbers)), strict=True))
    return found


def cumulative_reward(table: pd.DataFrame, name: str, scale: str) -> Figure:
    """Figure 8.4 or 8.5: cumulative reward against time steps.

    Args:
        table: columns figure, method, step_size, planning_steps, bonus, run, step,
            cumulative_reward, change.
        name: the figure, 8.4 or 8.5.
        scale: name of the scale, for the title.
    """
    use_style()
    rows = table[table["figure"] == name]
    figure, axes = plt.subplots(figsize=(6.4, 4.4))
    curves = rows.groupby(["method", "bonus"], sort=False)
    for (method, bonus), curve in curves:
        label = f"{method}, κ = {bonus:g}" if bonus else str(method)
        colour = METHOD_COLOURS[str(method)]
        curve_with_interval(axes, _by_run(curve, "cumulative_reward"), label, colour)
    first = rows.iloc[0]
    axes.axvline(first["change"], color="0.3", linestyle=":", label="walls move")
    axes.set_xlabel("time steps")
    axes.set_ylabel("cumulative reward")
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper left")
    settings = f"α = {first['step_size']:g}, n = {first['planning_steps']}"
    figure.suptitle(f"Figure {name}: {_MAZES[name]}, {settings}.\n{_basis(rows, scale)}")
    return figure


def episodes_to_optimal(table: pd.DataFrame) -> pd.DataFrame:
    """Figure 8.2 in numbers, a row for each curve.

    `reached` is the first episode whose mean over runs is epsilon-optimal (see TOLERANCE), with
    the 95 % interval of `mbmf.analysis.intervals.first_within`; infinite where none is.
    `last` is the mean of the last ten episodes.
    """
    lines = []
    for (panel, method, n), rows in table.groupby(["panel", "method", "planning_steps"]):
        steps = _by_run(rows, "steps")
        optimum = rows["optimal_steps"].iloc[0]
        bound = (1 + TOLERANCE) * optimum
        low = high = np.nan
        if len(steps) > 1:
            low, high = first_within(steps.to_numpy(np.float64), bound).interval(0.95)
        lines.append(
            {
                "panel": panel,
                "method": method,
                "n": n,
                "first episode": steps[1].mean(),
                "reached": first_point((steps.mean() <= bound).to_numpy()),
                "low": low,
                "high": high,
                "the book": BOOK_EPISODES.get(rows["planning_steps"].iloc[0])
                if panel == "a"
                else None,
                "last": steps.iloc[:, -10:].to_numpy().mean(),
                "optimum": optimum,
            }
        )
    return pd.DataFrame(lines).set_index(["panel", "method", "n"])


def rewards_in_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Figures 8.4 and 8.5 in numbers: mean cumulative reward at the change and at the end."""
    lines = []
    for (name, method), rows in table.groupby(["figure", "method"]):
        rewards = _by_run(rows, "cumulative_reward")
        for when, step in [("change", rows["change"].iloc[0]), ("end", rows["step"].max())]:
            mean, low, high = mean_interval(rewards[[step]].to_numpy(np.float64))
            keys = {"figure": name, "method": method, "at": when, "step": step}
            lines.append(keys | {"mean": mean.item(), "low": low.item(), "high": high.item()})
    return pd.DataFrame(lines).set_index(["figure", "at", "step", "method"]).sort_index()


def _by_run(rows: pd.DataFrame, value: str) -> pd.DataFrame:
    """Values of one curve, with a row for each run and a column for each episode or step."""
    point = "episode" if "episode" in rows else "step"
    return rows.pivot_table(index="run", columns=point, values=value)


def _basis(table: pd.DataFrame, scale: str) -> str:
    runs = table["run"].nunique()
    sample = f"{scale} scale, {runs} run{'s' if runs != 1 else ''}"
    return f"Mean and 95 % Student interval over runs ({sample})"
