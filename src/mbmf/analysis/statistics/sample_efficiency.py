"""The paper's 20 times: steps of Mf over those of Mb, to the same return (section VI-D, Fig. 7)."""

from __future__ import annotations

from typing import ClassVar, Literal

from mbmf.analysis import speedups
from mbmf.analysis.intervals import Indices
from mbmf.analysis.speedups import Curves, Ratio
from mbmf.analysis.statistics.step_ratio import StepRatio


class Statistic(StepRatio):
    """Steps of Mf to what Mb reaches and holds, over those of Mb."""

    plotted: ClassVar[Literal["sample_efficiency", "time_to_max"] | None] = "sample_efficiency"

    def ratio(self, mb: Curves, mf: Curves, _mbmf: Curves, seeds: Indices) -> Ratio:
        """As `mbmf.analysis.speedups.sample_efficiency`."""
        return speedups.sample_efficiency(mb, mf, seeds, self.at)
