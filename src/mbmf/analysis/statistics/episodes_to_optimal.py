"""When Dyna-Q is epsilon-optimal (Sutton and Barto, Fig. 8.2)."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from mbmf.analysis.intervals import Array, Estimate, NotRunError, first_within
from mbmf.analysis.statistics.base import ClaimStatistic, check_columns, check_rows, check_seeds
from mbmf.base.errors import InputError
from mbmf.base.settings import PositiveNumber


class Statistic(ClaimStatistic):
    """First episode whose mean over runs is within `tolerance` of the optimum."""

    planning_steps: Annotated[int, Field(ge=0)]
    tolerance: PositiveNumber

    def estimate(self, table: pd.DataFrame) -> Estimate:
        """As `mbmf.analysis.intervals.first_within`."""
        steps, optimum = steps_per_episode(table, self.planning_steps)
        return first_within(steps, (1 + self.tolerance) * optimum)


def steps_per_episode(table: pd.DataFrame, planning_steps: int) -> tuple[Array, float]:
    """Steps of each run and episode (runs, episodes) of a curve of Figure 8.2, and the optimum."""
    check_columns(table, "panel", "run")
    book = table[table["panel"] == "a"]
    check_rows(book, ["planning_steps", "run", "episode"], ["steps", "optimal_steps"])
    rows = book[book["planning_steps"] == planning_steps]
    if rows.empty:
        raise NotRunError(f"n = {planning_steps} is not run at this scale")
    check_seeds(rows, table, f"n = {planning_steps}", "run")
    steps = rows.pivot(index="run", columns="episode", values="steps")
    if steps.isna().any(axis=None):
        raise InputError(f"lacks episodes of some run of n = {planning_steps}")
    return steps.to_numpy(np.float64), float(rows["optimal_steps"].iloc[0])
