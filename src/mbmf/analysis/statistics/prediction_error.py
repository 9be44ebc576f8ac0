"""How far the model's predictions are off (Fig. 5)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mbmf.analysis.intervals import Array, Estimate, NotRunError, mean_over_seeds
from mbmf.analysis.statistics.base import ClaimStatistic, check_rows, check_seeds
from mbmf.base.settings import PositiveInteger


class Statistic(ClaimStatistic):
    """Median error of the last model after `step` steps, in spreads of the random data."""

    step: PositiveInteger

    def estimate(self, table: pd.DataFrame) -> Estimate:
        """Geometric mean over seeds."""
        return mean_over_seeds(log_error(table, self.step), log=True)


def log_error(table: pd.DataFrame, step: int) -> Array:
    """Log of each seed's median error over start states, last model, held-out MPC rollouts."""
    keys = ["seed", "iteration", "rollouts", "start", "step"]
    check_rows(table, keys, ["error"])
    rows = table[(table["iteration"] == table["iteration"].max()) & (table["rollouts"] == "MPC")]
    at_step = rows[rows["step"] == step]
    if at_step.empty:
        raise NotRunError(f"no prediction of {step} steps at this scale")
    check_seeds(at_step, table, f"an error after {step} steps")
    errors = at_step.groupby("seed")["error"].median().to_numpy(np.float64)
    with np.errstate(divide="ignore"):
        logs: Array = np.log(errors)
    return logs
