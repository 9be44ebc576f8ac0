"""Figure 9: planners and models that came after the paper, against steps, sequences and time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mbmf.agents import title_of
from mbmf.analysis.intervals import mean_interval
from mbmf.analysis.settings_columns import matches
from mbmf.base.errors import InputError
from mbmf.figures.style import curve_with_interval, sample, use_style

MARKERS = "osD^vPX*"


def rows_of(table: pd.DataFrame, cell: dict[str, Any]) -> pd.DataFrame:
    """Rows of one agent, method and K.

    Args:
        table: with columns agent, seed and the settings by which methods are told apart.
        cell: one of `mbmf.experiments.figure_9.Figure9.cells`.

    Raises:
        InputError: there are none.
    """
    chosen = table["agent"] == cell["agent"]
    for name, value in cell["settings"].items():
        if value is None:
            chosen &= table[name].isna() if name in table else True
        else:
            chosen &= matches(table[name], value) if name in table else False
    if not chosen.any():
        told = f"{cell['agent']}, {cell['method']}, K {cell['num_samples']}"
        raise InputError(f"the table lacks {told}")
    rows: pd.DataFrame = table[chosen]
    return rows


def comparison(
    table: pd.DataFrame, cells: Sequence[dict[str, Any]], scale: str, heading: str = "Figure 9"
) -> Figure:
    """Figure 9: a row for each agent; the return against steps, and against sequences.

    Args:
        table: tidy curves of all runs.
        cells: what is shown, from `mbmf.experiments.figure_9.Figure9.cells`.
        scale: name of the scale, for the title.
        heading: first words of the title.
    """
    use_style()
    agents = list(dict.fromkeys(cell["agent"] for cell in cells))
    figure, grid = plt.subplots(
        len(agents), 2, figsize=(11.2, 3.7 * len(agents) + 1.3), squeeze=False
    )
    for agent, (left, right) in zip(agents, grid, strict=True):
        own = [cell for cell in cells if cell["agent"] == agent]
        _curves(left, table, own, _colours(cells))
        _last_returns(right, table, own, cells, lambda cell: (cell["sequences"], 0.0))
        left.set_ylabel(f"{title_of(agent)}\nreturn of an MPC rollout")
        left.set_xlabel("environment steps learned from")
        right.set_xlabel("action sequences predicted for an action")
    grid[0, 0].set_title("(a) one K of each method")
    grid[0, 1].set_title("(b) last iteration; numbers are K")
    _legend(figure, cells, curves=True)
    figure.suptitle(
        f"{heading}: what came after. Mean and 95 % Student interval over seeds\n"
        f"({sample(scale, table['seed'].nunique())})"
    )
    return figure


def against_time(
    table: pd.DataFrame,
    times: pd.DataFrame,
    cells: Sequence[dict[str, Any]],
    scale: str,
    heading: str = "Figure 9",
) -> Figure:
    """A panel for each agent: return of the last iteration against measured time of an action.

    Args:
        table: as for `comparison`.
        times: of all runs, from `mbmf.steps.planning_times`.
        cells: as for `comparison`.
        scale: as for `comparison`.
        heading: as for `comparison`.
    """
    use_style()
    agents = list(dict.fromkeys(cell["agent"] for cell in cells))
    figure, grid = plt.subplots(1, len(agents), figsize=(5.6 * len(agents), 4.6), squeeze=False)

    def milliseconds(cell: dict[str, Any]) -> tuple[float, float]:
        taken = 1e3 * rows_of(times, cell)["seconds_per_action"]
        return float(taken.mean()), float(taken.std(ddof=0))

    for agent, axes in zip(agents, grid[0], strict=True):
        own = [cell for cell in cells if cell["agent"] == agent]
        _last_returns(axes, table, own, cells, milliseconds)
        axes.set_title(title_of(agent))
        axes.set_xlabel("time of an action [ms], measured")
    grid[0, 0].set_ylabel("return of an MPC rollout, last iteration")
    _legend(figure, cells)
    figure.suptitle(f"{heading}: return against planning time ({scale} scale); numbers are K")
    return figure


def _colours(cells: Sequence[dict[str, Any]]) -> dict[str, tuple[Any, str]]:
    """Colour and marker of each method."""
    methods = list(dict.fromkeys(cell["method"] for cell in cells))
    palette = sns.color_palette("colorblind", len(methods))
    return {
        method: (colour, MARKERS[place % len(MARKERS)])
        for place, (method, colour) in enumerate(zip(methods, palette, strict=True))
    }


def _curves(
    axes: Axes,
    table: pd.DataFrame,
    cells: Sequence[dict[str, Any]],
    colours: dict[str, tuple[Any, str]],
) -> None:
    """Learning curves of an agent, one K of each method."""
    for cell in cells:
        if not cell["drawn"]:
            continue
        rows = rows_of(table, cell)
        # An agent whose rollouts end early has as many steps in each seed as these took.
        steps = rows.groupby("iteration")["env_steps"].mean()
        values = rows.pivot(index="seed", columns="iteration", values="return")
        values.columns = pd.Index(steps.loc[values.columns])
        colour, marker = colours[cell["method"]]
        curve_with_interval(axes, values, None, colour)
        mean = values.mean(axis=0)
        axes.plot(mean.index, mean, marker, color=colour, markersize=4)


def _last_returns(
    axes: Axes,
    table: pd.DataFrame,
    own: Sequence[dict[str, Any]],
    cells: Sequence[dict[str, Any]],
    place: Callable[[dict[str, Any]], tuple[float, float]],
) -> None:
    """Return of an agent's last iteration, a line for each method through all of its K.

    Args:
        axes: to draw on.
        table: tidy curves.
        own: cells of the agent.
        cells: all cells, for the colours.
        place: of a cell: its place on the x axis, and the standard deviation of that.
    """
    for row, (method, (colour, marker)) in enumerate(_colours(cells).items()):
        shown = [cell for cell in own if cell["method"] == method]
        points = [(*place(cell), *last_return(table, cell)) for cell in shown]
        if not points:
            continue
        x, spread, mean, low, high = np.array(points, dtype=np.float64).T
        axes.errorbar(
            x, mean, yerr=(mean - low, high - mean), xerr=spread if spread.any() else None,
            color=colour, marker=marker, markersize=5, linewidth=1.2, elinewidth=0.8, capsize=2,
        )  # fmt: skip
        for cell, here, there in zip(shown, x, mean, strict=True):
            axes.annotate(
                f"{cell['num_samples']}",
                (here, there),
                textcoords="offset points",
                # Every other method has its numbers below, so that fewer of them meet.
                xytext=(4, -9 if row % 2 else 4),
                color=colour,
                fontsize="x-small",
            )
    axes.set_xscale("log")


def last_return(table: pd.DataFrame, cell: dict[str, Any]) -> tuple[float, float, float]:
    """Mean over seeds of the last iteration's return, and Student's 95 % interval."""
    rows = rows_of(table, cell)
    last = rows[rows["iteration"] == rows["iteration"].max()]["return"].to_numpy(np.float64)
    mean, low, high = mean_interval(last[:, None])
    return mean.item(), low.item(), high.item()


def _legend(figure: Figure, cells: Sequence[dict[str, Any]], curves: bool = False) -> None:
    """Methods by colour and marker, below all panels; with the K of their learning curves."""
    handles, labels = [], []
    for method, (colour, marker) in _colours(cells).items():
        handles.append(Line2D([], [], color=colour, marker=marker, markersize=5))
        drawn = [one["num_samples"] for one in cells if one["method"] == method and one["drawn"]]
        numbers = ", ".join(map(str, dict.fromkeys(drawn)))
        labels.append(f"{method} (K {numbers} in a)" if curves else method)
    columns = min(len(labels), 3)
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False)


def in_numbers(
    table: pd.DataFrame, times: pd.DataFrame, cells: Sequence[dict[str, Any]]
) -> pd.DataFrame:
    """Of each agent, method and K: sequences, measured time, and return of the last iteration.

    Args:
        table: as for `comparison`.
        times: as for `against_time`.
        cells: as for `comparison`.

    Returns:
        Indexed by agent, method and K; columns sequences, ms per action, mean, low, high, seeds.
    """
    rows = []
    for cell in cells:
        mean, low, high = last_return(table, cell)
        taken = rows_of(times, cell)["seconds_per_action"]
        rows.append(
            {
                "agent": cell["agent"],
                "method": cell["method"],
                "K": cell["num_samples"],
                "sequences": cell["sequences"],
                "ms per action": 1e3 * taken.mean(),
                "mean": mean,
                "low": low,
                "high": high,
                "seeds": len(taken),
            }
        )
    return pd.DataFrame(rows).set_index(["agent", "method", "K"])
