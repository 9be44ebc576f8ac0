"""How much more one method returns than another at the end (Fig. 9)."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from mbmf.analysis.intervals import (
    Estimate,
    NotRunError,
    UndecidableError,
    mean_over_seeds,
)
from mbmf.analysis.settings_columns import matches
from mbmf.analysis.statistics.base import ClaimStatistic, check_columns, check_rows, check_seeds

Chosen = Annotated[
    dict[Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$")], str | int | float],
    Field(min_length=1),
]


class Statistic(ClaimStatistic):
    """Return with the settings `of`, minus a share of that with the settings `minus`.

    Both in the last iteration. With a share below 1, above 0 means: at least that share of it. Each
    set of settings must leave one run a seed.
    """

    positive: ClassVar[bool] = False
    of: Chosen
    minus: Chosen
    share: Annotated[float, Field(gt=0, le=1)] = 1.0

    def estimate(self, table: pd.DataFrame) -> Estimate:
        """Mean over seeds; each pairs runs of the same seed, which share their random data.

        Raises:
            UndecidableError: a share is asked for, of a return that is not above 0.
        """
        check_columns(table, "seed", "iteration", "return", *self.of, *self.minus)
        last = table[table["iteration"] == table["iteration"].max()]
        ours, others = (self._returns(last, chosen) for chosen in (self.of, self.minus))
        both = pd.concat([ours, others])
        check_seeds(ours.reset_index(), both.reset_index(), _told(self.of))
        check_seeds(others.reset_index(), both.reset_index(), _told(self.minus))
        if self.share < 1 and others.mean() <= 0:
            raise UndecidableError(f"{_told(self.minus)} returns no more than 0 on average")
        difference = ours - self.share * others
        return mean_over_seeds(difference.to_numpy(np.float64))

    @staticmethod
    def _returns(last: pd.DataFrame, chosen: Chosen) -> pd.Series:
        """Return of each seed, which is the index, with some settings.

        Raises:
            InputError: a seed has several runs with them.
            NotRunError: no run has them.
        """
        rows = last
        for name, value in chosen.items():
            rows = rows[matches(rows[name], value)]
        if rows.empty:
            raise NotRunError(f"{_told(chosen)} is not run at this scale")
        check_rows(rows, ["seed"], ["return"])
        return rows.set_index("seed")["return"].sort_index()


def _told(chosen: Chosen) -> str:
    return ", ".join(f"{name} = {value}" for name, value in chosen.items())
