"""A view of a long run on a terminal, redrawn in place: bars, time left, the last returns."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mbmf.workflow.dag import Dag, Job
from mbmf.workflow.job_lines import last_line
from mbmf.workflow.job_states import FINISHED, State, read_calls, states
from mbmf.workflow.status import Standing, draws, duration, standings
from mbmf.workflow.time_left import measurements, measurements_elsewhere, time_left

# Seconds from one look at the files to the next, and from one plan of Snakemake's to the next: a
# plan takes a core for some seconds, so it is made in a tenth of the time at most.
LOOK, PLAN, SHARE = 2.0, 60.0, 0.1
RUNNING, ENDED = 12, 6  # so many lines of what runs, and of what ended last


def watch(read: Callable[[], Dag], cores: int, console: Console) -> None:
    """Show where the jobs of a scale stand until all are done, or Ctrl-C.

    Args:
        read: makes Snakemake's plan.
        cores: that the time left is told for.
        console: a terminal.
    """
    dag, planned, taken = _plan(read)
    try:
        with Live(console=console, refresh_per_second=2, screen=False) as live:
            while True:
                seen = with_what_ended(dag, planned)
                ended = sum(not one.reasons for one in seen.jobs)
                live.update(view(seen, cores, console.height))
                if ended == len(seen.jobs):
                    return
                time.sleep(LOOK)
                since = time.time() - planned
                news = ended > sum(not one.reasons for one in dag.jobs)
                if since > PLAN or (news and since > taken / SHARE):
                    dag, planned, taken = _plan(read)
    except KeyboardInterrupt:
        return


def _plan(read: Callable[[], Dag]) -> tuple[Dag, float, float]:
    """Snakemake's plan, when it was begun, and the seconds that it took."""
    begun = time.time()
    return read(), begun, time.time() - begun


def with_what_ended(dag: Dag, planned: float) -> Dag:
    """The plan, in which jobs that have ended well since it was made need not run.

    Snakemake measures a job when it has ended well.

    Args:
        dag: the plan.
        planned: time when it was made, in seconds since 1970.
    """
    now: dict[Job, Job] = {}
    for job in dag.jobs:
        over = job.reasons and _modified(job.benchmark) > planned
        now[job] = replace(
            job,
            reasons=() if over else job.reasons,
            after=tuple(now[before] for before in job.after),
        )
    return Dag(dag.results, tuple(now.values()))


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def view(dag: Dag, cores: int, height: int) -> RenderableType:
    """Bars of the figures, what runs, and what ended last, in at most `height` lines."""
    measured = measurements(dag.jobs) + measurements_elsewhere(dag.results)
    found = standings(states(dag, read_calls(dag.results.name)), measured)
    figures = _figures(dag, found, cores)
    room = max(height - figures.row_count - 6, 4)
    running = [one for one in found.values() if one.state == State.RUNNING]
    stuck = [one for one in found.values() if one.state in (State.FAILED, State.STOPPED)]
    parts: list[RenderableType] = [figures]
    parts += _lines("running", [_bar_line(one) for one in running[: min(RUNNING, room // 2)]])
    left = room - min(len(running), RUNNING, room // 2)
    ended = sorted(
        (job for job in dag.jobs if job.agent and not job.reasons),
        key=lambda job: _modified(job.benchmark),
    )
    told = [line for job in reversed(ended[-2 * ENDED :]) if (line := last_line(job.log))]
    parts += _lines("ended last", [_one_line(line) for line in told[: min(ENDED, max(left, 1))]])
    parts += _lines(
        "failed or stopped", [_one_line(f"{one.state}: {one.job.name}") for one in stuck[:3]]
    )
    return Group(*parts)


def _figures(dag: Dag, found: Mapping[str, Standing], cores: int) -> Table:
    """A bar for each figure, and one for all."""
    table = Table.grid(padding=(0, 2))
    for justify in ("left", "left", "right", "right"):
        table.add_column(justify=justify, no_wrap=True)
    ends = sorted((end for end in dag.ends if draws(end, dag.results)), key=lambda end: end.name)
    parts: list[tuple[str, Sequence[Job]]] = [
        (end.name.replace("_", " "), dag.with_all_before(end)) for end in ends
    ]
    for name, jobs in [*parts, ("all", dag.jobs)]:
        of = [found[job.name] for job in jobs]
        done = sum(one.state in FINISHED for one in of)
        left = time_left(jobs, {one.job.name: one.seconds for one in of}, cores)
        table.add_row(
            Text(name, style="bold" if name == "all" else ""),
            ProgressBar(total=len(of), completed=sum(one.share for one in of), width=30),
            f"{done}/{len(of)}",
            f"{duration(left)} left" if done < len(of) else "done",
        )
    return table


def _bar_line(one: Standing) -> RenderableType:
    """A job that runs: share done, time left, the last line that it printed."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right", min_width=8)
    table.add_column(no_wrap=True, overflow="ellipsis")
    table.add_row(
        ProgressBar(total=1.0, completed=one.share, width=12),
        duration(one.seconds),
        Text(last_line(one.job.log) or one.job.name),
    )
    return table


def _one_line(text: str) -> Text:
    return Text(f"  {text}", no_wrap=True, overflow="ellipsis")


def _lines(title: str, lines: Iterable[RenderableType]) -> list[RenderableType]:
    """Lines below a title; none if there are no lines."""
    found = list(lines)
    return [Text(f"\n{title}", style="bold"), *found] if found else []


def terminal_console() -> Console | None:
    """The terminal that standard output is; None if it is none."""
    console = Console()
    return console if console.is_terminal and os.environ.get("TERM") != "dumb" else None
