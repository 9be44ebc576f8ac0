"""Style that all figures share, and how figures are saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mbmf.storage.atomic_files import written_whole

Floats = npt.NDArray[np.float64]

# Bootstrap of the mean over seeds. The stream is fixed, so that a redrawn figure is the same.
INTERVAL: dict[str, Any] = {"errorbar": ("ci", 95), "n_boot": 2000, "seed": 0}


def use_style() -> None:
    """Set fonts, colours and grid; text stays text in SVG and PDF."""
    sns.set_theme(context="paper", style="whitegrid", palette="colorblind", font_scale=1.1)
    mpl.rcParams.update(
        {
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


def resampled_means(values: pd.DataFrame) -> Floats:
    """Means over seeds (rows) drawn with replacement, (resamples, points)."""
    count, resamples = len(values), INTERVAL["n_boot"]
    drawn = np.random.default_rng(INTERVAL["seed"]).integers(0, count, (resamples, count))
    weights = np.array([np.bincount(line, minlength=count) for line in drawn]) / count
    means: Floats = weights @ values.to_numpy(dtype=np.float64)
    return means


def percentiles() -> tuple[float, float]:
    """The two percentiles of the resamples that bound the interval."""
    level = INTERVAL["errorbar"][1]
    return (100 - level) / 2, (100 + level) / 2


def mean_and_interval(values: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Mean over seeds (rows) and its bootstrap interval, at each point (columns).

    Whole seeds are resampled, once for all points, by a product of matrices. seaborn resamples at
    each point separately, which takes half a minute.
    """
    low, high = np.percentile(resampled_means(values), percentiles(), axis=0)
    return values.mean().to_numpy(), low, high


def curve_with_interval(
    axes: Axes, values: pd.DataFrame, label: str | None, colour: Any, log: bool = False
) -> None:
    """Mean over seeds (rows) against the columns, with its interval as a band.

    Args:
        axes: the axes to draw on.
        values: one row for each seed.
        label: label in the legend.
        colour: colour of line and band.
        log: whether to draw the geometric mean. All values must then be positive.
    """
    mean, low, high = mean_and_interval(values.transform(np.log) if log else values)
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
