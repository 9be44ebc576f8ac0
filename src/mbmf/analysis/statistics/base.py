"""What any statistic of a claim is, and the checks that each makes of its table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import pandas as pd

from mbmf.analysis.intervals import Estimate
from mbmf.base.errors import InputError
from mbmf.base.settings import Settings


class ClaimStatistic(Settings):
    """From a tidy table to the number that a claim is about; its fields are its settings.

    Attributes:
        positive: it is a ratio or a number of steps, so that a threshold must be above 0.
        plotted: reading of `mbmf.analysis.authors_plots.AgentPlot` that it may be compared with.
        name: of the file that defines it.
    """

    positive: ClassVar[bool] = True
    plotted: ClassVar[Literal["sample_efficiency", "time_to_max"] | None] = None
    name: str

    def estimate(self, table: pd.DataFrame) -> Estimate:
        """The statistic of one agent's rows of its table (of all rows, if it has no agents).

        Raises:
            InputError: the rows have duplicates, gaps or NaN, or lack a column or a seed.
            UndecidableError: this scale does not show what is asked for, or has too few seeds.
        """
        raise NotImplementedError


def check_columns(table: pd.DataFrame, *columns: str) -> None:
    """Refuse a table that lacks columns.

    Raises:
        InputError: naming them.
    """
    lacking = [column for column in columns if column not in table]
    if lacking:
        raise InputError(f"lacks the columns {', '.join(lacking)}")


def check_rows(table: pd.DataFrame, keys: Sequence[str], values: Sequence[str]) -> None:
    """Refuse a table that lacks columns, holds a row twice, or NaN.

    Raises:
        InputError: naming what is wrong.
    """
    check_columns(table, *keys, *values)
    twice = table.duplicated(list(keys))
    if twice.any():
        row = ", ".join(f"{key} {table.loc[twice, key].iloc[0]}" for key in keys if "." not in key)
        raise InputError(f"has a row twice: {row}")
    for column in values:
        if table[column].isna().any():
            raise InputError(f"has NaN in the column {column}")


def check_seeds(rows: pd.DataFrame, table: pd.DataFrame, what: str, key: str = "seed") -> None:
    """Refuse `rows` that lack a seed, or run, that `table` has.

    Raises:
        InputError: naming them.
    """
    missing = sorted(set(table[key]) - set(rows[key]))
    if missing:
        raise InputError(f"lacks {what} of {key} {', '.join(map(str, missing))}")
