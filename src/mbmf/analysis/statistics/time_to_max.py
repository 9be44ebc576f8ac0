"""The paper's 3 times: steps of Mf over those of Mb-Mf to its maximum (section VI-D, Fig. 7)."""

from __future__ import annotations

from typing import ClassVar, Literal

from mbmf.analysis import speedups
from mbmf.analysis.intervals import Indices
from mbmf.analysis.speedups import Curves, Ratio
from mbmf.analysis.statistics.step_ratio import StepRatio


class Statistic(StepRatio):
    """Steps of Mf to 99 % of its plateau, over those of Mb-Mf to the same return."""

    plotted: ClassVar[Literal["sample_efficiency", "time_to_max"] | None] = "time_to_max"

    def ratio(self, _mb: Curves, mf: Curves, mbmf: Curves, seeds: Indices) -> Ratio:
        """As `mbmf.analysis.speedups.time_to_max`."""
        return speedups.time_to_max(mf, mbmf, seeds, self.at)
