"""Tidy tables: the measurements of runs, collected for the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mbmf.base.errors import InputError
from mbmf.storage.atomic_files import written_whole

# A Parquet file holds metadata of pandas. A flipped bit there can raise any of these errors.
_OF_DAMAGED_NOTES = (LookupError, TypeError, AttributeError, NotImplementedError, ArithmeticError)


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV or Parquet table.

    Raises:
        InputError: the file is missing, empty or damaged.
    """
    reader = pd.read_parquet if path.suffix == ".parquet" else pd.read_csv
    if path.is_dir():  # the Parquet reader would read a folder as a table in parts
        raise InputError(f"{path}: a folder, not a table")
    try:
        table: pd.DataFrame = reader(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such table") from None
    except (ValueError, OSError, *_OF_DAMAGED_NOTES) as error:
        reason = " ".join(str(error).split())
        kind = path.suffix.removeprefix(".")
        raise InputError(f"{path}: not a whole {kind} table ({reason})") from None
    return table


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table atomically, in the format of the suffix: .csv or .parquet."""
    with written_whole(path) as aside:
        if path.suffix == ".parquet":
            table.to_parquet(aside, index=False, compression="zstd")
        else:
            table.to_csv(aside, index=False)


def run_table(rows: list[dict[str, Any]], kind: str, agent: str, seed: int) -> pd.DataFrame:
    """Table of a run's rows; its first columns are the run's kind, agent and seed."""
    return pd.DataFrame([{"kind": kind, "agent": agent, "seed": seed} | row for row in rows])


def concatenate(
    paths: Sequence[Path],
    output: Path,
    columns: Sequence[str] | None = None,
    optional: Sequence[str] = (),
    defaults: Mapping[str, Any] | None = None,
) -> None:
    """Write one table with all rows of tables that have the same columns, in the order given.

    Args:
        paths: the tables to read.
        output: the table to write.
        columns: the only columns to keep, if given. The tables may then differ in other columns.
        optional: further columns to keep. They are empty in the rows of a table without them.
        defaults: columns with a default value for tables without them. They come last.

    Raises:
        InputError: a table is missing, damaged, or lacks a column.
    """
    tables = [read_table(path) for path in paths]
    if defaults:
        tables = [_with_defaults(table, defaults) for table in tables]
    if columns:
        for path, table in zip(paths, tables, strict=True):
            lacking = [column for column in columns if column not in table]
            if lacking:
                raise InputError(f"{path}: lacks the columns {', '.join(lacking)}")
        tables = [table.reindex(columns=[*columns, *optional]) for table in tables]
    for path, table in zip(paths, tables, strict=True):
        if list(table.columns) != list(tables[0].columns):
            odd = ", ".join(sorted(set(table.columns) ^ set(tables[0].columns)))
            raise InputError(f"{path}: its columns differ from those of {paths[0]}: {odd}")
    write_table(output, pd.concat(tables, ignore_index=True))


def _with_defaults(table: pd.DataFrame, defaults: Mapping[str, Any]) -> pd.DataFrame:
    missing = {name: value for name, value in defaults.items() if name not in table}
    others = [name for name in table if name not in defaults]
    return table.assign(**missing)[[*others, *defaults]]
