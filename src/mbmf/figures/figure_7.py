"""Figure 7: model-based, model-free, and model-free with model-based initialisation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from mbmf.agents import title_of
from mbmf.analysis.authors_plots import AgentPlot, AuthorsPlots
from mbmf.analysis.speedups import COUNTINGS, METHODS, Counting, Curves, curves, key, plateau
from mbmf.figures.labels import write_below
from mbmf.figures.style import INK, METHOD_COLOURS, curve_with_interval, use_style

LABELS = {
    "Mb": "Mb: MPC with the learned model",
    "Mf": "Mf: TRPO from a random policy",
    "Mb-Mf": "Mb-Mf: imitation of Mb (dots), then TRPO",
}
THIN = 0.8  # points; the curves themselves are 1.5 wide
WITHOUT_NOISE = "thin: TRPO's mean action, without noise"
CROSSES = "crosses: the authors' plots, as these count"
BARS = "bars: from the steps of Mb or Mb-Mf to those of Mf, at the return that is compared"
COUNTED: dict[Counting, str] = {"every_step": "every step", "authors": "as the authors' plots"}
# Label of each of the two ratios, and its value in the paper's text.
NUMBERS: dict[Literal["sample_efficiency", "time_to_max"], tuple[str, float]] = {
    "sample_efficiency": ("Mf / Mb", 20),
    "time_to_max": ("Mf / Mb-Mf", 3),
}


def comparison(
    table: pd.DataFrame,
    scale: str,
    plots: AuthorsPlots | None = None,
    heading: str = "Figure 7",
    speedups: Mapping[str, Any] | None = None,
    read: AuthorsPlots | None = None,
) -> Figure:
    """Figure 7, one panel for each agent.

    Args:
        table: tidy curves, with columns kind, agent, seed, iteration, env_steps, return and
            optionally mean_return.
        scale: name of the scale, for the title.
        plots: the authors' plots. Crosses show their points. Their episodes must have the same
            length as ours.
        heading: first words of the title.
        speedups: of the table, from `mbmf.analysis.speedups.speedups`. A bar shows each ratio at
            the return at which it is read, and words below the panel give its numbers.
        read: the authors' plots, whose ratios are named beside ours.
    """
    use_style()
    agents = list(dict.fromkeys(table["agent"]))
    columns = min(len(agents), 2)
    rows = math.ceil(len(agents) / columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(5.6 * columns + 1.2, 4.5 * rows + 0.7), squeeze=False
    )
    for agent, axes in zip(agents, grid.flat, strict=False):
        _panel(axes, table, agent)
        if plots and agent in plots:
            _crosses(axes, plots[agent])
        if speedups and agent in speedups:
            _ratios(axes, speedups[agent], float(table["env_steps"].max()))
            lines = ratios_in_words(agent, speedups[agent], read or {})
            write_below(axes, [(line, "normal", INK) for line in lines], below=38, width=86)
        seeds = table.loc[table["agent"] == agent, "seed"].nunique()
        axes.set_title(f"{title_of(agent)}, {seeds} seed{'s' if seeds != 1 else ''}")
    for axes in grid.flat[len(agents) :]:
        axes.set_axis_off()
    for row in grid:
        row[0].set_ylabel("return of an episode")
    handles, labels = grid.flat[0].get_legend_handles_labels()
    thin = Line2D([], [], color="grey", linewidth=THIN)
    cross = Line2D([], [], color="grey", linestyle="", marker="x")
    bar = Line2D([], [], color=INK, marker="|", linewidth=1)
    for handle, label, shown in [
        (thin, WITHOUT_NOISE, not _without_noise(table).empty),
        (cross, CROSSES, plots is not None),
        (bar, BARS, bool(speedups)),
    ]:
        if shown:
            handles, labels = [*handles, handle], [*labels, label]
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False)
    figure.suptitle(f"{heading}: mean and 95 % Student interval over seeds\n({scale} scale)")
    return figure


def _panel(axes: Axes, table: pd.DataFrame, agent: str) -> None:
    """Panel of one agent: a curve for each method, against the steps that it has learned from."""
    for method in METHODS:
        values = on_common_grid(curves(table, agent, method))
        curve_with_interval(axes, values, LABELS[method], METHOD_COLOURS[method])
        _name(axes, method, values.mean())
    for method, kind in [("Mb", "model_based"), ("Mb-Mf", "imitation")]:
        rows = table[(table["agent"] == agent) & (table["kind"] == kind)]
        points = rows.groupby("iteration")[["env_steps", "return"]].mean()
        axes.plot(
            points["env_steps"], points["return"], "o", color=METHOD_COLOURS[method], markersize=3.5
        )
    for method, kind in [("Mf", "model_free"), ("Mb-Mf", "fine_tuning")]:
        points = _without_noise(table[(table["agent"] == agent) & (table["kind"] == kind)])
        axes.plot(
            points["env_steps"], points["mean_return"], color=METHOD_COLOURS[method], linewidth=THIN
        )
    level, level_off = plateau(curves(table, agent, "Mf").returns.mean(axis=0))
    axes.axhline(level, color=METHOD_COLOURS["Mf"], linestyle="--")
    axes.annotate(
        "Mf's plateau" if level_off else "Mf's last tenth, still rising: no maximum yet",
        (0.02, level),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        xytext=(0, -3),
        verticalalignment="top",  # above the line the text could cross the frame
        fontsize="small",
        color=METHOD_COLOURS["Mf"],
    )
    axes.margins(y=0.1)  # room for what is written below a bar
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


def _name(axes: Axes, method: str, curve: pd.Series[float]) -> None:
    """Write a method's name beside its curve, at half of its rise; Mb's, a short one, at its end.

    Mb-Mf lies to the left of Mf, so their names stand on either side of the two.
    """
    half = (curve.min() + curve.max()) / 2
    at = len(curve) - 1 if method == "Mb" else int((curve >= half).to_numpy().argmax())
    side, across, up = {"Mb": ("right", -3, 7), "Mf": ("left", 7, -7), "Mb-Mf": ("right", -7, 3)}[
        method
    ]
    axes.annotate(
        method, (float(curve.index[at]), curve.iloc[at]), (across, up),
        textcoords="offset points", horizontalalignment=side, fontweight="bold",
        fontsize="small", color=METHOD_COLOURS[method],
    )  # fmt: skip


def _ratios(axes: Axes, numbers: Mapping[str, Any], last: float) -> None:
    """A bar from the steps of the fast method to those of Mf, at the return that both reach.

    Args:
        axes: of the panel.
        numbers: ratios of the agent.
        last: steps to which a bar goes whose curve does not get there.
    """
    for name, (title, _) in NUMBERS.items():
        found = numbers[name]
        if found["ratio"] is None:
            continue
        ends = [found["fast_steps"] or last, found["slow_steps"] or last]
        axes.plot(ends, [found["level"]] * 2, color=INK, linewidth=1, marker="|", markersize=9)
        low, high = _interval(found)
        first, last_shown = axes.get_xlim()
        middle = math.log(ends[0] * ends[1]) / 2 - math.log(first)
        third = int(3 * middle / math.log(last_shown / first))
        x, side = [
            (min(ends), "left"), (math.sqrt(ends[0] * ends[1]), "center"), (max(ends), "right"),
        ][third]  # fmt: skip
        axes.annotate(
            f"{title}: {_value(found)}" + (f" ({low}{high})" if not found["why"] else ""),
            (x, found["level"]),
            (0, -4),
            textcoords="offset points",
            horizontalalignment=side,
            verticalalignment="top",
            fontsize="small",
            color=INK,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
        )


def ratios_in_words(agent: str, numbers: Mapping[str, Any], plots: AuthorsPlots) -> list[str]:
    """A sentence on each of an agent's two ratios, with both countings and both targets.

    Args:
        agent: name of the agent.
        numbers: its ratios.
        plots: the authors' plots.
    """
    lines = []
    for name, (title, text) in NUMBERS.items():
        every, authors = (numbers[key(name, counting)] for counting in COUNTINGS)
        line = f"{title} at a return of {every['level']:.4g}: {_ratio_in_words(every)}"
        if authors["ratio"] is not None:
            line += f"; steps counted as in the authors' plots: {_ratio_in_words(authors)}"
        line += f". The text: {text:g}"
        if agent in plots:
            read = dict.fromkeys(plots[agent].factor(name))
            line += f"; their plot: {' to '.join(f'{factor:g}' for factor in read)}"
        lines.append(line + ".")
    return lines


def _ratio_in_words(found: Mapping[str, Any]) -> str:
    """A ratio, with its interval or why it has none."""
    if found["ratio"] is None:
        return f"none ({found['why']})"
    if found["why"]:
        return f"{_value(found)} (no interval: {found['why']})"
    low, high = _interval(found)
    return f"{_value(found)} ({low}{high})"


def _value(found: Mapping[str, Any]) -> str:
    """A ratio to read; a bound is marked as one."""
    sign = {"at least": "≥ ", "at most": "≤ ", None: ""}[found["bound"]]
    return f"{sign}{found['ratio']:.3g}"


def _interval(found: Mapping[str, Any]) -> tuple[str, str]:
    """Low and high end of a ratio's interval, to read one after the other."""
    high = found["high"]
    return f"{found['low'] or 0:.3g}", " or more" if high is None else f" to {high:.3g}"


def _crosses(axes: Axes, plot: AgentPlot) -> None:
    """Points read off the authors' curves."""
    for method, points in plot.curves.items():
        axes.plot(*zip(*points, strict=True), "x", color=METHOD_COLOURS[method])


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
