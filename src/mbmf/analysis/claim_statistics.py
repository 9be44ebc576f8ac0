"""From a tidy table to the number that a claim of the paper is about, with its interval.

One class for each statistic says what `config/claims.yaml` may ask for; `estimate` computes it.
Each pairs runs of the same seed, which share their random data.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from mbmf.analysis import speedups
from mbmf.analysis.intervals import (
    Array,
    Estimate,
    Indices,
    UndecidableError,
    first_within,
    jackknife,
    mean_over_seeds,
    ratio_over_seeds,
)
from mbmf.base.errors import InputError
from mbmf.base.settings import PositiveInteger, PositiveNumber, Settings

TableName = Literal[
    "figure_5_errors",
    "figure_5_trajectories",
    "figure_6",
    "figure_7",
    "dyna_episodes",
    "dyna_rewards",
]


class Statistic(Settings):
    """What is computed, from which table."""

    table: ClassVar[TableName]
    # A ratio, a number of steps: a threshold must be above 0.
    positive: ClassVar[bool] = True


class PredictionError(Statistic):
    """Median error of the last model after `step` steps, in spreads of the random data."""

    table = "figure_5_errors"
    name: Literal["prediction_error"]
    step: PositiveInteger


class ErrorGrowth(Statistic):
    """Median error after the longest prediction over that after `step` steps."""

    table = "figure_5_errors"
    name: Literal["error_growth"]
    step: PositiveInteger


class DivergenceRatio(Statistic):
    """How many times as long the later half of the state elements stays close.

    An element is lost when it is further off than `bound` times its own spread. Which ones are
    lost later is read from the other seeds, so that chance alone gives a ratio of 1.
    """

    table = "figure_5_trajectories"
    name: Literal["divergence_ratio"]
    bound: PositiveNumber


Number = Annotated[float, Field(allow_inf_nan=False)]
Which = Literal["lowest", "highest", "larger"] | Number


class ReturnDifference(Statistic):
    """Return with one value of a setting minus that with another, all else the agent's own.

    `larger` is the mean over all values above the other one; `relative` divides by the
    return that is subtracted.
    """

    table = "figure_6"
    positive = False
    name: Literal["return_difference"]
    parameter: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$")]
    of: Which
    minus: Literal["lowest", "highest"] | Number
    iteration: Literal["first", "last"]
    relative: bool = False


class Speedup(Statistic):
    """A ratio of environment steps of `mbmf.analysis.speedups`, counted in one of two ways."""

    table = "figure_7"
    name: Literal["sample_efficiency", "time_to_max"]
    counting: speedups.Counting = "every_step"


class EpisodesToOptimal(Statistic):
    """First episode whose mean over runs is within `tolerance` of the optimum."""

    table = "dyna_episodes"
    name: Literal["episodes_to_optimal"]
    planning_steps: Annotated[int, Field(ge=0)]
    tolerance: PositiveNumber


class FirstEpisode(Statistic):
    """Mean steps of the first episode, the same for every n."""

    table = "dyna_episodes"
    name: Literal["first_episode"]


class RewardDifference(Statistic):
    """Rewards of Dyna-Q+ minus those of Dyna-Q at the end of a changing maze."""

    table = "dyna_rewards"
    positive = False
    name: Literal["reward_difference"]
    figure: Literal["8.4", "8.5"]


AnyStatistic = Annotated[
    PredictionError
    | ErrorGrowth
    | DivergenceRatio
    | ReturnDifference
    | Speedup
    | EpisodesToOptimal
    | FirstEpisode
    | RewardDifference,
    Field(discriminator="name"),
]


@singledispatch
def estimate(statistic: Statistic, table: pd.DataFrame) -> Estimate:
    """A statistic of one agent's rows of its table (of all rows, if it has no agents).

    Raises:
        InputError: the rows have duplicates, gaps or NaN, or lack a column or a seed.
        UndecidableError: this scale does not show what is asked for, or has too few seeds.
    """
    raise NotImplementedError(type(statistic))


@estimate.register
def _(statistic: PredictionError, table: pd.DataFrame) -> Estimate:
    return mean_over_seeds(_log_error(table, statistic.step), log=True)


@estimate.register
def _(statistic: ErrorGrowth, table: pd.DataFrame) -> Estimate:
    last = table["step"].max()
    growth = _log_error(table, last) - _log_error(table, statistic.step)
    return mean_over_seeds(growth, log=True)


def _log_error(table: pd.DataFrame, step: int) -> Array:
    """Log of each seed's median error over start states, last model, held-out MPC rollouts."""
    keys = ["seed", "iteration", "rollouts", "start", "step"]
    check_rows(table, keys, ["error"])
    rows = table[(table["iteration"] == table["iteration"].max()) & (table["rollouts"] == "MPC")]
    at_step = rows[rows["step"] == step]
    if at_step.empty:
        raise UndecidableError(f"no prediction of {step} steps at this scale")
    check_seeds(at_step, table, f"an error after {step} steps")
    errors = at_step.groupby("seed")["error"].median().to_numpy(np.float64)
    with np.errstate(divide="ignore"):
        logs: Array = np.log(errors)
    return logs


