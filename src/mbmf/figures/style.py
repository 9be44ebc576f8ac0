"""The look that all figures share, and how they are saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import seaborn as sns
from matplotlib.figure import Figure

from mbmf.files import written_whole

# Bootstrap of the mean over seeds; a fixed stream, so that a figure is redrawn alike.
INTERVAL: dict[str, Any] = {"errorbar": ("ci", 95), "n_boot": 2000, "seed": 0}

AGENT_TITLES = {
    "swimmer": "Swimmer",
    "half_cheetah": "Half-cheetah",
    "hopper": "Hopper",
    "ant": "Ant",
}


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
    """What a figure rests on, for its title: "paper scale, 3 seeds"."""
    return f"{scale} scale, {seeds} seed{'s' if seeds != 1 else ''}"


def save(figure: Figure, folder: Path | str, name: str) -> None:
    """Write `name`.svg, .pdf and .png into `folder`, without dates, so that bytes repeat."""
    dateless: dict[str, dict[str, Any]] = {
        "svg": {"Date": None},
        "pdf": {"CreationDate": None},
        "png": {"Software": None},
    }
    for suffix, metadata in dateless.items():
        with written_whole(Path(folder) / f"{name}.{suffix}") as aside:
            figure.savefig(aside, metadata=metadata)
