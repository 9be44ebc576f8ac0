"""What a row of the table holds, and how rows are made of timed turns."""

import statistics
from collections.abc import Callable, Mapping
from typing import Any

Row = dict[str, Any]
Turns = dict[str, list[float]]


def take_turns(calls: Mapping[str, Callable[[], float]], turns: int) -> Turns:
    """Seconds of each contender, called in turn."""
    times: Turns = {key: [] for key in calls}
    for _ in range(turns):
        for key, call in calls.items():
            times[key].append(call())
    return times


def rounded(value: float) -> float:
    """Three significant digits, whole numbers from 100 on."""
    return round(value) if abs(value) >= 100 else float(f"{value:.3g}")


def ratio(times: Turns, over: str, under: str) -> float | None:
    """Median over the turns of one contender's time over another's; None if one is missing."""
    if not times.get(over) or not times.get(under):
        return None
    pairs = zip(times[over], times[under], strict=True)
    return rounded(statistics.median(a / b for a, b in pairs))


def row(
    name: str,
    unit: str,
    times: Turns,
    value: Callable[[float], float],
    *,
    goal: str,
    met: Callable[[Row], bool],
    **facts: Any,
) -> Row:
    """A row from the seconds of "ours", "peer" and "limit".

    Args:
        name: what is timed.
        unit: of the values.
        times: seconds of each turn.
        value: what is shown, of seconds.
        goal: in words.
        met: whether the row meets it.
        facts: peer_name, limit_name and counted (what a value counts), and others.
    """
    made: Row = {"name": name, "unit": unit, "spread": {}}
    for key in ("ours", "peer", "limit"):
        values = [value(seconds) for seconds in times.get(key, [])]
        made[key] = rounded(statistics.median(values)) if values else None
        if values:
            made["spread"][key] = [rounded(min(values)), rounded(max(values))]
    made |= {
        "times_faster": ratio(times, "peer", "ours"),
        "share_of_limit": ratio(times, "limit", "ours"),
        "goal": goal,
    }
    return made | {"met": bool(met(made))} | facts


def single(name: str, unit: str, ours: float, goal: str, met: bool, **facts: Any) -> Row:
    """A row of one measurement, without contenders."""
    return {
        "name": name, "unit": unit, "ours": rounded(float(ours)), "peer": None, "limit": None,
        "spread": {}, "times_faster": None, "share_of_limit": None, "goal": goal, "met": bool(met),
        **facts,
    }  # fmt: skip
