"""Figure 6: return against aggregation iteration, with one design decision varied at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mbmf.agents import title_of
from mbmf.analysis.intervals import mean_interval
from mbmf.base.errors import InputError
from mbmf.figures.style import sample, use_style

# Panel letter and legend title of each parameter that the paper varies.
DECISIONS = {
    "dynamics.epochs": ("training epochs", "epochs"),
    "dynamics.on_policy_fraction": ("dataset split", "share of D_RL"),
    "planning.horizon": ("controller's horizon", "H"),
    "planning.num_samples": ("controller's samples", "K"),
    "random_data.rollouts": ("initial random rollouts", "rollouts"),
}


def select_sweep(
    table: pd.DataFrame, sweep: dict[str, Any], sweeps: Sequence[dict[str, Any]]
) -> pd.DataFrame:
    """Rows in which only the sweep's parameter differs from the agent's own settings.

    Args:
        table: tidy curves with a column for each parameter.
        sweep: agent, parameter, values, seeds of each value, and the agent's own value (default).
        sweeps: all sweeps. Their other parameters are held at their defaults.

    Raises:
        InputError: the table lacks a configured value, or a seed of such a value.
    """
    rows: pd.DataFrame = table[table["agent"] == sweep["agent"]]
    for other in sweeps:
        if other["agent"] == sweep["agent"] and other["parameter"] != sweep["parameter"]:
            rows = rows[rows[other["parameter"]] == other["default"]]
    rows = rows[rows[sweep["parameter"]].isin(sweep["values"])]
    for value, seeds in zip(sweep["values"], sweep["seeds"], strict=True):
        missing = set(seeds) - set(rows.loc[rows[sweep["parameter"]] == value, "seed"])
        if missing:
            raise InputError(
                f"the table lacks {sweep['agent']}, {sweep['parameter']} = {value}, "
                f"seeds {sorted(missing)}"
            )
    return rows


def design_decisions(
    table: pd.DataFrame, sweeps: Sequence[dict[str, Any]], scale: str, heading: str = "Figure 6"
) -> Figure:
    """Figure 6: a row for each agent, a column for each decision.

    Args:
        table: tidy curves of all runs.
        sweeps: contents of each panel, from `mbmf.experiments.figure_6.Figure6.panels`.
        scale: name of the scale, for the title.
        heading: first words of the title.
    """
    use_style()
    agents = list(dict.fromkeys(sweep["agent"] for sweep in sweeps))
    panels = list(dict.fromkeys(sweep["panel"] for sweep in sweeps))
    figure, grid = plt.subplots(
        len(agents),
        len(panels),
        figsize=(3.3 * len(panels), 3.5 * len(agents) + 0.4),
        sharex="row",
        sharey="row",
        squeeze=False,
    )
    for sweep in sweeps:
        axes = grid[agents.index(sweep["agent"]), panels.index(sweep["panel"])]
        _panel(axes, select_sweep(table, sweep, sweeps), sweep)
    for agent, row in zip(agents, grid, strict=True):
        row[0].set_ylabel(f"{title_of(agent)}\nreturn of an MPC rollout")
    figure.suptitle(
        f"{heading}: design decisions. Mean and 95 % Student interval over seeds "
        f"({_sample(table, sweeps, scale)}); bold: the setting held elsewhere"
    )
    return figure


def _sample(table: pd.DataFrame, sweeps: Sequence[dict[str, Any]], scale: str) -> str:
    """Scale and number of seeds, for the title. Settings may differ in the number of seeds."""
    settings = ["agent", *dict.fromkeys(sweep["parameter"] for sweep in sweeps)]
    counts = table.groupby(settings)["seed"].nunique()
    fewest, most = counts.min(), counts.max()
    return sample(scale, most) if fewest == most else f"{scale} scale, {fewest} to {most} seeds"


def _panel(axes: Axes, rows: pd.DataFrame, sweep: dict[str, Any]) -> None:
    """One decision for one agent."""
    parameter = sweep["parameter"]
    title, label = DECISIONS.get(parameter, (parameter, parameter))
    values = [value for value in sweep["values"]]
    colours = dict(zip(values, sns.color_palette("viridis_r", len(values) + 1)[1:], strict=True))
    sns.lineplot(
        rows,
        x="iteration",
        y="return",
        hue=parameter,
        hue_order=values,
        palette=colours,
        marker="o",
        markersize=4,
        markeredgewidth=0,
        legend=False,
        ax=axes,
        errorbar=_interval,
    )
    for line, value in zip(axes.get_lines(), values, strict=False):
        line.set_label(f"{value:g}")
        if value == sweep["default"]:
            line.set_linewidth(2.6)
    legend = axes.legend(
        title=label,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.19),
        ncols=len(values),
        frameon=False,
        columnspacing=0.9,
        handlelength=1.0,
        handletextpad=0.4,
    )
    for text, value in zip(legend.get_texts(), values, strict=True):
        text.set_fontweight("bold" if value == sweep["default"] else "normal")
    axes.set_title(f"({sweep['panel'][0]}) {title}")
    axes.set_xlabel("aggregation iteration")
    axes.set_ylabel("")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _interval(returns: pd.Series[float]) -> tuple[float, float]:
    """Student's 95 % interval over the seeds at one point of a curve."""
    _, low, high = mean_interval(np.asarray(returns, np.float64)[:, None])
    return low.item(), high.item()


def final_returns(table: pd.DataFrame, sweeps: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return at the last iteration of each configuration: mean, minimum and maximum over seeds.

    Args:
        table: tidy curves of all runs.
        sweeps: as for `design_decisions`.

    Returns:
        Indexed by agent, panel, decision and value; columns mean, lowest, highest, seeds.
    """
    parts = []
    for sweep in sweeps:
        rows = select_sweep(table, sweep, sweeps)
        last = rows[rows["iteration"] == rows["iteration"].max()]
        statistics = last.groupby(sweep["parameter"])["return"].agg(
            mean="mean", lowest="min", highest="max", seeds="count"
        )
        statistics.index.name = "value"
        decision = DECISIONS.get(sweep["parameter"], (sweep["parameter"],))[0]
        keys = {"agent": sweep["agent"], "panel": sweep["panel"], "decision": decision}
        parts.append(statistics.reset_index().assign(**keys))
    returns: pd.DataFrame = pd.concat(parts).set_index(["agent", "panel", "decision", "value"])
    return returns
