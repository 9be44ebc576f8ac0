"""What one setting of an agent does to its return (Fig. 6)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from mbmf.analysis.intervals import Estimate, UndecidableError, mean_over_seeds, ratio_over_seeds
from mbmf.analysis.statistics.base import ClaimStatistic, check_rows, check_seeds
from mbmf.base.errors import InputError

Number = Annotated[float, Field(allow_inf_nan=False)]
Which = Literal["lowest", "highest", "larger"] | Number


class Statistic(ClaimStatistic):
    """Return with one value of a setting minus that with another, all else the agent's own.

    `larger` is the mean over all values above the other one; `relative` divides by the
    return that is subtracted.
    """

    positive: ClassVar[bool] = False
    parameter: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$")]
    of: Which
    minus: Literal["lowest", "highest"] | Number
    iteration: Literal["first", "last"]
    relative: bool = False

    def estimate(self, table: pd.DataFrame) -> Estimate:
        """Mean over seeds; each pairs runs of the same seed, which share their random data."""
        rows, at = self._rows(table)
        returns = rows.pivot(index="seed", columns=self.parameter, values="return")
        subtracted = _values(self.minus, returns.columns, None)
        value = subtracted[0] if subtracted else None
        added = _values(self.of, returns.columns, value)
        for chosen, asked in [(subtracted, self.minus), (added, self.of)]:
            if not chosen:
                shown = asked if isinstance(asked, str) else f"{asked:g}"
                raise UndecidableError(f"{self.parameter}: {shown} is not run at this scale")
        if added == subtracted:
            raise UndecidableError(f"{self.parameter} has one value at this scale")
        for needed in sorted({*added, *subtracted}):
            runs = rows[rows[self.parameter] == needed]
            check_seeds(runs, table, f"{self.parameter} = {needed:g}, iteration {at},")
        reference = returns[subtracted].mean(axis=1).to_numpy(np.float64)
        difference = returns[added].mean(axis=1).to_numpy(np.float64) - reference
        return (
            ratio_over_seeds(difference, reference)
            if self.relative
            else mean_over_seeds(difference)
        )

    def _rows(self, table: pd.DataFrame) -> tuple[pd.DataFrame, Any]:
        """Rows of one iteration in which all other settings are the agent's own, and which one."""
        parameters = [column for column in table.columns if "." in column]
        if self.parameter not in parameters:
            raise InputError(f"lacks the column {self.parameter}")
        check_rows(table, [*parameters, "seed", "iteration"], ["return"])
        own = _own(table[parameters])
        others = [other for other in parameters if other != self.parameter]
        rows = table[(table[others] == own[others]).all(axis=1)]
        at = table["iteration"].min() if self.iteration == "first" else table["iteration"].max()
        return rows[rows["iteration"] == at], at


def _own(settings: pd.DataFrame) -> pd.Series[Any]:
    """The agent's own settings: where one is varied at a time, the commonest value of each."""
    return settings.drop_duplicates().mode().iloc[0]


def _values(which: Which, values: Any, other: float | None) -> list[float]:
    """The values of a sweep that are meant; none if it lacks them."""
    if which == "lowest":
        return [values.min()]
    if which == "highest":
        return [values.max()]
    if which == "larger":
        return [value for value in values if other is not None and value > other]
    return [value for value in values if value == which]
