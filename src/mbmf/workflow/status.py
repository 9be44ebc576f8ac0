"""What is done of the workflow, what runs, failed or is missing, and how long the rest takes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psutil

from mbmf.base.errors import InputError
from mbmf.base.progress import iterations
from mbmf.storage.code_digest import code_digest
from mbmf.storage.equal_code import same_code
from mbmf.storage.finished_runs import read_provenance
from mbmf.workflow.configuration import Configuration
from mbmf.workflow.jobs import Job, configuration_of, jobs_of, overlays_of, with_all_before
from mbmf.workflow.time_left import Measurement, estimate, measurements, time_left

STEPS = {
    "random_data": "random data",
    "model_based": "Algorithm 1",
    "imitation": "imitation",
    "trpo": "TRPO",
    "divergence": "predictions",
    "gait": "clip",
}
FIGURES = ("figure_5", "figure_6", "figure_7", "dyna")
SHOWN = 10
LOG_LINES = 3
# The last line of a log of a job that did not fail: it ended well, or was stopped.
_GOING_WELL = re.compile(
    r"^\w+ seed \d+: |: going on from there$|; starting anew$| runs of each curve in "
    r"|^Executing |^Ending Cell"
)


class State(StrEnum):
    """Where a job stands."""

    DONE = "done"
    OLD = "old code"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"
    MISSING = "missing"
    UNNEEDED = "not needed"


FINISHED = (State.DONE, State.OLD, State.UNNEEDED)


@dataclass(frozen=True)
class Standing:
    """A job, its state, the share of it that is done, and the seconds that it still takes."""

    job: Job
    state: State
    share: float
    seconds: float | None


def standings(
    jobs: Sequence[Job],
    ends: Sequence[Job],
    results: Path,
    scale: str,
    measured: Sequence[Measurement],
    commands: Sequence[Sequence[str]],
) -> dict[str, Standing]:
    """Where jobs stand, by name.

    Args:
        jobs: each after those that it waits for.
        ends: those that nothing waits for.
        results: folder of the scale.
        scale: its name.
        measured: what finished jobs took.
        commands: words of the commands of the processes at work in the repository.
    """
    states: dict[str, State] = {}
    for job in jobs:
        running = _is_running(job, results, commands)
        states[job.name] = State.RUNNING if running else _state(job, results)
    _mark_needs(jobs, ends, results, states)
    found = {}
    for job in jobs:
        state = states[job.name]
        finished = state in FINISHED
        share = 1.0 if finished else _share(_read(results / job.log))
        if state == State.MISSING:
            share = 0.0
        whole = estimate(job, scale, measured)
        left = 0.0 if finished else None if whole is None else (1 - share) * whole
        found[job.name] = Standing(job, state, share, left)
    return found


def _is_running(job: Job, results: Path, commands: Sequence[Sequence[str]]) -> bool:
    """Whether a command writes the job's log, or the run's folder."""
    log = (results / job.log).as_posix()
    folder = (results / job.folder).as_posix() if job.folder else None
    return any(log in word or word == folder for command in commands for word in command)


def _state(job: Job, results: Path) -> State:
    if (results / job.output).is_file():
        if not job.folder:
            return State.DONE
        made_by = read_provenance(results / job.folder).get("code")
        known = isinstance(made_by, str) and same_code(made_by, code_digest(*job.code))
        return State.DONE if known else State.OLD
    started = job.folder is not None and any((results / job.folder).glob("*.safetensors"))
    log = _read(results / job.log)
    if not log:
        return State.STOPPED if started else State.MISSING
    return State.STOPPED if _GOING_WELL.search(log.split("\n")[-1]) else State.FAILED


def _mark_needs(
    jobs: Sequence[Job], ends: Sequence[Job], results: Path, states: dict[str, State]
) -> None:
    """Tell, as Snakemake does, what no later job asks for, and what must be made once more.

    A finished run stands without its data. One whose model is gone is made anew, if another
    run needs that.
    """
    needed = {job.name for job in ends}
    for job in reversed(jobs):
        if states[job.name] in (State.DONE, State.OLD):
            continue
        if job.name not in needed:
            states[job.name] = State.UNNEEDED
            continue
        for before in job.after:
            needed.add(before.name)
            gone = before.handed_on and not (results / before.handed_on).is_file()
            if job.agent and gone and states[before.name] in (State.DONE, State.OLD):
                states[before.name] = State.MISSING


def _share(log: str) -> float:
    """How much of a run its log says is done."""
    done, total = iterations(log) or (0, 1)
    return min(1.0, done / max(1, total))


def _read(log: Path) -> str:
    try:
        return log.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def commands_here() -> list[list[str]]:
    """Commands of this machine's processes that work in the present folder."""
    here = str(Path.cwd())
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == here:
                found.append(process.cmdline())
        except psutil.Error:
            continue
    return found


