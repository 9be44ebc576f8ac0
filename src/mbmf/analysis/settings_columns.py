"""Rows of a tidy table by the settings in its columns."""

from __future__ import annotations

import pandas as pd

Value = str | int | float


def matches(column: pd.Series, value: Value) -> pd.Series:
    """Where a setting has a value.

    Layer widths are numbers in a table in which every network has one hidden layer, and text such
    as "500x500" in another. So a value that is a number is compared as a number.

    Args:
        column: of a table.
        value: of the setting.
    """
    try:
        number = float(value)
    except ValueError:
        return column.astype(str) == value
    return pd.to_numeric(column, errors="coerce") == number
