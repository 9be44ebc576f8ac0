"""What the two ratios of environment steps share (section VI-D, Fig. 7)."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mbmf.analysis import speedups
from mbmf.analysis.intervals import Estimate, Indices, UndecidableError, jackknife
from mbmf.analysis.speedups import Curves
from mbmf.analysis.statistics.base import ClaimStatistic, check_columns, check_rows, check_seeds


class StepRatio(ClaimStatistic):
    """A ratio of environment steps of `mbmf.analysis.speedups`, counted in one of two ways."""

    counting: speedups.Counting = "every_step"

    def ratio(self, mb: Curves, mf: Curves, mbmf: Curves, seeds: Indices) -> dict[str, Any]:
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
        seeds = sorted(set(table["seed"]))

        def ratio(indices: Indices) -> float:
            found = self.ratio(mb, mf, mbmf, indices)
            if found["why"]:
                without = [seed for index, seed in enumerate(seeds) if index not in indices]
                raise UndecidableError(
                    found["why"] + (f" (without seed {without[0]})" if without else "")
                )
            return float(found["ratio"])

        return jackknife(ratio, len(seeds))
