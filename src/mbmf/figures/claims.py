"""All claims in one picture: each effect with its interval, beside what is claimed."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, NullLocator

from mbmf.analysis.readings import Reading
from mbmf.analysis.verdict_text import claimed, here, interval
from mbmf.figures.labels import SIZE, VERDICTS
from mbmf.figures.style import INK, use_style

ROW = 0.215  # inches
# Right of the panels: where each column of words begins, points.
COLUMNS = {"claimed": 8, "here (interval)": 74, "seeds": 226, "verdict": 258}
# A ratio's axis goes this far at most, in multiples of its target.
FARTHEST = 32.0
# As many claims as this, without a number for the same reason, are told in one line.
MANY = 3
# How the statistics say it, whatever it is that was not run.
NOT_RUN = "not run at this scale"
# Longer words would leave the panels no room. The page of claims has them whole.
LONGEST = 60
CLAIMED = "#dfe8e4"


@dataclass(frozen=True)
class Row:
    """A line of the picture.

    Attributes:
        name: what is measured, and of which agent.
        reading: claim and verdict; None for a line that tells of several claims.
        unit: that the effect is divided by.
        targets: the text's target and that of the authors' plot, where a claim names them.
        told: why there is no number.
    """

    name: str
    reading: Reading | None
    unit: float = 1.0
    targets: tuple[float | None, float | None] = (None, None)
    told: str = ""


def forest(readings: Sequence[Reading], scale: str) -> Figure:
    """A line for each claim and agent: the effect and its interval, scaled to what is claimed.

    Ratios and counts are shown in multiples of the claimed value, on a log axis. Differences, which
    are claimed to be above 0, are shown in multiples of the end of their interval that is farther
    from 0.

    Args:
        readings: all claims with their verdicts.
        scale: name of the scale, for the title.
    """
    use_style()
    groups = [
        (family, positive, _rows(list(found), readings))
        for (family, positive), found in groupby(readings, key=_kind)
    ]
    heights = [len(rows) + 0.6 for _, _, rows in groups]
    figure, grid = plt.subplots(
        len(groups), 1, figsize=(9.6, ROW * sum(heights) + 0.5 * len(groups) + 0.9),
        height_ratios=heights, squeeze=False,
    )  # fmt: skip
    for axes, (family, positive, rows) in zip(grid[:, 0], groups, strict=True):
        _panel(axes, rows, positive)
        axes.set_title(family, loc="left", fontweight="bold", x=-0.01, ha="right", pad=3)
    for name, at in COLUMNS.items():
        grid[0, 0].annotate(
            name, (1, 1), (at, 4), xycoords="axes fraction", textcoords="offset points",
            fontsize=SIZE, color="0.35",
        )  # fmt: skip
    handles: list[Artist] = [Patch(color=CLAIMED, label="claimed")]
    handles += [
        Line2D([], [], color=colour, marker=marker, markerfacecolor=_face(verdict), label=verdict)
        for verdict, (_, marker, colour) in VERDICTS.items()
    ]
    handles += [
        Line2D([], [], color=INK, linestyle="", marker=marker, label=label)
        for marker, label in (("|", "the text's number"), ("x", "the authors' plot"))
        if any(row.targets[1] is not None for _, _, rows in groups for row in rows)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=6, frameon=False)
    figure.suptitle(f"{len(readings)} claims at {scale} scale: {outcome(readings)}")
    return figure


def outcome(readings: Sequence[Reading]) -> str:
    """How many claims have each verdict, in words; those without a number apart."""
    counts = Counter(
        "without a number" if _reason(reading) else reading.record["verdict"]
        for reading in readings
    )
    return ", ".join(f"{counts[name]} {name}" for name in [*VERDICTS, "without a number"])


def _kind(reading: Reading) -> tuple[str, bool]:
    """Family of a claim, and whether it is about a ratio or count."""
    return reading.record["family"], reading.claim.statistic.positive


def _rows(found: Sequence[Reading], readings: Sequence[Reading]) -> list[Row]:
    """Lines of one panel: claims with a number first, then those without."""
    rows = [_row(reading, readings) for reading in found if not _reason(reading)]
    without: dict[str, list[Reading]] = {}
    for reading in found:
        if _reason(reading):
            without.setdefault(_reason(reading), []).append(reading)
    for reason, alike in without.items():
        if len(alike) < MANY:
            rows += [Row(name_of(reading), reading, told=reason) for reading in alike]
        else:
            rows.append(Row(f"{len(alike)} claims", None, told=reason))
    return rows


def _reason(reading: Reading) -> str:
    """Why a claim has no number; empty if it has one."""
    if reading.record["refused"]:
        return "not computed yet"
    if reading.record["statistic"] is None:
        why = str(reading.record["why"])
        return NOT_RUN if why.endswith(NOT_RUN) else why
    return ""


def name_of(reading: Reading) -> str:
    """What a claim's number is, and of which agent."""
    agent = reading.record["agent"]
    label = reading.claim.label or reading.claim.id.replace("_", " ")
    return f"{label}, {agent.replace('_', '-')}" if agent else label


def _row(reading: Reading, readings: Sequence[Reading]) -> Row:
    """A claim with a number; of a ratio, both targets that are claimed of it."""
    record = reading.record
    if not reading.claim.statistic.positive:
        ends = [abs(end) for end in (record["low"], record["high"]) if end is not None]
        return Row(name_of(reading), reading, max(ends, default=abs(record["statistic"])) or 1.0)
    same = [
        other
        for other in readings
        if other.claim.statistic == reading.claim.statistic
        and other.record["agent"] == record["agent"]
    ]
    targets = [
        [_centre(one) for one in same if (one.claim.comparison == "as_plotted") == plotted]
        for plotted in (False, True)
    ]
    text, plotted = (found[0] if found else None for found in targets)
    return Row(name_of(reading), reading, text or _centre(reading), (text, plotted))


