"""Figure 6: return against aggregation iteration, with one design decision varied at a time.

Above, the paper's curves. Below, what its claims are about: the return of the last iteration.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
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
from mbmf.analysis.readings import Reading
from mbmf.base.errors import InputError
from mbmf.figures.labels import EndLabel, label_ends, write_verdicts
from mbmf.figures.style import sample, use_style

# Title of a panel, and name of its axis, for each parameter that the paper varies.
DECISIONS = {
    "dynamics.epochs": ("training epochs", "epochs"),
    "dynamics.on_policy_fraction": ("dataset split", "share of D_RL in a minibatch"),
    "planning.horizon": ("controller's horizon", "horizon H"),
    "planning.num_samples": ("controller's samples", "action samples K"),
    "random_data.rollouts": ("initial random rollouts", "random rollouts"),
    "dynamics.hidden_layers": ("size of the network", "hidden layers × units"),
}
# From dark to light in order of the values, so that grey shades tell them apart, too.
RAMP = ("inferno", 0.05, 0.74)
MARKERS = "osD^vPX<>*"
NO_BREAK = "\u00a0"  # a space at which no line ends
# Where the seeds of an iteration, and their mean, are drawn beside a value, in steps of the axis.
SEEDS_AT, MEAN_AT = -0.12, 0.16


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
    # Widths are text, "500x500", but a table that has one layer everywhere is read as numbers.
    widths = [other["parameter"] for other in sweeps if isinstance(other["default"], str)]
    rows = rows.astype(dict.fromkeys(widths, str))
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
    table: pd.DataFrame,
    sweeps: Sequence[dict[str, Any]],
    scale: str,
    heading: str = "Figure 6",
    readings: Sequence[Reading] = (),
    held: Mapping[str, Mapping[str, Any]] | None = None,
) -> Figure:
    """Figure 6: for each agent a row of curves and one of last returns, a column for each decision.

    A lone decision has a column for each agent.

    Args:
        table: tidy curves of all runs.
        sweeps: contents of each panel, from `mbmf.experiments.figure_6.Figure6.panels`.
        scale: name of the scale, for the title.
        heading: first words of the title.
        readings: claims about the table, with verdicts. Each is written below its panel.
        held: settings by section and key that are held in place of the agents' own.
    """
    use_style()
    agents = list(dict.fromkeys(sweep["agent"] for sweep in sweeps))
    panels = list(dict.fromkeys(sweep["panel"] for sweep in sweeps))
    lone = len(panels) == 1
    rows, columns = (1, len(agents)) if lone else (len(agents), len(panels))
    figure, grid = plt.subplots(
        2 * rows,
        columns,
        figsize=(3.1 * columns, 5.9 * rows + 0.6),
        height_ratios=[1.1, 1] * rows,
        sharex=False,
        sharey=False if lone else "row",
        squeeze=False,
    )
    ends = []
    for sweep in sweeps:
        agent, panel = agents.index(sweep["agent"]), panels.index(sweep["panel"])
        row, column = (0, agent) if lone else (agent, panel)
        above, below = grid[2 * row, column], grid[2 * row + 1, column]
        of_sweep = select_sweep(table, sweep, sweeps)
        ends.append((above, _curves(above, of_sweep, sweep)))
        _last_returns(below, of_sweep, sweep, _of_panel(readings, sweep))
        if panel == 0:
            above.set_ylabel(f"{title_of(sweep['agent'])}\nreturn of an MPC rollout")
            below.set_ylabel("return at the last iteration")
    own = "the agent's own" if lone else "the setting held elsewhere"
    whole = _sample(table, sweeps, scale).replace(" ", NO_BREAK)
    title = [
        f"{heading}: design decisions{_held(held)} ({whole})",
        "Above: mean over seeds. Below: every seed, mean and 95 % Student interval. "
        f"Bold: {own}."
        + (" Verdicts rest on the differences between settings, seed by seed." if readings else ""),
    ]
    lines = "\n".join(textwrap.fill(line, 31 * columns) for line in title)
    figure.suptitle(lines.replace(NO_BREAK, " "))
    figure.draw_without_rendering()  # labels need the final height of the axes
    figure.set_layout_engine("none")
    for axes, labels in ends:
        label_ends(axes, labels)
    return figure


def _held(held: Mapping[str, Mapping[str, Any]] | None) -> str:
    """What is held in place of the agents' own settings, for the title."""
    values = [
        f"{DECISIONS.get(f'{section}.{key}', ('', key))[1]} = {value}"
        for section, own in (held or {}).items()
        for key, value in own.items()
    ]
    return f", {', '.join(values)}" if values else ""


def _sample(table: pd.DataFrame, sweeps: Sequence[dict[str, Any]], scale: str) -> str:
    """Scale and number of seeds, for the title. Settings may differ in the number of seeds."""
    settings = ["agent", *dict.fromkeys(sweep["parameter"] for sweep in sweeps)]
    counts = table.groupby(settings)["seed"].nunique()
    fewest, most = counts.min(), counts.max()
    return sample(scale, most) if fewest == most else f"{scale} scale, {fewest} to {most} seeds"


def _text(value: float | str) -> str:
    """A value as it is written: widths "500x500" as "2 × 500"."""
    if not isinstance(value, str):
        return f"{value:g}"
    widths = value.split("x")
    return f"{len(widths)} × {widths[0]}" if len(set(widths)) == 1 else " × ".join(widths)


def _of_panel(readings: Sequence[Reading], sweep: dict[str, Any]) -> list[Reading]:
    """The claims about an agent and the parameter that a sweep varies."""
    return [
        reading
        for reading in readings
        if reading.record["agent"] == sweep["agent"]
        and getattr(reading.claim.statistic, "parameter", None) == sweep["parameter"]
    ]


