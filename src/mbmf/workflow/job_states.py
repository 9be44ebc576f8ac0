"""Where each job of the workflow stands: by Snakemake's graph and records, and the runs' files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psutil

from mbmf.base.errors import InputError
from mbmf.storage.equal_code import same_code
from mbmf.storage.finished_runs import made_by, read_provenance
from mbmf.storage.run_progress import iterations
from mbmf.workflow.dag import Dag, Job
from mbmf.workflow.snakemake_records import recorded_outputs

SNAKEMAKE = Path(".snakemake")


class State(StrEnum):
    """Where a job stands."""

    DONE = "done"
    OLD = "old code"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"
    OUTDATED = "outdated"
    MISSING = "missing"
    UNNEEDED = "not needed"


FINISHED = (State.DONE, State.OLD, State.UNNEEDED)
"""States of jobs that Snakemake would not run."""


@dataclass(frozen=True)
class Calls:
    """What Snakemake has written down of its calls, in .snakemake.

    Attributes:
        begun: when the job was started that last began a file and did not end, by the file.
        since: when the call began that is at work on the scale; None if none is.
    """

    begun: Mapping[Path, float]
    since: float | None


def read_calls(scale: str) -> Calls:
    """Snakemake's records of a scale, in the present folder."""
    return Calls(_begun(SNAKEMAKE / "incomplete"), _since(SNAKEMAKE / f"{scale}.lock"))


def _begun(folder: Path) -> dict[Path, float]:
    """Files that a job has begun and not ended, with the time."""
    found = {}
    for name, path in recorded_outputs(folder):
        try:
            found[Path(name)] = path.stat().st_mtime
        except OSError:
            continue  # ended just now
    return found


def _since(lock: Path) -> float | None:
    """When the process began that holds a scale's lock; None if it has ended."""
    try:
        process = psutil.Process(int(lock.read_text(encoding="utf-8")))
        return process.create_time() if process.cwd() == os.getcwd() else None
    except (OSError, ValueError, psutil.Error):
        return None


def states(dag: Dag, calls: Calls) -> dict[Job, State]:
    """Where jobs stand. Those in no state of `FINISHED` are the ones that Snakemake would run."""
    return {job: _to_run(job, calls) if job.reasons else _finished(job) for job in dag.jobs}


def _finished(job: Job) -> State:
    if not all(path.is_file() for path in job.output):
        own = [path for path in job.output if job.folder and job.folder == path.parent]
        if not own or not all(path.is_file() for path in own):
            return State.UNNEEDED
    return State.DONE if made_by_present_code(job) else State.OLD


def made_by_present_code(job: Job) -> bool:
    """Whether a finished job's provenance names the code that would make it now."""
    if job.folder is None:
        return True
    made = read_provenance(job.folder).get("code")
    return isinstance(made, str) and same_code(made, str(job.params.get("code")))


def damaged(results: Path) -> list[str]:
    """A line on each damaged provenance of a scale.

    Snakemake cannot plan a job with such a one, and takes the files that are there as they are.
    """
    found = []
    for path in sorted(results.glob("runs/**/provenance.json")):
        try:
            made_by(path.parent)
        except InputError as error:
            found.append(str(error))
    return found


def _to_run(job: Job, calls: Calls) -> State:
    begun = max((calls.begun.get(path, 0.0) for path in job.output), default=0.0)
    if begun:
        running = calls.since is not None and begun >= calls.since
        return State.RUNNING if running else State.STOPPED
    if all(path.is_file() for path in job.output):
        return State.OUTDATED
    if _failed(job):
        return State.FAILED
    return State.STOPPED if _share(job) else State.MISSING


def _failed(job: Job) -> bool:
    """Whether the job's last attempt ended badly: Snakemake measures only what ends well."""
    try:
        printed = job.log.stat().st_mtime
    except OSError:
        return False
    try:
        return job.benchmark.stat().st_mtime < printed
    except OSError:
        return True


def share(job: Job, state: State) -> float:
    """How much of a job is done, by its run's checkpoint."""
    if state in FINISHED:
        return 1.0
    return 0.0 if state in (State.OUTDATED, State.MISSING) else _share(job)


def _share(job: Job) -> float:
    if job.folder is None or (job.folder / "curve.csv").is_file():
        return 0.0
    done, total = iterations(job.folder) or (0, 1)
    return min(1.0, done / max(1, total))