def _centre(reading: Reading) -> float:
    """The claimed value; of a range its geometric mean."""
    low, high = reading.record["threshold"]
    if low is None or high is None:
        return float(high if low is None else low)
    return math.sqrt(low * high)


def _panel(axes: Axes, rows: Sequence[Row], positive: bool) -> None:
    """Effects of one family on one scale."""
    axes.set_ylim(len(rows) - 0.4, -0.6)
    if positive:
        axes.set_xscale("log")
        axes.set_xlim(*_reach(rows))
        ticks = _ticks(*axes.get_xlim())
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels([f"{tick:g}" if tick >= 1 else f"1/{1 / tick:g}" for tick in ticks])
        unit = "the text's factor" if any(row.targets[1] for row in rows) else "what is claimed"
    else:
        axes.set_xlim(-1.08, 1.08)
        axes.set_xticks([-1, 0, 1])
        unit = "the interval's farther end"
    if all(row.told for row in rows):
        axes.set_xticks([])
    else:
        axes.set_xlabel(f"in multiples of {unit}", fontsize=SIZE - 1, color="0.35", labelpad=1)
        axes.axvline(1 if positive else 0, color="0.45", linewidth=0.9)
    for at, row in enumerate(rows):
        if row.reading is None or row.told:
            told = textwrap.shorten(row.told, LONGEST, placeholder=" ...")
            _write(axes, at, told, COLUMNS["claimed"], "0.4", "normal")
        else:
            _effect(axes, at, row, row.reading.record)
    axes.set_yticks(range(len(rows)), [row.name for row in rows], fontsize=SIZE)
    axes.tick_params("x", labelsize=SIZE - 1, pad=1)
    axes.yaxis.grid(visible=False)


def _ticks(first: float, last: float) -> list[float]:
    """Powers of 2, or of 4 on a long axis, within its limits."""
    every = 2 if last / first > 100 else 1
    ticks = [2.0**power for power in range(-6, 7, every)]
    return [tick for tick in ticks if first <= tick <= last]


def _reach(rows: Sequence[Row]) -> tuple[float, float]:
    """Limits of a log axis that show all effects, and all ends of intervals that are not far."""
    shown = [0.5, 2.0]
    for row in rows:
        if row.reading and not row.told:
            record = row.reading.record
            values = [record["statistic"], record["low"], record["high"], *record["threshold"]]
            values += row.targets
            shown += [value / row.unit for value in values if value]
    return max(min(shown) / 1.15, 1 / FARTHEST), min(max(shown) * 1.15, FARTHEST)


def _effect(axes: Axes, at: int, row: Row, record: Mapping[str, Any]) -> None:
    """One claim: what is claimed as a band, the interval, the effect by its verdict's mark."""
    first, last = axes.get_xlim()
    low, high = (_scaled(end, row.unit, edge) for end, edge in _ends(record, first, last))
    below, above = (
        _scaled(end, row.unit, edge)
        for end, edge in zip(record["threshold"], (first, last), strict=True)
    )
    axes.fill_betweenx(
        [at - 0.42, at + 0.42], max(below, first), min(above, last), color=CLAIMED, linewidth=0
    )
    _, marker, colour = VERDICTS[record["verdict"]]
    axes.plot([max(low, first), min(high, last)], [at, at], color=colour, linewidth=1.6)
    for end, edge, arrow in ((low, first, "<"), (high, last, ">")):
        if (end <= edge) if arrow == "<" else (end >= edge):
            axes.plot(edge, at, arrow, color=colour, markersize=4, clip_on=False)
    value = min(max(record["statistic"] / row.unit, first), last)
    axes.plot(
        value, at, marker, color=colour, markersize=6, clip_on=False,
        markerfacecolor=_face(record["verdict"]),
    )  # fmt: skip
    for target, mark in zip(row.targets, "|x", strict=True):
        if target is not None and row.targets[1] is not None:
            axes.plot(target / row.unit, at, mark, color=INK, markersize=6.5, markeredgewidth=1.2)
    sign = VERDICTS[record["verdict"]][0]
    words = [
        (claimed(*record["threshold"]), INK, "normal"),
        (f"{here(record)} ({interval(record).partition(':')[0]})", INK, "normal"),
        (str(record["seeds"]), INK, "normal"),
        (f"{sign} {record['verdict']}", colour, "bold"),
    ]
    for (text, shade, weight), along in zip(words, COLUMNS.values(), strict=True):
        _write(axes, at, text, along, shade, weight)


def _ends(record: Mapping[str, Any], first: float, last: float) -> list[tuple[Any, float]]:
    return [(record["low"], first), (record["high"], last)]


def _scaled(value: float | None, unit: float, edge: float) -> float:
    """A number in units of the target; one that is infinite, or 0 on a log axis, is the edge."""
    return edge if value is None else value / unit


def _write(axes: Axes, at: int, text: str, along: float, colour: Any, weight: str) -> None:
    axes.annotate(
        text, (1, at), (along, 0), xycoords=("axes fraction", "data"), color=colour,
        textcoords="offset points", verticalalignment="center", fontsize=SIZE, fontweight=weight,
    )  # fmt: skip


def _face(verdict: str) -> str:
    """Filling of a verdict's mark: none where nothing is decided."""
    return "white" if verdict == "undecided" else VERDICTS[verdict][2]