def report(configuration: Configuration, cores: int) -> str:
    """What `mbmf status` prints about the scale of a configuration."""
    scale = configuration.scale
    results = Path("results") / scale
    ends = jobs_of(configuration)
    everything = with_all_before(ends.values())
    measured = measurements(results, scale, everything) + _of_other_scales(scale)
    found = standings(everything, list(ends.values()), results, scale, measured, commands_here())
    there = results if results.is_dir() else f"{results} (not there yet: nothing has run)"
    lines = [f"{scale} scale, {there}, time left on {cores} cores", ""]
    rows = []
    for name, job in ends.items():
        shown = _rows(name, with_all_before([job]), found, cores)
        # Claims and clips rest on the runs of the figures.
        rows += shown if name in FIGURES else shown[:1]
    rows += _rows("all", everything, found, cores)[:1]
    lines += _table(rows)
    for state in (State.RUNNING, State.STOPPED, State.FAILED):
        lines += _listed(state, [s for s in found.values() if s.state == state], results)
    old = [s for s in found.values() if s.state == State.OLD]
    if old:
        again = [estimate(s.job, scale, measured) for s in old]
        seconds = None if None in again else sum(filter(None, again)) / cores
        lines += ["", f"{len(old)} made by older code; all of them again: {duration(seconds)}"]
    return "\n".join(lines)


def _of_other_scales(scale: str) -> list[Measurement]:
    """What was measured at the other scales of the repository."""
    measured = []
    for folder in sorted(Path("results").glob("*/benchmarks")):
        name = folder.parent.name
        if name != scale:
            try:
                jobs = with_all_before(jobs_of(configuration_of(overlays_of(name, []))).values())
            except InputError:
                continue  # of an overlay that is not in config/
            measured += measurements(folder.parent, name, jobs)
    return measured


def _rows(
    name: str, jobs: Sequence[Job], found: Mapping[str, Standing], cores: int
) -> list[list[str]]:
    """A line for a figure, and one for each of its steps."""
    seconds = time_left(jobs, {job.name: found[job.name].seconds for job in jobs}, cores)
    rows = [[name, *_counts(jobs, found), duration(seconds)]]
    steps: dict[str, list[Job]] = {}
    for job in sorted(jobs, key=lambda job: [*STEPS, job.rule].index(job.rule)):
        steps.setdefault(STEPS.get(job.rule, "tables, figure"), []).append(job)
    if len(steps) > 1:
        rows += [[f"  {step}", *_counts(part, found), ""] for step, part in steps.items()]
    return rows


def _counts(jobs: Sequence[Job], found: Mapping[str, Standing]) -> list[str]:
    states = Counter(found[job.name].state for job in jobs)
    return [str(len(jobs)), *(str(states[state] or "") for state in State)]


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


def _listed(state: State, standing: Sequence[Standing], results: Path) -> list[str]:
    """Jobs in a state, with the share done; those that failed with the end of their log."""
    if not standing:
        return []
    lines = ["", f"{state}:"]
    for one in standing[:SHOWN]:
        if state == State.FAILED:
            log = results / one.job.log
            lines.append(f"  {log}")
            lines += [f"    {line}" for line in _read(log).split("\n")[-LOG_LINES:]]
        else:
            lines.append(f"  {one.job.name}: {one.share:.0%}, {duration(one.seconds)} left")
    if len(standing) > SHOWN:
        lines.append(f"  and {len(standing) - SHOWN} more")
    return lines


def duration(seconds: float | None) -> str:
    """A time to read: 40 s, 12 min, 3.5 h, 2.1 d."""
    if seconds is None:
        return "unknown"
    for unit, length, enough in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172800)):
        if seconds < enough:
            return f"{seconds / length:.{int(unit == 'h')}f} {unit}"
    return f"{seconds / 86400:.1f} d"
