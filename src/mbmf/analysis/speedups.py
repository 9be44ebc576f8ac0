"""The paper's two numbers: how many fewer steps model-based learning needs (section VI-D, Fig. 7).

- sample efficiency (the paper's 20×): the steps that Mf needs to reach and hold what Mb reaches
  and holds, over the steps that Mb needs;
- time to maximum (the paper's 3×): the steps that Mf needs to reach and hold 99 % of its last
  plateau, over the steps that Mb-Mf needs for the same return.

Either may be asked at a given return instead. A curve that does not get there within its steps
bounds the ratio. Steps are counted in two ways: every simulator step before a point, whoever took
it; and as the x axis of the authors' plots does. See `COUNTINGS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mbmf.analysis.intervals import (
    Bound,
    Estimate,
    Indices,
    UndecidableError,
    cautious,
    jackknife,
    jackknife_error,
    leave_one_out,
    student_factor,
)
from mbmf.base.errors import InputError

Array = NDArray[np.float64]

# A return is held when the mean curve stays there for this many iterations on end.
HOLD = 5
# The plateau is the mean over the last part of the curve; it is one if the part before lay
# less than RISING below it.
PLATEAU_PART, NEAR, RISING = 0.1, 0.99, 0.02

Counting = Literal["every_step", "authors"]
COUNTINGS: dict[Counting, str] = {"every_step": "env_steps", "authors": "authors_steps"}
"""Column of each way of counting.

