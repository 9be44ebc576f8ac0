"""What is done of the workflow, what runs, failed or is missing, and how long the rest takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mbmf.storage.job_records import CODE, INPUTS, RECORD, SETTINGS
from mbmf.workflow.dag import Dag, Job
from mbmf.workflow.job_states import FINISHED, State, read_calls, share, states
from mbmf.workflow.time_left import (
    Measurement,
    estimate,
    measurements,
    measurements_elsewhere,
    time_left,
)

SHOWN = 10
WHY = {
    SETTINGS: "made with other settings",
    INPUTS: "made from other inputs",
    CODE: "made by older code",
    RECORD: "without a record of what was asked for",
}
LOG_LINES = 3


@dataclass(frozen=True)
class Standing:
    """A job, its state, the share of it that is done, and the seconds that it still takes."""

    job: Job
    state: State
    share: float
    seconds: float | None


def standings(found: Mapping[Job, State], measured: Sequence[Measurement]) -> dict[str, Standing]:
    """Where jobs stand, by name.

    Args:
        found: state of each.
        measured: what finished jobs took.
    """
    standing = {}
    for job, state in found.items():
        done = share(job, state)
        whole = 0.0 if state in FINISHED else estimate(job, measured)
        left = None if whole is None else (1 - done) * whole
        standing[job.name] = Standing(job, state, done, left)
    return standing


def report(dag: Dag, cores: int) -> str:
    """What `mbmf status` prints about a scale."""
    results = dag.results
    measured = measurements(dag.jobs) + measurements_elsewhere(results)
    found = standings(states(dag, read_calls(results.name)), measured)
    there = results if results.is_dir() else f"{results} (not there yet: nothing has run)"
    lines = [f"{results.name} scale, {there}, time left on {cores} cores", ""]
    rows = []
    for job in sorted(dag.ends, key=lambda end: (not draws(end, results), end.name)):
        shown = _rows(job.name, dag.with_all_before(job), found, cores)
        # Claims and clips rest on the runs of the figures.
        rows += shown if draws(job, results) else shown[:1]
    rows += _rows("all", dag.jobs, found, cores)[:1]
    lines += _table(rows)
    for state in (State.RUNNING, State.STOPPED, State.FAILED):
        lines += _listed(state, [one for one in found.values() if one.state == state])
    lines += _outdated(one.job for one in found.values() if one.state == State.OUTDATED)
    old = [one for one in found.values() if one.state == State.OLD]
    if old:
        again = [estimate(one.job, measured) for one in old]
        seconds = None if None in again else sum(filter(None, again)) / cores
        lines += ["", f"{len(old)} made by older code; all of them again: {duration(seconds)}"]
    return "\n".join(lines)


def draws(job: Job, results: Path) -> bool:
    """Whether a job draws an experiment's figures; the picture of all claims is none."""
    return any(results / "notebooks" in path.parents for path in job.output)


def _rows(
    name: str, jobs: Sequence[Job], found: Mapping[str, Standing], cores: int
) -> list[list[str]]:
    """A line for a figure, and one for each of its steps."""
    seconds = time_left(jobs, {job.name: found[job.name].seconds for job in jobs}, cores)
    rows = [[name, *_counts(jobs, found), duration(seconds)]]
    steps: dict[str, list[Job]] = {}
    # A step stands where its last job does; tables and figures come last.
    for job in sorted(reversed(jobs), key=lambda job: bool(job.agent)):
        step = job.rule.replace("_", " ") if job.agent else "tables, figure"
        steps.setdefault(step, []).append(job)
    if len(steps) > 1:
        rows += [[f"  {step}", *_counts(part, found), ""] for step, part in reversed(steps.items())]
    return rows


def _counts(jobs: Sequence[Job], found: Mapping[str, Standing]) -> list[str]:
    counted = Counter(found[job.name].state for job in jobs)
    return [str(len(jobs)), *(str(counted[state] or "") for state in State)]


def _table(rows: list[list[str]]) -> list[str]:
    head = ["", "jobs", *State, "time left"]
    filled = [
        column
        for column, name in enumerate(head)
        if name not in tuple(State)[1:] or any(row[column] for row in rows)
    ]
    head, *rows = ([row[column] for column in filled] for row in [head, *rows])
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    return [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [head, *rows]
    ]


def _listed(state: State, standing: Sequence[Standing]) -> list[str]:
    """Jobs in a state, with the share done; those that failed with the end of their log."""
    if not standing:
        return []
    lines = ["", f"{state}:"]
    for one in standing[:SHOWN]:
        if state == State.FAILED:
            lines.append(f"  {one.job.log}")
            lines += [f"    {line}" for line in _last_lines(one.job.log)]
        else:
            lines.append(f"  {one.job.name}: {one.share:.0%}, {duration(one.seconds)} left")
    if len(standing) > SHOWN:
        lines.append(f"  and {len(standing) - SHOWN} more")
    return lines


def _last_lines(log: Path) -> list[str]:
    try:
        text = log.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return []
    return text.split("\n")[-LOG_LINES:]


def _outdated(jobs: Iterable[Job]) -> list[str]:
    """Why what is there would be made anew: by its record, else in Snakemake's words."""
    why = Counter(
        reason for job in jobs for reason in ([WHY[job.changed]] if job.changed else job.reasons)
    )
    return _section("outdated", [f"{count}: {reason}" for reason, count in why.items()])


def _section(title: str, lines: Sequence[str]) -> list[str]:
    """Lines below a title; none if there are no lines."""
    return ["", f"{title}:", *(f"  {line}" for line in lines)] if lines else []


def duration(seconds: float | None) -> str:
    """A time to read: 40 s, 12 min, 3.5 h, 2.1 d."""
    if seconds is None:
        return "unknown"
    for unit, length, enough in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172800)):
        if seconds < enough:
            return f"{seconds / length:.{int(unit == 'h')}f} {unit}"
    return f"{seconds / 86400:.1f} d"
