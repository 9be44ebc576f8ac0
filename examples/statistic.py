"""A claim's statistic of your own: `statistic: {name: examples/statistic.py, iteration: 0}`."""

from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from mbmf.analysis.intervals import Estimate, mean_over_seeds
from mbmf.analysis.statistics.base import ClaimStatistic, check_columns


class Statistic(ClaimStatistic):
    """Median return of each seed's runs in one iteration; mean over seeds."""

    positive = False
    iteration: Annotated[int, Field(ge=0)]

    def estimate(self, table: pd.DataFrame) -> Estimate:
        """Of one agent's rows of the table that the claim names."""
        check_columns(table, "seed", "iteration", "return")
        rows = table[table["iteration"] == self.iteration]
        return mean_over_seeds(rows.groupby("seed")["return"].median().to_numpy(np.float64))