def _looks(sweep: dict[str, Any]) -> list[tuple[Any, str]]:
    """Colour and marker of each value."""
    name, first, last = RAMP
    shades = np.linspace(first, last, max(len(sweep["values"]), 2))[: len(sweep["values"])]
    colours = sns.color_palette(name, as_cmap=True)(shades)
    return [(colour, MARKERS[at % len(MARKERS)]) for at, colour in enumerate(colours)]


def _curves(axes: Axes, rows: pd.DataFrame, sweep: dict[str, Any]) -> list[EndLabel]:
    """Mean return of each value against the iteration. Returns the labels of the curves."""
    labels = []
    for value, (colour, marker) in zip(sweep["values"], _looks(sweep), strict=True):
        means = rows[rows[sweep["parameter"]] == value].groupby("iteration")["return"].mean()
        own = value == sweep["default"]
        axes.plot(
            means.index, means, color=colour, marker=marker, markersize=4,
            linewidth=2.2 if own else 1.0, markeredgewidth=0, label=_text(value),
        )  # fmt: skip
        labels.append(EndLabel(_text(value), means.index[-1], means.iloc[-1], colour, own))
    last = rows["iteration"].max()
    longest = max(len(label.text) for label in labels)
    axes.set_xlim(-0.06 * last, (1.2 + 0.045 * longest) * last)
    axes.margins(y=0.12)
    title, _ = DECISIONS.get(sweep["parameter"], (sweep["parameter"], ""))
    axes.set_title(f"({sweep['panel'][0]}) {title}")
    axes.set_xlabel("aggregation iteration")
    ticks = MaxNLocator(integer=True).tick_values(0, last)
    axes.set_xticks([tick for tick in ticks if 0 <= tick <= last])
    return labels


def _last_returns(
    axes: Axes, rows: pd.DataFrame, sweep: dict[str, Any], readings: Sequence[Reading]
) -> None:
    """Every seed's return of the last iteration; of the first, too, if a claim is about it."""
    last, first = rows["iteration"].max(), rows["iteration"].min()
    quantities = {reading.claim.statistic.iteration for reading in readings}
    both = last > first and not quantities <= {"last"}
    for at, (value, (colour, marker)) in enumerate(
        zip(sweep["values"], _looks(sweep), strict=True)
    ):
        of_value = rows[rows[sweep["parameter"]] == value]
        for iteration, centre in [(first, at - 0.22), (last, at + 0.22)] if both else [(last, at)]:
            returns = of_value.loc[of_value["iteration"] == iteration, "return"]
            _seeds_and_mean(axes, returns, centre, colour, marker, iteration == last)
    if both:
        axes.set_title("first iteration (open), last (filled)", fontsize="small", pad=3)
    axes.set_xlim(-0.6, len(sweep["values"]) - 0.4)
    axes.set_xticks(range(len(sweep["values"])), [_text(value) for value in sweep["values"]])
    for text, value in zip(axes.get_xticklabels(), sweep["values"], strict=True):
        text.set_fontweight("bold" if value == sweep["default"] else "normal")
    axes.xaxis.grid(visible=False)
    axes.set_xlabel(DECISIONS.get(sweep["parameter"], ("", sweep["parameter"]))[1])
    write_verdicts(axes, readings, below=38, width=47)


def _seeds_and_mean(
    axes: Axes, returns: pd.Series[float], centre: float, colour: Any, marker: str, filled: bool
) -> None:
    """A dot for each seed, and to the right of them mean and Student's 95 % interval."""
    aside = np.linspace(-0.06, 0.06, len(returns)) if len(returns) > 1 else [0.0]
    face = colour if filled else "none"
    axes.scatter(
        centre + SEEDS_AT + np.asarray(aside), returns, s=7, linewidth=0.7,
        facecolor=face, edgecolor=[colour], alpha=0.75,
    )  # fmt: skip
    mean, low, high = mean_interval(np.asarray(returns, np.float64)[:, None])
    axes.errorbar(
        centre + MEAN_AT, mean, [mean - low, high - mean], color=colour, marker=marker,
        markersize=5.5, markerfacecolor=colour if filled else "white", capsize=2.5, linewidth=1.2,
    )  # fmt: skip


def final_returns(table: pd.DataFrame, sweeps: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return at the last iteration of each configuration, over seeds.

    Args:
        table: tidy curves of all runs.
        sweeps: as for `design_decisions`.

    Returns:
        Indexed by agent, panel, decision and value. Columns: mean, low and high end of its 95 %
        Student interval, lowest and highest seed, seeds.
    """
    parts = []
    for sweep in sweeps:
        rows = select_sweep(table, sweep, sweeps)
        last = rows[rows["iteration"] == rows["iteration"].max()]
        decision = DECISIONS.get(sweep["parameter"], (sweep["parameter"],))[0]
        for value, returns in last.groupby(sweep["parameter"])["return"]:
            mean, low, high = mean_interval(returns.to_numpy(np.float64)[:, None])
            parts.append(
                {
                    "agent": sweep["agent"],
                    "panel": sweep["panel"],
                    "decision": decision,
                    "value": _text(value) if isinstance(value, str) else value,
                    "mean": mean.item(),
                    "low": low.item(),
                    "high": high.item(),
                    "lowest": returns.min(),
                    "highest": returns.max(),
                    "seeds": len(returns),
                }
            )
    return pd.DataFrame(parts).set_index(["agent", "panel", "decision", "value"])
