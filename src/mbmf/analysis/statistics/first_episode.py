"""How long Dyna-Q takes before it knows anything (Sutton and Barto, Fig. 8.2)."""

from __future__ import annotations

import pandas as pd

from mbmf.analysis.intervals import Estimate, mean_over_seeds
from mbmf.analysis.statistics.base import ClaimStatistic, check_columns
from mbmf.analysis.statistics.episodes_to_optimal import steps_per_episode


class Statistic(ClaimStatistic):
    """Mean steps of the first episode, the same for every n."""

    def estimate(self, table: pd.DataFrame) -> Estimate:
        """Mean over runs."""
        check_columns(table, "planning_steps")
        steps, _ = steps_per_episode(table, int(table["planning_steps"].min()))
        return mean_over_seeds(steps[:, 0])
