"""Returns of an agent with one setting varied at a time (Fig. 6), and how they vary over seeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd

from mbmf.analysis.intervals import Array
from mbmf.analysis.moderated import Prior, fit_prior

Quantity = Literal["first", "last", "first_minus_last"]


@dataclass(frozen=True)
class Sweep:
    """What each seed returns with each value of one setting, all else the agent's own.

    Attributes:
        parameter: the setting.
        own: the agent's own value of it, at which the sweeps of an agent meet.
        seeds: of the rows.
        values: of the columns, rising.
        returns: (seeds, values); NaN where a seed was not run.
    """

    parameter: str
    own: float
    seeds: list[int]
    values: list[float]
    returns: Array

    def of(self, value: float) -> Array:
        """(seeds,) returns with one value."""
        column: Array = self.returns[:, self.values.index(value)]
        return column

    def minus(self, other: Sweep) -> Sweep:
        """The difference to a sweep of the same seeds and values."""
        return replace(self, returns=self.returns - other.returns)


def read_sweeps(table: pd.DataFrame, parameters: list[str], quantity: Quantity) -> list[Sweep]:
    """The sweeps of an agent.

    Args:
        table: rows of one agent: columns seed, iteration, return and the parameters; no row twice.
        parameters: the settings that are varied.
        quantity: the return in the first or the last iteration, or by how much the first is above
            the last.
    """
    # The agent's own settings: where one is varied at a time, the commonest value of each.
    own = table[parameters].drop_duplicates().mode().iloc[0]
    return [_read(table, own, parameter, quantity) for parameter in parameters]


def _read(table: pd.DataFrame, own: pd.Series[Any], parameter: str, quantity: Quantity) -> Sweep:
    others = [other for other in own.index if other != parameter]
    rows = table[(table[others] == own[others]).all(axis=1)]
    seeds, values = sorted(rows["seed"].unique()), sorted(rows[parameter].unique())

    def at(iteration: int) -> Sweep:
        found = rows[rows["iteration"] == iteration].pivot(
            index="seed", columns=parameter, values="return"
        )
        returns = found.reindex(index=seeds, columns=values).to_numpy(np.float64)
        return Sweep(parameter, float(own[parameter]), seeds, list(map(float, values)), returns)

    if quantity == "first_minus_last":
        return at(table["iteration"].min()).minus(at(table["iteration"].max()))
    return at(table["iteration"].min() if quantity == "first" else table["iteration"].max())


def shared_prior(sweeps: Iterable[Sweep]) -> Prior | None:
    """How the differences between neighbouring values of each sweep vary over seeds.

    Neighbours, so that as few as can be share a run. A setting that cannot matter, as the share
    of on-policy data before there is any, leaves no variance to learn from.

    Args:
        sweeps: of one agent.
    """
    pairs: list[tuple[Any, Any]] = []
    variances, df = [], []
    for sweep in sweeps:
        for at, (smaller, larger) in enumerate(pairwise(sweep.values)):
            both = sweep.returns[:, at : at + 2]
            both = both[~np.isnan(both).any(axis=1)]
            differences = both[:, 1] - both[:, 0]
            if len(both) < 2 or np.ptp(differences) <= 1e-12 * np.abs(both).max():
                continue
            names = [
                None if value == sweep.own else (sweep.parameter, value)
                for value in (smaller, larger)
            ]
            pairs.append((names[0], names[1]))
            variances.append(float(np.var(differences, ddof=1)))
            df.append(len(both) - 1.0)
    settings = {name: at for at, name in enumerate(dict.fromkeys(sum(pairs, ())))}
    contrasts = np.zeros((len(pairs), len(settings)))
    for row, (below, above) in zip(contrasts, pairs, strict=True):
        row[settings[below]], row[settings[above]] = -1, 1
    return fit_prior(np.array(variances), np.array(df), contrasts)