`every_step`: every simulator step taken before the point. `authors`: of Mb the training points,
of the imitation these with what it was trained on and is trained on next, of TRPO the steps after
the point's batch.
"""
METHODS = {
    "Mb": ("model_based",),
    "Mf": ("model_free",),
    "Mb-Mf": ("imitation", "fine_tuning"),
}
"""The curves that make up each method, in the order in which they are run."""


MeanCurve = tuple[Array, Array]
"""Steps and returns, (points,) each."""


@dataclass(frozen=True)
class Curves:
    """Learning curves of one method, one row a seed.

    Attributes:
        seeds: (seeds,) in the order of the rows.
        steps: (seeds, points) environment steps, as counted.
        returns: (seeds, points).
    """

    seeds: NDArray[np.int64]
    steps: Array
    returns: Array

    def mean(self, rows: Indices) -> MeanCurve:
        """Mean steps and mean return at each point over some seeds."""
        return self.steps[rows].mean(axis=0), self.returns[rows].mean(axis=0)


def curves(
    table: pd.DataFrame, agent: str, method: str, counting: Counting = "every_step"
) -> Curves:
    """A method's curves from the tidy table.

    Args:
        table: columns kind, agent, seed, iteration, return, and that of the steps (`COUNTINGS`).
        agent: name of the agent.
        method: Mb, Mf or Mb-Mf.
        counting: of the steps.

    Raises:
        InputError: the table lacks a column, the method or some iterations of a seed, or has
            rows twice.
    """
    column = COUNTINGS[counting]
    needed = ("kind", "agent", "seed", "iteration", column, "return")
    missing = [name for name in needed if name not in table]
    if missing:
        raise InputError(
            f"the table lacks column {missing[0]}; it needs {', '.join(needed)}: runs of older "
            "code must be made anew"
        )
    rows = table[table["agent"] == agent]
    twice = rows[rows.duplicated(["kind", "seed", "iteration"])]
    if not twice.empty:
        kind, seed, iteration = twice.iloc[0][["kind", "seed", "iteration"]]
        raise InputError(
            f"the table has iteration {iteration} of {kind}, {agent}, seed {seed} twice"
        )
    parts = []
    for kind in METHODS[method]:
        found = rows[rows["kind"] == kind]
        if found.empty:
            raise InputError(f"the table lacks {kind} of {agent}")
        parts.append(
            [
                found.pivot(index="seed", columns="iteration", values=value)
                for value in (column, "return")
            ]
        )
    steps, returns = (pd.concat(part, axis=1) for part in zip(*parts, strict=True))
    if steps.isna().any(axis=None) or returns.isna().any(axis=None):
        raise InputError(f"the table lacks iterations of some seed of {method}, {agent}")
    return Curves(
        steps.index.to_numpy(np.int64), steps.to_numpy(np.float64), returns.to_numpy(np.float64)
    )


def windows(returns: Array) -> Array:
    """Lowest return of each HOLD points on end (all of them, if there are fewer)."""
    stretches = np.lib.stride_tricks.sliding_window_view(returns, min(HOLD, len(returns)))
    lowest: Array = stretches.min(axis=1)
    return lowest


def held_level(returns: Array) -> float:
    """The highest return that a curve reaches and holds for HOLD points."""
    return float(windows(returns).max())


def steps_to_hold(steps: Array, returns: Array, level: float, to_end: bool = False) -> float:
    """Steps at which a curve first reaches `level` and stays there for HOLD points.

    Between two points the curve is a straight line. A curve of fewer points than HOLD must
    stay there throughout.

    Args:
        steps: (points,).
        returns: (points,).
        level: to be held.
        to_end: to stay there to the end counts too, though that be fewer points.

    Returns:
        Infinity if it never does.
    """
    held = windows(returns) >= level
    if to_end:
        after = np.logical_and.accumulate(returns[::-1] >= level)[::-1]
        held = np.append(held, after[len(held) :])
    if not held.any():
        return math.inf
    point = int(held.argmax())
    if point == 0:
        return float(steps[0])
    share = (level - returns[point - 1]) / (returns[point] - returns[point - 1])
    return float(steps[point - 1] + share * (steps[point] - steps[point - 1]))


def plateau(returns: Array) -> tuple[float, bool]:
    """Mean of the last tenth of a curve, and whether the curve has stopped rising by then."""
    part = max(round(PLATEAU_PART * len(returns)), 1)
    last = float(returns[-part:].mean())
    before = float(returns[-2 * part : -part].mean()) if len(returns) > part else -math.inf
    return last, last - before <= RISING * abs(last)


@dataclass(frozen=True)
class Ratio:
    """Steps of a slow method over those of a fast one, to the same return, of some seeds.

    Attributes:
        level: the return.
        slow_steps: infinite if the slow method does not get there.
        fast_steps: infinite if the fast method does not.
        slow: mean curve of the slow method.
        fast: mean curve of the fast method.
        why: there is no ratio, if there is none.
    """

    level: float
    slow_steps: float
    fast_steps: float
    slow: MeanCurve
    fast: MeanCurve
    why: str | None = None

    @property
    def bound(self) -> Bound | None:
        """Which curve ends before it gets there."""
        if math.isinf(self.slow_steps):
            return "at least"
        return "at most" if math.isinf(self.fast_steps) else None

    @property
    def value(self) -> float:
        """The ratio, or its bound; steps that no stretch of HOLD points begins in prove nothing."""
        slow = sure_steps(self.slow) if math.isinf(self.slow_steps) else self.slow_steps
        fast = sure_steps(self.fast) if math.isinf(self.fast_steps) else self.fast_steps
        return slow / fast


def sure_steps(curve: MeanCurve) -> float:
    """Steps up to which a curve that never holds a level surely does not."""
    steps, returns = curve
    return float(steps[len(windows(returns)) - 1])


def sample_efficiency(mb: Curves, mf: Curves, rows: Indices, at: float | None = None) -> Ratio:
    """Mf's steps over Mb's, to what Mb holds, for a sample of seeds.

    Args:
        mb: curves of Mb.
        mf: curves of Mf.
        rows: the seeds.
        at: a return to ask at instead. Mb, whose curves have some five points, need then hold it
            only to the end of its curve.
    """
    fast, slow = mb.mean(rows), mf.mean(rows)
    level = held_level(fast[1]) if at is None else at
    return _ratio(level, slow, fast, steps_to_hold(*fast, level, to_end=at is not None), "Mb")


def time_to_max(mf: Curves, mbmf: Curves, rows: Indices, at: float | None = None) -> Ratio:
    """Mf's steps over Mb-Mf's, to Mf's maximum, for a sample of seeds.

    Args:
        mf: curves of Mf.
        mbmf: curves of Mb-Mf.
        rows: the seeds.
        at: a return to ask at instead.
    """
    slow, fast = mf.mean(rows), mbmf.mean(rows)
    highest, level_off = plateau(slow[1])
    level = highest - (1 - NEAR) * abs(highest) if at is None else at
    found = _ratio(level, slow, fast, steps_to_hold(*fast, level), "Mb-Mf")
    if at is None and not level_off:
        return replace(found, why="Mf is still rising: it has no maximum yet")
    if at is None and math.isinf(found.slow_steps):
        return replace(found, why=f"Mf does not hold {level:.1f}, 99 % of its last tenth")
    return found


def _ratio(level: float, slow: MeanCurve, fast: MeanCurve, fast_steps: float, name: str) -> Ratio:
    needed, why = steps_to_hold(*slow, level), None
    if needed == slow[0][0]:
        why = f"a random policy already returns {level:.1f}"
    elif math.isinf(needed) and math.isinf(fast_steps):
        why = f"neither Mf nor {name} reaches and holds {level:.1f}"
    return Ratio(level, needed, fast_steps, slow, fast, why)


def estimate(ratio: Callable[[Indices], Ratio], seeds: int) -> Estimate:
    """A ratio of the mean curves of all seeds, with Student's cautious interval by the jackknife.

    Where a curve does not get there, the end of the interval on that side is open. The other end
    is that of the steps that are sure, at the asked level of confidence.

    Raises:
        UndecidableError: there is no ratio, of all seeds or without one of them.
    """
    found = ratio(np.arange(seeds))
    if found.why:
        raise UndecidableError(found.why)
    if seeds < 2:
        raise UndecidableError("one seed: its spread over seeds is not known")
    without = [ratio(others) for others in leave_one_out(seeds)]
    for other in without:
        if other.why:
            raise UndecidableError(f"{other.why} (without one of the seeds)")
    bounds = {other.bound for other in [found, *without]} - {None}
    if len(bounds) == 2:
        raise UndecidableError("which curve gets there is not the same without one of the seeds")
    if found.bound:
        return cautious(Estimate(found.value, seeds, partial(_beyond, found, without), found.bound))
    closed = cautious(jackknife(lambda rows: ratio(rows).value, seeds))
    if not bounds:
        return closed

    def interval(level: float) -> tuple[float, float]:
        low, high = closed.interval(level)
        return (low, math.inf) if bounds == {"at least"} else (0.0, high)

    return Estimate(closed.value, seeds, interval)


def _beyond(found: Ratio, without: list[Ratio], level: float) -> tuple[float, float]:
    """Interval of a ratio of which one curve does not get there.

    The curve surely falls short up to the last point where Student's interval of how far its best
    stretch so far is below the level, by the jackknife, lies above 0. That, and the steps of the
    other curve, share the error.
    """
    slow_misses = found.bound == "at least"
    factor = student_factor((1 + level) / 2, len(without) - 1)

    def shortfall(ratio: Ratio) -> Array:
        curve = ratio.slow if slow_misses else ratio.fast
        best: Array = np.maximum.accumulate(windows(curve[1]))
        return ratio.level - best

    errors = jackknife_error(np.array([shortfall(other) for other in without]))
    sure = np.logical_and.accumulate(shortfall(found) - factor * errors > 0)
    missing = found.slow if slow_misses else found.fast
    steps = float(missing[0][sure.sum() - 1]) if sure.any() else 0.0
    reached = [r.fast_steps if slow_misses else r.slow_steps for r in [found, *without]]
    spread = factor * float(jackknife_error(np.log(reached[1:])))
    if slow_misses:
        return steps / (reached[0] * math.exp(spread)), math.inf
    return 0.0, reached[0] * math.exp(spread) / steps if steps else math.inf


def key(name: str, counting: Counting) -> str:
    """Name of a number among those of an agent: sample_efficiency, time_to_max_authors, ..."""
    return name if counting == "every_step" else f"{name}_{counting}"


def speedups(table: pd.DataFrame) -> dict[str, Any]:
    """Both numbers, by both ways of counting, for each agent of a tidy table of curves.

    Returns:
        Of each agent, by `key`: ratio, bound ("at least" or "at most", if it is one), low and high
        end of its 95 % interval (None where open), seeds, level, slow_steps, fast_steps, and why
        there is no ratio or no interval.

    Raises:
        InputError: see `curves`; or the methods' seeds are not the same.
    """
    result: dict[str, Any] = {}
    for agent in dict.fromkeys(table["agent"]):
        result[agent] = {}
        for counting in COUNTINGS:
            mb, mf, mbmf = (curves(table, agent, method, counting) for method in METHODS)
            for method, other in (("Mb", mb), ("Mb-Mf", mbmf)):
                if not np.array_equal(other.seeds, mf.seeds):
                    raise InputError(
                        f"{agent}: {method} has seeds {other.seeds.tolist()}, Mf has "
                        f"{mf.seeds.tolist()}; they are compared pair by pair"
                    )
            seeds = len(mf.seeds)
            result[agent] |= {
                key("sample_efficiency", counting): _in_numbers(
                    partial(sample_efficiency, mb, mf), seeds
                ),
                key("time_to_max", counting): _in_numbers(partial(time_to_max, mf, mbmf), seeds),
            }
    return result


def _in_numbers(ratio: Callable[[Indices], Ratio], seeds: int) -> dict[str, Any]:
    found = ratio(np.arange(seeds))
    numbers: dict[str, Any] = {
        "ratio": None if found.why else found.value,
        "bound": None if found.why else found.bound,
        "low": None,
        "high": None,
        "seeds": seeds,
        "level": found.level,
        "slow_steps": _finite(found.slow_steps),
        "fast_steps": _finite(found.fast_steps),
        "why": None,
    }
    try:
        low, high = estimate(ratio, seeds).interval(0.95)
    except UndecidableError as error:
        return numbers | {"why": str(error)}
    return numbers | {"low": low or None, "high": _finite(high)}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
