"""What one setting of an agent does to its return (Fig. 6)."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from mbmf.analysis.intervals import Estimate, NotRunError, minimum
from mbmf.analysis.moderated import Prior, fit_prior, moderated_mean
from mbmf.analysis.statistics.base import ClaimStatistic, check_rows
from mbmf.base.errors import InputError

Number = Annotated[float, Field(allow_inf_nan=False)]
One = Literal["lowest", "highest", "own"] | float


class Statistic(ClaimStatistic):
    """Return with one value of a setting minus that with another, all else the agent's own.

    `own` is the agent's value. With `each_larger` the smallest of several differences is asked
    for, of each value above the subtracted one. `first_minus_last` is the difference in the
    first iteration minus that in the last: by how much it shrinks.
    """

    positive: ClassVar[bool] = False
    parameter: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$")]
    of: Literal["each_larger", "lowest", "highest", "own"] | Number
    minus: Literal["lowest", "highest", "own"] | Number
    iteration: Literal["first", "last", "first_minus_last"]

    def estimate(self, table: pd.DataFrame) -> Estimate:
        """Mean over seeds; each pairs runs of the same seed, which share their random data."""
        parameters = [column for column in table.columns if "." in column]
        if self.parameter not in parameters:
            raise InputError(f"lacks the column {self.parameter}")
        check_rows(table, [*parameters, "seed", "iteration"], ["return"])
        own = _own(table[parameters])
        sweeps = {name: _sweep(table, own, name, self.iteration) for name in parameters}
        values = sweeps[self.parameter]
        subtracted = self._value(self.minus, values.columns, own)
        if self.of == "each_larger":
            added = sorted(value for value in map(float, values.columns) if value > subtracted)
        else:
            added = [self._value(self.of, values.columns, own)]
        if not added:
            raise NotRunError(f"{self.parameter}: each_larger is not run at this scale")
        if subtracted in added:
            raise NotRunError(f"{self.parameter} has one value at this scale")
        compared = values[[subtracted, *added]].dropna(how="all")
        self._check_seeds(compared)
        prior = shared_prior(list(sweeps.values()), own)
        return minimum(
            [
                moderated_mean((compared[value] - compared[subtracted]).to_numpy(), prior)
                for value in added
            ]
        )

    def _value(self, which: One, values: pd.Index[Any], own: pd.Series[Any]) -> float:
        """The value of the sweep that is meant."""
        meant = {"lowest": values.min(), "highest": values.max(), "own": own[self.parameter]}
        value = float(meant[which] if isinstance(which, str) else which)
        if value not in values:
            raise NotRunError(f"{self.parameter}: {value:g} is not run at this scale")
        return value

    def _check_seeds(self, compared: pd.DataFrame) -> None:
        """Refuse a value that lacks a seed which another one has."""
        lacking = compared.isna()
        for value in compared.columns[lacking.any()]:
            seeds = ", ".join(map(str, compared.index[lacking[value]]))
            where = self.iteration.replace("_", " ")
            raise InputError(f"lacks {self.parameter} = {value:g}, {where}, of seed {seeds}")


def _own(settings: pd.DataFrame) -> pd.Series[Any]:
    """The agent's own settings: where one is varied at a time, the commonest value of each."""
    return settings.drop_duplicates().mode().iloc[0]


def _sweep(
    table: pd.DataFrame, own: pd.Series[Any], parameter: str, iteration: str
) -> pd.DataFrame:
    """What each seed (rows) returns with each value (columns) of one setting; NaN if it has none.

    Of the first or the last iteration, or by how much the first is above the last.
    """
    others = [other for other in own.index if other != parameter]
    rows = table[(table[others] == own[others]).all(axis=1)]
    first: pd.DataFrame
    last: pd.DataFrame
    first, last = (
        rows[rows["iteration"] == at].pivot(index="seed", columns=parameter, values="return")
        for at in (table["iteration"].min(), table["iteration"].max())
    )
    if iteration == "first_minus_last":
        return first - last
    return first if iteration == "first" else last


def shared_prior(sweeps: list[pd.DataFrame], own: pd.Series[Any]) -> Prior | None:
    """How the differences between neighbouring values of each sweep vary over seeds.

    Neighbours, so that as few as can be share a run. A setting that cannot matter, as the share
    of on-policy data before there is any, leaves no variance to learn from.

    Args:
        sweeps: (seeds, values) of each setting.
        own: the agent's own value of each setting, at which the sweeps meet.
    """
    pairs, variances, df = [], [], []
    for sweep in sweeps:
        name = str(sweep.columns.name)
        values = sorted(sweep.columns)
        for pair in pairwise(values):
            both = sweep[list(pair)].dropna().to_numpy(np.float64)
            differences = both[:, 1] - both[:, 0]
            if len(both) < 2 or np.ptp(differences) <= 1e-12 * np.abs(both).max():
                continue
            pairs.append([None if value == own[name] else (name, value) for value in pair])
            variances.append(float(np.var(differences, ddof=1)))
            df.append(len(both) - 1.0)
    settings = list(dict.fromkeys(setting for pair in pairs for setting in pair))
    contrasts = np.zeros((len(pairs), len(settings)))
    for row, (smaller, larger) in zip(contrasts, pairs, strict=True):
        row[settings.index(smaller)], row[settings.index(larger)] = -1, 1
    degrees = np.array(df)
    return fit_prior(np.array(variances), degrees, contrasts)
