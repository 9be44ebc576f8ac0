"""What one setting of an agent does to its return (Fig. 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from mbmf.analysis.intervals import Array, Estimate, NotRunError, minimum
from mbmf.analysis.moderated import moderated_mean
from mbmf.analysis.statistics.base import ClaimStatistic, check_rows
from mbmf.analysis.sweeps import Quantity, Sweep, read_sweeps, shared_prior
from mbmf.base.errors import InputError

Number = Annotated[float, Field(allow_inf_nan=False)]


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
    iteration: Quantity

    def estimate(self, table: pd.DataFrame) -> Estimate:
        """Mean over seeds; each pairs runs of the same seed, which share their random data."""
        parameters = [column for column in table.columns if "." in column]
        if self.parameter not in parameters:
            raise InputError(f"lacks the column {self.parameter}")
        check_rows(table, [*parameters, "seed", "iteration"], ["return"])
        return self.difference(read_sweeps(table, parameters, self.iteration))

    def difference(self, sweeps: Sequence[Sweep]) -> Estimate:
        """The statistic from the sweeps of an agent, of what `iteration` names.

        Raises:
            InputError: a value lacks a seed that another one has.
            UndecidableError: as for `estimate`.
        """
        (sweep,) = (sweep for sweep in sweeps if sweep.parameter == self.parameter)
        subtracted = self.subtracted(sweep)
        added = (
            [value for value in sweep.values if value > subtracted]
            if self.of == "each_larger"
            else [_value(sweep, self.of)]
        )
        if not added:
            raise NotRunError(f"{self.parameter}: each_larger is not run at this scale")
        if subtracted in added:
            raise NotRunError(f"{self.parameter} has one value at this scale")
        compared = self._compared(sweep, [subtracted, *added])
        prior = shared_prior(sweeps)
        return minimum(
            [moderated_mean(returns - compared[:, 0], prior) for returns in compared[:, 1:].T]
        )

    def subtracted(self, sweep: Sweep) -> float:
        """The value of the sweep whose return is subtracted.

        Raises:
            UndecidableError: it is not run at this scale.
        """
        return _value(sweep, self.minus)

    def _compared(self, sweep: Sweep, values: list[float]) -> Array:
        """Returns (seeds, values) of all seeds that any of the values has; each must have them."""
        returns = np.stack([sweep.of(value) for value in values], axis=1)
        lacking: NDArray[np.bool_] = np.isnan(returns)
        some: NDArray[np.bool_] = ~np.all(lacking, axis=1)
        for value, missing in zip(values, (lacking & some[:, None]).T, strict=True):
            if missing.any():
                seeds = ", ".join(str(sweep.seeds[row]) for row in np.flatnonzero(missing))
                where = self.iteration.replace("_", " ")
                raise InputError(f"lacks {self.parameter} = {value:g}, {where}, of seed {seeds}")
        compared: Array = returns[some]
        return compared


def _value(sweep: Sweep, which: str | float) -> float:
    """The value of a sweep that is meant.

    Raises:
        NotRunError: the sweep lacks it.
    """
    named = {"lowest": sweep.values[0], "highest": sweep.values[-1], "own": sweep.own}
    value = named[which] if isinstance(which, str) else which
    if value not in sweep.values:
        raise NotRunError(f"{sweep.parameter}: {value:g} is not run at this scale")
    return value
