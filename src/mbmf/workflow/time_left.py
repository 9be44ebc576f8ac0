"""How long jobs will take on this machine, from what finished here has taken."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from mbmf.storage.finished_runs import read_provenance
from mbmf.workflow import run_cost
from mbmf.workflow.dag import Job

# A run of imitation is, like one of Algorithm 1, mostly planning.
MEASURED_BY = {"imitation": "model_based"}


@dataclass(frozen=True)
class Measurement:
    """What one finished job took.

    Attributes:
        kind: of the job.
        agent: that it concerns.
        work: units of work; None at another scale, where the job's settings are not known.
        seconds: of the whole job.
        start: seconds beside its iterations, in which a process starts and ends; None for a
            job whose iterations are not its whole work.
        pace: seconds of its iterations for a unit of work; None likewise.
    """

    kind: str
    agent: str
    work: float | None
    seconds: float
    start: float | None = None
    pace: float | None = None


def measurements(jobs: Iterable[Job]) -> list[Measurement]:
    """Those of a scale's jobs that were measured here from their start to their end.

    Snakemake's benchmarks are not in git, so what has one ran on this machine. One of a
    resumed run tells only its last stretch, and is left out.
    """
    found = []
    for job in jobs:
        seconds = _benchmark(job.benchmark)
        if seconds is None:
            continue
        facts = read_provenance(job.folder) if job.folder else {}
        if facts.get("resumed"):
            continue
        work = run_cost.of_job(job)
        start, pace = _start_and_pace(job.kind, seconds, facts, work)
        found.append(Measurement(job.kind, job.agent, work, seconds, start, pace))
    return found


def measurements_elsewhere(results: Path) -> list[Measurement]:
    """What was measured at the other scales beside a scale's results, by their files alone."""
    found = []
    for folder in sorted(results.parent.glob("*/benchmarks")):
        if folder.parent == results:
            continue
        for path in sorted(folder.rglob("*.tsv")):
            seconds = _benchmark(path)
            name = path.relative_to(folder).with_suffix("")
            facts = read_provenance(folder.parent / "runs" / name)
            if seconds is None or facts.get("resumed"):
                continue
            kind, agent = name.parts[0], str(facts.get("agent", ""))
            work = run_cost.of_provenance(kind, facts)
            start, pace = _start_and_pace(kind, seconds, facts, work) if work else (None, None)
            found.append(Measurement(kind, agent, None, seconds, start, pace))
    return found


def _start_and_pace(
    kind: str, seconds: float, facts: Mapping[str, object], work: float
) -> tuple[float | None, float | None]:
    """Seconds beside a run's iterations, and those of its iterations for a unit of work."""
    parts = facts.get("seconds")
    pieces = [sum(part.values()) for part in parts] if isinstance(parts, list) else []
    if not pieces or kind in MEASURED_BY:
        return None, None
    # The first iteration of a process is slow: in a short run it would count too much.
    return seconds - sum(pieces), median(pieces) * len(pieces) / work


def _benchmark(path: Path) -> float | None:
    """Seconds in a file of Snakemake's; None if there is none."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        return float(rows[-1]["s"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def estimate(job: Job, measured: Sequence[Measurement]) -> float | None:
    """Seconds that a job takes from nothing; None where nothing like it was measured.

    By the like of it at the same scale, if there is any; else by its work, at the pace of the
    iterations of its agent, or of any, at all scales, and the time that a process starts in.
    """
    work = run_cost.of_job(job)
    alike = [m for m in measured if m.kind == job.kind and m.agent == job.agent]
    here = [m.seconds / m.work for m in alike if m.work is not None]
    if here:
        return work * median(here)
    starts = [m.start for m in measured if m.start is not None]
    kind = MEASURED_BY.get(job.kind, job.kind)
    paces = [(m.agent, m.pace) for m in measured if m.kind == kind and m.pace is not None]
    paces = [(agent, pace) for agent, pace in paces if agent == job.agent] or paces
    if paces:
        return median(starts) + median(pace for _, pace in paces) * work
    if job.agent and job.folder:
        return None
    # Short, whatever the scale.
    taken = [m.seconds for m in measured if m.kind == job.kind] or starts
    return median(taken) if taken else None


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
