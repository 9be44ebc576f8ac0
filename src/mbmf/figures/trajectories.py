"""Trajectory following: where the bodies went, against the way-points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mbmf.agents import title_of
from mbmf.agents.paths.base import SEGMENTS
from mbmf.analysis.intervals import mean_interval
from mbmf.figures.style import INK, METHOD_COLOURS, sample, use_style

Paths = Mapping[str, Mapping[str, Sequence[Sequence[float]]]]
VERTICAL = "com z [m]"


def along_paths(
    table: pd.DataFrame,
    paths: Paths,
    axes: Mapping[str, Sequence[str]],
    scale: str,
    heading: str = "Trajectories",
) -> Figure:
    """A row for each agent, a panel for each path: way-points, and the rollout of each seed.

    Paths in a vertical plane go forward or backward only: there x is drawn against time.

    Args:
        table: of all rollouts, from `mbmf.method.following.follow`.
        paths: way-points by agent and path, m.
        axes: the two state elements of each agent's position.
        scale: name of the scale, for the title.
        heading: first words of the title.
    """
    use_style()
    columns = max(map(len, paths.values()))
    figure, grid = plt.subplots(
        len(paths), columns, figsize=(2.9 * columns, 2.9 * len(paths) + 1.0), squeeze=False
    )
    numbers = in_numbers(table)
    for row, (agent, own) in zip(grid, paths.items(), strict=True):
        for panel in row[len(own) :]:
            panel.set_axis_off()
        for panel, (name, corners) in zip(row, own.items(), strict=False):
            rows = table[(table["agent"] == agent) & (table["path"] == name)]
            if axes[agent][1] == VERTICAL:
                _against_time(panel, rows, corners)
            else:
                _in_the_plane(panel, rows, corners)
            off, segments = numbers.loc[(agent, name), ["mean distance [m]", "segments"]]
            panel.set_title(f"{name}\n{off:.2f} m off, {segments:.1f} of {SEGMENTS} segments")
        row[0].annotate(
            title_of(agent), (0, 0.5), (-46, 0), xycoords="axes fraction",
            textcoords="offset points", rotation=90, va="center", ha="right", fontweight="bold",
        )  # fmt: skip
    figure.suptitle(
        f"{heading}: following with one model of random data\n"
        f"way-points (grey), rollouts (blue); {sample(scale, table['seed'].nunique())}"
    )
    return figure


def _in_the_plane(panel: Axes, rows: pd.DataFrame, corners: Sequence[Sequence[float]]) -> None:
    """Paths seen from above."""
    x, y = np.array(corners[: SEGMENTS + 1]).T
    panel.plot(x, y, "o-", color="0.7", markersize=5, linewidth=2.5)
    for _, own in rows.groupby("seed"):
        panel.plot(own["x"], own["y"], color=METHOD_COLOURS["Mb"], linewidth=1)
        panel.plot(own["x"].iloc[-1:], own["y"].iloc[-1:], "x", color=INK, markersize=5)
    panel.set_aspect("equal", adjustable="datalim")
    panel.set_xlabel("x [m]")
    panel.set_ylabel("y [m]")


def _against_time(panel: Axes, rows: pd.DataFrame, corners: Sequence[Sequence[float]]) -> None:
    """Place on a line, against time; a line for each way-point."""
    for x, _ in corners[: SEGMENTS + 1]:
        panel.axhline(x, color="0.7", linewidth=2)
    for _, own in rows.groupby("seed"):
        panel.plot(own["time"], own["x"], color=METHOD_COLOURS["Mb"], linewidth=1)
        panel.plot(own["time"].iloc[-1:], own["x"].iloc[-1:], "x", color=INK, markersize=5)
    panel.set_xlabel("time [s]")
    panel.set_ylabel("x [m]")


def in_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Of each agent and path: distance from the path and segments done, over seeds.

    Args:
        table: as for `along_paths`.

    Returns:
        Indexed by agent and path; the mean over seeds of the mean distance over a rollout, m, with
        Student's 95 % interval; means of the number of segments that a rollout completed and of its
        length, steps; the number of seeds.
    """
    rows = []
    for (agent, path), own in table.groupby(["agent", "path"], sort=False):
        seeds = own.groupby("seed")
        off = seeds["distance"].mean().to_numpy(np.float64)
        mean, low, high = mean_interval(off[:, None])
        rows.append(
            {
                "agent": agent,
                "path": path,
                "mean distance [m]": mean.item(),
                "low": low.item(),
                "high": high.item(),
                "segments": seeds["segment"].max().mean(),
                "steps": seeds["step"].max().mean(),
                "seeds": len(off),
            }
        )
    return pd.DataFrame(rows).set_index(["agent", "path"])