@estimate.register
def _(statistic: DivergenceRatio, table: pd.DataFrame) -> Estimate:
    check_rows(table, ["seed", "element", "step"], ["true", "predicted"])
    true, predicted = (
        table.pivot(index=["seed", "element"], columns="step", values=v)
        for v in ("true", "predicted")
    )
    if true.isna().any(axis=None):
        raise InputError("lacks steps of some seed and element")
    spread = true.std(axis=1)
    off = (predicted - true).abs().gt(statistic.bound * spread, axis=0).to_numpy()
    # An element that is never lost counts as lost at the end.
    lost = np.where(off.any(axis=1), off.argmax(axis=1), off.shape[1])
    logs = pd.Series(np.log(np.maximum(lost, 1)), true.index).unstack("element")
    if logs.isna().any(axis=None):
        raise InputError("lacks elements of some seed")
    # What does not move, as sideways in a plane, has no spread to be measured in.
    moving = (spread.unstack("element") > 1e-6).all()
    logs = logs.loc[:, moving]
    if len(logs) < 2 or logs.shape[1] < 2:
        raise UndecidableError("one seed: which elements are lost later cannot be told")
    return mean_over_seeds(later_minus_earlier(logs.to_numpy()), log=True)


def later_minus_earlier(logs: Array) -> Array:
    """Mean over the later half of elements minus that over the others, by what other seeds say.

    Args:
        logs: (seeds, elements), of the steps for which each stays close.
    """
    differences = []
    for seed in range(len(logs)):
        order = np.argsort(np.delete(logs, seed, axis=0).mean(axis=0), kind="stable")
        half = len(order) // 2
        differences.append(logs[seed, order[-half:]].mean() - logs[seed, order[:half]].mean())
    return np.array(differences)


@estimate.register
def _(statistic: ReturnDifference, table: pd.DataFrame) -> Estimate:
    parameters = [column for column in table.columns if "." in column]
    if statistic.parameter not in parameters:
        raise InputError(f"lacks the column {statistic.parameter}")
    check_rows(table, [*parameters, "seed", "iteration"], ["return"])
    own = _own(table[parameters])
    others = [other for other in parameters if other != statistic.parameter]
    rows = table[(table[others] == own[others]).all(axis=1)]
    at = table["iteration"].min() if statistic.iteration == "first" else table["iteration"].max()
    rows = rows[rows["iteration"] == at]
    returns = rows.pivot(index="seed", columns=statistic.parameter, values="return")
    subtracted = _values(statistic.minus, returns.columns, None)
    value = subtracted[0] if subtracted else None
    added = _values(statistic.of, returns.columns, value)
    for chosen, asked in [(subtracted, statistic.minus), (added, statistic.of)]:
        if not chosen:
            shown = asked if isinstance(asked, str) else f"{asked:g}"
            raise UndecidableError(f"{statistic.parameter}: {shown} is not run at this scale")
    if added == subtracted:
        raise UndecidableError(f"{statistic.parameter} has one value at this scale")
    for needed in sorted({*added, *subtracted}):
        runs = rows[rows[statistic.parameter] == needed]
        check_seeds(runs, table, f"{statistic.parameter} = {needed:g}, iteration {at},")
    reference = returns[subtracted].mean(axis=1).to_numpy(np.float64)
    difference = returns[added].mean(axis=1).to_numpy(np.float64) - reference
    return (
        ratio_over_seeds(difference, reference)
        if statistic.relative
        else mean_over_seeds(difference)
    )


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


