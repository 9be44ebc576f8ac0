"""The paper's two numbers: how many fewer steps model-based learning needs (section VI-D, Fig. 7).

- sample efficiency (the paper's 20×): the steps that Mf needs to reach and hold the final
  return of Mb, over the steps that Mb used;
- time to maximum (the paper's 3×): the steps that Mf needs to reach and hold 99 % of its last
  plateau, over the steps that Mb-Mf needs for the same return.

Steps are counted in two ways: every simulator step before a point, whoever took it; and as the
x axis of the authors' plots does. See `COUNTINGS`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mbmf.base.errors import InputError

Array = NDArray[np.float64]

# A return is held when the mean curve stays there for this many iterations on end.
HOLD = 5
# The plateau is the mean over the last part of the curve; it is one if the part before lay
# less than RISING below it.
PLATEAU_PART, NEAR, RISING = 0.1, 0.99, 0.02
RESAMPLES = 2000

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

    def mean(self, rows: NDArray[np.intp]) -> tuple[Array, Array]:
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


def steps_to_hold(steps: Array, returns: Array, level: float) -> float:
    """Steps at which a curve first reaches `level` and stays there for HOLD points.

    Between two points the curve is a straight line. A curve of fewer points than HOLD must
    stay there throughout.

    Returns:
        Infinity if it never does.
    """
    window = min(HOLD, len(returns))
    held = np.lib.stride_tricks.sliding_window_view(returns >= level, window).all(axis=1)
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


def sample_efficiency(mb: Curves, mf: Curves, rows: NDArray[np.intp]) -> dict[str, Any]:
    """Steps of Mf for the final return of Mb, over the steps of Mb, for a sample of seeds."""
    mb_steps, mb_returns = mb.mean(rows)
    mf_steps, mf_returns = mf.mean(rows)
    level = float(mb_returns[-1])
    needed = steps_to_hold(mf_steps, mf_returns, level)
    result = {"level": level, "model_based_steps": float(mb_steps[-1]), "model_free_steps": needed}
    if math.isinf(needed):
        return result | {"ratio": math.inf, "why": f"Mf does not reach and hold {level:.1f}"}
    if needed == mf_steps[0]:
        return result | {"ratio": math.nan, "why": "a random policy already returns that much"}
    return result | {"ratio": needed / mb_steps[-1], "why": None}


def time_to_max(mf: Curves, mbmf: Curves, rows: NDArray[np.intp]) -> dict[str, Any]:
    """Steps of Mf to its maximum, over the steps of Mb-Mf to the same return."""
    mf_steps, mf_returns = mf.mean(rows)
    highest, level_off = plateau(mf_returns)
    level = highest - (1 - NEAR) * abs(highest)
    needed = steps_to_hold(mf_steps, mf_returns, level)
    other = steps_to_hold(*mbmf.mean(rows), level)
    result = {"level": level, "model_free_steps": needed, "fine_tuning_steps": other}
    if not level_off:
        return result | {"ratio": math.nan, "why": "Mf is still rising: it has no maximum yet"}
    if math.isinf(needed) or needed == mf_steps[0]:
        return result | {
            "ratio": math.nan,
            "why": f"Mf does not reach and hold {level:.1f} after its start",
        }
    if math.isinf(other):
        return result | {"ratio": 0.0, "why": f"Mb-Mf does not reach and hold {level:.1f}"}
    return result | {"ratio": needed / other, "why": None}


def interval(estimate: Callable[[NDArray[np.intp]], dict[str, Any]], seeds: int) -> dict[str, Any]:
    """Median and 95 % interval of a ratio, by bootstrap over seeds.

    Each resample draws seeds; methods are compared on the same ones. A resample may have no
    ratio. It then counts as below all others for the interval's low end and as above all for
    its high end, and an end that falls on such a resample is null. `why` counts them by reason.

    Args:
        estimate: ratio and its parts for a sample of seeds.
        seeds: how many there are.
    """
    everything = estimate(np.arange(seeds))
    result: dict[str, Any] = {"median": None, "low": None, "high": None, "seeds": seeds}
    parts = {
        name: value if isinstance(value, float) and math.isfinite(value) else None
        for name, value in everything.items()
        if name not in ("ratio", "why")
    }
    if everything["why"]:
        return result | {"why": everything["why"]} | parts
    generator = np.random.default_rng(0)
    resamples = [
        estimate(generator.integers(0, seeds, seeds)) for _ in range(RESAMPLES if seeds > 1 else 1)
    ]
    ratios = np.array([resample["ratio"] for resample in resamples])
    unknown = np.isnan(ratios)
    below, above = np.where(unknown, 0.0, ratios), np.where(unknown, math.inf, ratios)
    ends = {
        "low": _order_statistic(below, 0.025),
        "median": _order_statistic(ratios[~unknown], 0.5),
        "high": _order_statistic(above, 0.975),
    }
    # The level is another in each resample: the reasons are told apart without their numbers.
    reasons = Counter(
        re.sub(r"-?[0-9]+\.[0-9]", "its level", resample["why"])
        for resample in resamples
        if resample["why"]
    )
    why = "; ".join(
        f"{reason} in {count} of {len(ratios)} resamples of the seeds"
        for reason, count in reasons.most_common()
    )
    return result | ends | {"why": why or None} | parts


def _order_statistic(ratios: Array, quantile: float) -> float | None:
    """Between a number and infinity there is nothing to interpolate."""
    value = float(np.quantile(ratios, quantile, method="nearest"))
    return value if 0 < value < math.inf else None


def key(name: str, counting: Counting) -> str:
    """Name of a number among those of an agent: sample_efficiency, time_to_max_authors, ..."""
    return name if counting == "every_step" else f"{name}_{counting}"


def speedups(table: pd.DataFrame) -> dict[str, Any]:
    """Both numbers, by both ways of counting, for each agent of a tidy table of curves.

    Returns:
        Of each agent, by `key`, what `interval` gives.

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
                key("sample_efficiency", counting): interval(
                    partial(sample_efficiency, mb, mf), seeds
                ),
                key("time_to_max", counting): interval(partial(time_to_max, mf, mbmf), seeds),
            }
    return result
