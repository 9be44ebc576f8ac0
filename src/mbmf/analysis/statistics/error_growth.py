"""How the error of predictions grows with their length (Fig. 5)."""

from __future__ import annotations

import pandas as pd

from mbmf.analysis.intervals import Estimate, mean_over_seeds
from mbmf.analysis.statistics.base import ClaimStatistic, check_columns
from mbmf.analysis.statistics.prediction_error import log_error
from mbmf.base.settings import PositiveInteger


class Statistic(ClaimStatistic):
    """Median error after the longest prediction over that after `step` steps."""

    step: PositiveInteger

    def estimate(self, table: pd.DataFrame) -> Estimate:
        """Geometric mean over seeds."""
        check_columns(table, "step")
        growth = log_error(table, table["step"].max()) - log_error(table, self.step)
        return mean_over_seeds(growth, log=True)
