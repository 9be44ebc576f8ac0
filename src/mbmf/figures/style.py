"""Style that all figures share, and how figures are saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mbmf.analysis.intervals import mean_interval
from mbmf.storage.atomic_files import written_whole

# Colours of methods, the same in all figures; seaborn's colour-blind palette.
METHOD_COLOURS = {
    "Mb": "#0173b2",
    "Mf": "#de8f05",
    "Mb-Mf": "#029e73",
    "Dyna-Q": "#8b5fa8",
    "Dyna-Q+": "#d55e00",
    "prioritised sweeping": "#9a6a3c",
}
# Of what no method made: true rollouts, shortest paths, levels that are read.
INK = "0.15"


def use_style() -> None:
    """Set fonts, colours and grid; text stays text in SVG and PDF.

    All other values are matplotlib's own, whatever a file `matplotlibrc` of the user's says, and
    so is the font, which comes with matplotlib.
    """
    mpl.rcdefaults()
    sns.set_theme(context="paper", style="whitegrid", palette="colorblind", font_scale=1.1)
    mpl.rcParams.update(
        {
            "font.sans-serif": ["DejaVu Sans"],
            "svg.fonttype": "none",
            "pdf.fonttype": 42,
            # Without a salt, matplotlib puts random identifiers into each SVG.
            "svg.hashsalt": "mbmf",
            "figure.dpi": 100,
            "savefig.dpi": 150,
            "axes.titlesize": "medium",
            "legend.title_fontsize": "small",
            "legend.fontsize": "small",
            "figure.constrained_layout.use": True,
        }
    )


def sample(scale: str, seeds: int) -> str:
    """Scale and number of seeds, for a figure's title: "paper scale, 3 seeds"."""
    return f"{scale} scale, {seeds} seed{'s' if seeds != 1 else ''}"


def curve_with_interval(
    axes: Axes, values: pd.DataFrame, label: str | None, colour: Any, log: bool = False
) -> None:
    """Mean over seeds (rows) against the columns, with Student's 95 % interval as a band.

    Args:
        axes: the axes to draw on.
        values: one row for each seed.
        label: label in the legend.
        colour: colour of line and band.
        log: whether to draw the geometric mean. All values must then be positive.
    """
    numbers = values.to_numpy(np.float64)
    mean, low, high = mean_interval(np.log(numbers) if log else numbers)
    if log:
        mean, low, high = np.exp(mean), np.exp(low), np.exp(high)
    axes.plot(values.columns, mean, color=colour, label=label)
    axes.fill_between(values.columns, low, high, color=colour, alpha=0.2, linewidth=0)


def save(figure: Figure, folder: Path | str, name: str) -> None:
    """Write `name`.svg, .pdf and .png to `folder`, without dates, for stable bytes."""
    dateless: dict[str, dict[str, Any]] = {
        "svg": {"Date": None},
        "pdf": {"CreationDate": None},
        "png": {"Software": None},
    }
    for suffix, metadata in dateless.items():
        with written_whole(Path(folder) / f"{name}.{suffix}") as aside:
            figure.savefig(aside, metadata=metadata)
