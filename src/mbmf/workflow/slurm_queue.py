"""Slurm's queue, where a killed Snakemake leaves its jobs."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from mbmf.base.errors import InputError


def cancel_left_over(folder: Path, seconds: float = 300) -> None:
    """Cancel this user's jobs that were submitted from a folder, and wait until they have ended.

    They outlive the Snakemake that submitted them; the next call's jobs would meet them at the
    same checkpoints. The caller must hold the lock of all calls in this folder.

    Args:
        folder: working directory of the jobs.
        seconds: how long to wait for their end; Slurm kills a job 30 s after it was told to end.

    Raises:
        InputError: Slurm does not answer, or jobs are there still.
    """
    end = time.monotonic() + seconds
    if not (jobs := _jobs_of(folder)):
        return
    print(f"Cancelling what an earlier call left in Slurm's queue: {' '.join(jobs)}", flush=True)
    _ask("scancel", *jobs)
    while jobs := _jobs_of(folder):
        if time.monotonic() > end:
            raise InputError(f"Slurm's jobs {' '.join(jobs)} are there still after being cancelled")
        time.sleep(1)


def _jobs_of(folder: Path) -> list[str]:
    """Jobs of this user, pending, running or ending, with this working directory."""
    lines = _ask("squeue", "--me", "--noheader", "--format=%i|%Z").splitlines()
    return [
        job for job, _, place in (line.partition("|") for line in lines) if place == str(folder)
    ]


def _ask(*command: str) -> str:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=60
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        reason = getattr(error, "stderr", None) or error
        raise InputError(f"{command[0]}: Slurm does not answer ({str(reason).strip()})") from None
