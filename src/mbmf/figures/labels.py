"""Labels beside curves, and verdicts in words below a panel."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from scipy.optimize import isotonic_regression

from mbmf.analysis.readings import Reading
from mbmf.analysis.verdict_text import here, interval

# Shape and colour of each verdict. The shapes tell them apart without colours.
VERDICTS = {
    "reproduced": ("●", "o", "#00704f"),
    "not reproduced": ("✕", "X", "#c2410c"),
    "undecided": ("○", "o", "#525b66"),
}
SIZE = 8.0  # points
LINE = 1.25 * SIZE


@dataclass(frozen=True)
class EndLabel:
    """A label of a curve.

    Attributes:
        text: of the label.
        x: of the curve's end.
        y: of the curve's end.
        colour: of the curve.
        bold: whether the label is bold.
    """

    text: str
    x: float
    y: float
    colour: Any
    bold: bool = False


def label_ends(axes: Axes, ends: Sequence[EndLabel]) -> None:
    """Write each curve's label to the right of its end, so that none covers another.

    Limits and the layout must be final: what fits depends on the height of the axes.

    Args:
        axes: with room for the labels to the right of the curves.
        ends: a label for each curve.
    """
    height = axes.get_window_extent().height * 72 / axes.figure.dpi
    low, high = axes.get_ylim()
    gap = 1.1 * SIZE / height * (high - low)
    ordered = sorted(ends, key=lambda end: end.y)
    at = spread([end.y for end in ordered], gap, low + gap, high - gap)
    right = max(end.x for end in ends)
    reach = axes.get_xlim()[1] - right
    for end, y in zip(ordered, at, strict=True):
        axes.annotate(
            end.text,
            (end.x, end.y),
            (right + 0.35 * reach, y),
            color=end.colour,
            fontsize=SIZE,
            fontweight="bold" if end.bold else "normal",
            verticalalignment="center",
            arrowprops={"arrowstyle": "-", "color": end.colour, "linewidth": 0.5, "shrinkA": 1},
        )


def spread(values: Sequence[float], gap: float, low: float, high: float) -> np.ndarray[Any, Any]:
    """Rising values moved as little as possible so that neighbours are at least `gap` apart.

    Least squares under that condition: an isotonic regression of the values less their gaps. What
    would lie outside low and high is moved inside if there is room.
    """
    steps = gap * np.arange(len(values))
    free = isotonic_regression(np.asarray(values) - steps).x
    last = max(high - steps[-1], low)
    moved: np.ndarray[Any, Any] = np.clip(free, low, last) + steps
    return moved


def write_verdicts(axes: Axes, readings: Sequence[Reading], below: float, width: int) -> None:
    """Below a panel, each claim in words with its verdict; arguments as for `write_below`."""
    lines = []
    for reading in readings:
        record = reading.record
        sign, _, colour = VERDICTS[record["verdict"]]
        found = record["why"] or f"{here(record)} ({interval(record)})"
        lines.append((f"{sign} {record['verdict']}: {found}", "bold", colour))
        lines.append((f"{reading.claim.claim}\n", "normal", "0.2"))
    write_below(axes, lines, below, width)


def write_below(
    axes: Axes, texts: Sequence[tuple[str, str, str]], below: float, width: int
) -> None:
    """Write texts below a panel, in lines of a given width. The layout makes room for them.

    Args:
        axes: of the panel.
        texts: text, font weight and colour of each; a new line at its end is a half line's space.
        below: distance from the panel's lower edge, points.
        width: characters in a line.
    """
    for text, weight, colour in texts:
        # Bold letters are wider.
        lines = textwrap.wrap(text, round(0.87 * width) if weight == "bold" else width)
        axes.annotate(
            "\n".join(lines), (0, 0), (0, -below), xycoords="axes fraction",
            textcoords="offset points", verticalalignment="top", fontsize=SIZE,
            fontweight=weight, color=colour, linespacing=1.15,
        )  # fmt: skip
        below += LINE * (len(lines) + 0.5 * text.endswith("\n"))
