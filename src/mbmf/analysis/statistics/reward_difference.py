"""Whether Dyna-Q+ earns more than Dyna-Q where walls move (Sutton and Barto, Figs. 8.4, 8.5)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from mbmf.analysis.intervals import Estimate, mean_over_seeds
from mbmf.analysis.statistics.base import ClaimStatistic, check_columns, check_rows, check_seeds


class Statistic(ClaimStatistic):
    """Rewards of Dyna-Q+ minus those of Dyna-Q at the end of a changing maze."""

    positive: ClassVar[bool] = False
    figure: Literal["8.4", "8.5"]

    def estimate(self, table: pd.DataFrame) -> Estimate:
        """Mean over runs; each pairs the two methods' runs of a number."""
        check_columns(table, "figure")
        rows = table[table["figure"] == self.figure]
        check_rows(rows, ["method", "run", "step"], ["cumulative_reward"])
        last = rows[rows["step"] == rows["step"].max()]
        for method in ("Dyna-Q", "Dyna-Q+"):
            check_seeds(last[last["method"] == method], table, f"the end of {method}", "run")
        rewards = last.pivot(index="run", columns="method", values="cumulative_reward")
        return mean_over_seeds((rewards["Dyna-Q+"] - rewards["Dyna-Q"]).to_numpy(np.float64))
