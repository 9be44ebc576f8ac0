"""How long jobs will take on this machine, from what finished here has taken."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from mbmf.storage.finished_runs import read_provenance
from mbmf.workflow.jobs import Job

# A run of imitation is, like one of Algorithm 1, mostly planning.
MEASURED_BY = {"imitation": "model_based"}


@dataclass(frozen=True)
class Measurement:
    """What one finished job took.

    Attributes:
        scale: that it belongs to.
        rule: that made it.
        agent: that it concerns.
        work: units of work.
        seconds: of the whole job.
        start: seconds beside its iterations, in which a process starts and ends; None for a
            job whose iterations are not its whole work.
        pace: seconds of its iterations for a unit of work; None likewise.
    """

    scale: str
    rule: str
    agent: str
    work: float
    seconds: float
    start: float | None
    pace: float | None


def measurements(results: Path, scale: str, jobs: Iterable[Job]) -> list[Measurement]:
    """Those of a scale's jobs that were measured here from their start to their end.

    Snakemake's benchmarks are not in git, so what has one ran on this machine. One of a
    resumed run tells only its last stretch, and is left out.
    """
    found = []
    for job in jobs:
        seconds = _benchmark(results / job.benchmark)
        if seconds is None:
            continue
        facts = read_provenance(results / job.folder) if job.folder else {}
        if facts.get("resumed"):
            continue
        pieces = [sum(part.values()) for part in facts.get("seconds", [])]
        start = pace = None
        if pieces and job.rule != "imitation":
            start = seconds - sum(pieces)
            # The first iteration of a process is slow: in a short run it would count too much.
            pace = median(pieces) * len(pieces) / job.work
        found.append(Measurement(scale, job.rule, job.agent, job.work, seconds, start, pace))
    return found


def _benchmark(path: Path) -> float | None:
    """Seconds in a file of Snakemake's; None if there is none."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        return float(rows[-1]["s"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def estimate(job: Job, scale: str, measured: Sequence[Measurement]) -> float | None:
    """Seconds that a job takes from nothing; None where nothing like it was measured.

    By the like of it at the same scale, if there is any; else by its work, at the pace of the
    iterations of its agent, or of any, at all scales, and the time that a process starts in.
    """
    alike = [m for m in measured if m.rule == job.rule and m.agent == job.agent]
    here = [m.seconds / m.work for m in alike if m.scale == scale]
    if here:
        return job.work * median(here)
    starts = [m.start for m in measured if m.start is not None]
    if job.folder is None:
        # Short, whatever the scale.
        taken = [m.seconds for m in measured if m.rule == job.rule] or starts
        return median(taken) if taken else None
    rule = MEASURED_BY.get(job.rule, job.rule)
    paces = [(m.agent, m.pace) for m in measured if m.rule == rule and m.pace is not None]
    paces = [(agent, pace) for agent, pace in paces if agent == job.agent] or paces
    if not paces:
        return None
    return median(starts) + median(pace for _, pace in paces) * job.work


def time_left(jobs: Sequence[Job], left: Mapping[str, float | None], cores: int) -> float | None:
    """Seconds until jobs are done; None if one's is not known.

    Args:
        jobs: each after those that it waits for.
        left: seconds of each, by name; 0 for what is done.
        cores: one job on each.

    Returns:
        All seconds shared by the cores, but at least the longest chain of jobs.
    """
    total, longest = 0.0, 0.0
    chain: dict[str, float] = {}
    for job in jobs:
        seconds = left[job.name]
        if seconds is None:
            return None
        total += seconds
        chain[job.name] = seconds + max((chain[before.name] for before in job.after), default=0.0)
        longest = max(longest, chain[job.name])
    return max(total / cores, longest)
