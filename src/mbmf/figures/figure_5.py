"""Figure 5: divergence of open-loop predictions from true rollouts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from mbmf.agents import title_of
from mbmf.figures.style import INK, METHOD_COLOURS, curve_with_interval, sample, use_style

_COLUMNS = 3
_SETS = {"random": "held-out random rollouts", "MPC": "held-out MPC rollouts"}


def rollout_against_prediction(
    trajectories: pd.DataFrame, elements: Sequence[str], scale: str, heading: str = "Figure 5"
) -> Figure:
    """True rollout (solid) and prediction (dotted) for one fixed sequence of actions.

    Args:
        trajectories: columns agent, seed, element, step, time (s), true, predicted.
        elements: state elements to show, one panel each.
        scale: name of the scale, for the title.
        heading: first words of the title.
    """
    use_style()
    agent = str(trajectories["agent"].iloc[0])
    seeds = sorted(trajectories["seed"].unique())
    # The figure shows one rollout. A mean over seeds has no meaning, because each seed has a
    # different rollout.
    shown = trajectories[trajectories["seed"] == seeds[0]]
    rows = math.ceil(len(elements) / _COLUMNS)
    figure, grid = plt.subplots(
        rows, _COLUMNS, figsize=(3.4 * _COLUMNS, 2.1 * rows + 0.7), sharex=True, squeeze=False
    )
    for axes in grid.flat[len(elements) :]:
        axes.set_axis_off()
    for axes, element in zip(grid.flat, elements, strict=False):
        panel = shown[shown["element"] == element]
        axes.plot(panel["step"], panel["true"], "-", color=INK, label="true rollout")
        model = METHOD_COLOURS["Mb"]
        axes.plot(panel["step"], panel["predicted"], ":", color=model, lw=2, label="prediction")
        axes.set_title(element)
    for axes in grid[-1]:
        axes.set_xlabel("steps")
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    steps = int(shown["step"].max())
    figure.suptitle(
        f"{heading}: {title_of(agent).lower()}, {steps} open-loop steps of "
        f"{shown['time'].max() / steps:g} s ({scale} scale, seed {seeds[0]} of {len(seeds)} seeds)"
    )
    return figure


def error_against_steps(errors: pd.DataFrame, scale: str, heading: str = "Figure 5") -> Figure:
    """Normalised error against the number of steps, one curve for each iteration's model.

    Of each seed the median over start states; of these the geometric mean over seeds and its
    Student interval.

    Args:
        errors: columns agent, seed, iteration, rollouts, start, step, error.
        scale: name of the scale, for the title.
        heading: first words of the title.
    """
    use_style()
    agent = str(errors["agent"].iloc[0])
    sets = [name for name in _SETS if name in set(errors["rollouts"])]
    iterations = sorted(errors["iteration"].unique())
    figure, grid = plt.subplots(
        1, len(sets), figsize=(4.6 * len(sets), 4.0), sharey=True, squeeze=False
    )
    colours = sns.color_palette("viridis_r", len(iterations) + 1)[1:]
    for axes, name in zip(grid[0], sets, strict=True):
        for iteration, colour in zip(iterations, colours, strict=True):
            rows = errors[(errors["rollouts"] == name) & (errors["iteration"] == iteration)]
            values = rows.pivot_table(
                index="seed", columns="step", values="error", aggfunc="median", observed=True
            )
            curve_with_interval(axes, values, str(iteration), colour, log=True)
        axes.set_yscale("log")
        axes.set_title(_SETS[name])
        axes.set_xlabel("steps predicted open loop")
        axes.set_ylabel("state error [spread of the random data]")
    grid[0, -1].legend(loc="center left", bbox_to_anchor=(1, 0.5), title="model of\niteration")
    basis = sample(scale, errors["seed"].nunique())
    starts = errors.groupby(["rollouts", "seed"], observed=True)["start"].nunique().max()
    figure.suptitle(
        f"{heading} in numbers: {title_of(agent).lower()}'s open-loop error,\n"
        f"median over {starts} start states a seed; geometric mean and 95 % Student interval "
        f"over seeds\n({basis})"
    )
    return figure