@estimate.register
def _(statistic: Speedup, table: pd.DataFrame) -> Estimate:
    column = speedups.COUNTINGS[statistic.counting]
    check_rows(table, ["kind", "seed", "iteration"], [column, "return"])
    for kind, rows in table.groupby("kind"):
        check_seeds(rows, table, str(kind))
    agent = table["agent"].iloc[0]
    mb, mf, mbmf = (
        speedups.curves(table, agent, method, statistic.counting) for method in speedups.METHODS
    )
    seeds = sorted(set(table["seed"]))

    def ratio(indices: Indices) -> float:
        found = (
            speedups.sample_efficiency(mb, mf, indices)
            if statistic.name == "sample_efficiency"
            else speedups.time_to_max(mf, mbmf, indices)
        )
        if found["why"]:
            without = [seed for index, seed in enumerate(seeds) if index not in indices]
            raise UndecidableError(
                found["why"] + (f" (without seed {without[0]})" if without else "")
            )
        return float(found["ratio"])

    return jackknife(ratio, len(seeds))


@estimate.register
def _(statistic: EpisodesToOptimal, table: pd.DataFrame) -> Estimate:
    steps, optimum = _steps(table, statistic.planning_steps)
    return first_within(steps, (1 + statistic.tolerance) * optimum)


@estimate.register
def _(_statistic: FirstEpisode, table: pd.DataFrame) -> Estimate:
    steps, _ = _steps(table, int(table["planning_steps"].min()))
    return mean_over_seeds(steps[:, 0])


def _steps(table: pd.DataFrame, planning_steps: int) -> tuple[Array, float]:
    """Steps of each run and episode of a curve of Figure 8.2, and the optimum."""
    book = table[table["panel"] == "a"]
    check_rows(book, ["planning_steps", "run", "episode"], ["steps", "optimal_steps"])
    rows = book[book["planning_steps"] == planning_steps]
    if rows.empty:
        raise UndecidableError(f"n = {planning_steps} is not run at this scale")
    check_seeds(rows, table, f"n = {planning_steps}", "run")
    steps = rows.pivot(index="run", columns="episode", values="steps")
    if steps.isna().any(axis=None):
        raise InputError(f"lacks episodes of some run of n = {planning_steps}")
    return steps.to_numpy(np.float64), float(rows["optimal_steps"].iloc[0])


@estimate.register
def _(statistic: RewardDifference, table: pd.DataFrame) -> Estimate:
    rows = table[table["figure"] == statistic.figure]
    check_rows(rows, ["method", "run", "step"], ["cumulative_reward"])
    last = rows[rows["step"] == rows["step"].max()]
    for method in ("Dyna-Q", "Dyna-Q+"):
        check_seeds(last[last["method"] == method], table, f"the end of {method}", "run")
    rewards = last.pivot(index="run", columns="method", values="cumulative_reward")
    return mean_over_seeds((rewards["Dyna-Q+"] - rewards["Dyna-Q"]).to_numpy(np.float64))


def check_rows(table: pd.DataFrame, keys: Sequence[str], values: Sequence[str]) -> None:
    """Refuse a table that lacks columns, holds a row twice, or NaN.

    Raises:
        InputError: naming what is wrong.
    """
    lacking = [column for column in (*keys, *values) if column not in table]
    if lacking:
        raise InputError(f"lacks the columns {', '.join(lacking)}")
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
