"""What the two ratios of environment steps share (section VI-D, Fig. 7)."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
from pydantic import Field

from mbmf.analysis import speedups
from mbmf.analysis.intervals import Estimate, Indices
from mbmf.analysis.speedups import Curves, Ratio
from mbmf.analysis.statistics.base import ClaimStatistic, check_columns, check_rows, check_seeds


class StepRatio(ClaimStatistic):
    """A ratio of environment steps of `mbmf.analysis.speedups`, counted in one of two ways.

    Asked at the return `at`, if it is given, as the authors' plots were read at one.
    """

    counting: speedups.Counting = "every_step"
    at: Annotated[float, Field(allow_inf_nan=False)] | None = None

    def ratio(self, mb: Curves, mf: Curves, mbmf: Curves, seeds: Indices) -> Ratio:
        """The ratio over some seeds, as `mbmf.analysis.speedups` gives it."""
        raise NotImplementedError

    def estimate(self, table: pd.DataFrame) -> Estimate:
        """Ratio of the mean curves, with the jackknife over seeds."""
        check_columns(table, "agent")
        column = speedups.COUNTINGS[self.counting]
        check_rows(table, ["kind", "seed", "iteration"], [column, "return"])
        for kind, rows in table.groupby("kind"):
            check_seeds(rows, table, str(kind))
        agent = table["agent"].iloc[0]
        mb, mf, mbmf = (
            speedups.curves(table, agent, method, self.counting) for method in speedups.METHODS
        )
        return speedups.estimate(
            lambda seeds: self.ratio(mb, mf, mbmf, seeds), table["seed"].nunique()
        )
