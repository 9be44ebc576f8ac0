"""The smoke workflow from nothing, in a clone of the last commit: time and memory of its jobs."""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from peers import ROOT
from rows import Row, single

CORES = 2


def recorded(results: Path) -> pd.DataFrame:
    """Snakemake's records of the jobs of a scale: step, seconds, CPU time, memory."""
    folder = results / "benchmarks"
    tables = [
        pd.read_csv(path, sep="\t", na_values="-").assign(
            step=path.relative_to(folder).parts[0].removesuffix(".tsv")
        )
        for path in sorted(folder.rglob("*.tsv"))
    ]
    return pd.concat(tables, ignore_index=True)


def smoke_run(folder: Path) -> tuple[float, float]:
    """Wall and CPU seconds of the whole smoke scale from nothing."""
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(folder / "src"),
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    with (folder / "snakemake.log").open("w") as log:
        done = subprocess.run(
            ["snakemake", "--cores", str(CORES), "--configfile", "config/smoke.yaml"],
            cwd=folder,
            env=environment,
            check=False,
            stdout=log,
            stderr=log,
        )
    if done.returncode:
        raise SystemExit((folder / "snakemake.log").read_text()[-5000:])
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def start_up_seconds() -> float:
    """Median time for a job's process to start and load what the longest step needs."""
    command = [sys.executable, "-c", "import mbmf.cli, torch, mbmf.steps.model_based"]
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run(command, check=True)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def memory_row(jobs: pd.DataFrame) -> Row:
    """The hungriest job, and the largest of each step."""
    largest = jobs.groupby("step")["max_rss"].max().sort_values(ascending=False)
    steps = ", ".join(f"{step} {value:.0f}" for step, value in largest.items())
    return single(
        "memory of the largest job, smoke scale",
        "MB",
        largest.iloc[0],
        "at most 2 GB a job",
        largest.iloc[0] <= 2000,
        counted=f"largest resident set that Snakemake saw; of each step: {steps}",
    )


def workflow_rows() -> list[Row]:
    """Smoke scale from nothing, in a clone."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "clone"
        wall, cpu = smoke_run(folder)
        jobs = recorded(folder / "results/smoke")
    own_share = 1 - jobs["s"].sum() / CORES / wall
    return [
        single(
            "workflow, smoke scale from nothing, 2 cores", "s", wall, "at most 180 s", wall <= 180,
            counted=f"wall time of {len(jobs)} jobs; {cpu:.0f} s of CPU time, {cpu / wall:.2f} "
            f"cores busy, {100 * own_share:.0f} % of the core time in no job: Snakemake itself and "
            "cores that wait for a job to be ready",
        ),
        single(
            "start-up of a job", "s", start := start_up_seconds(), "at most 5 s", start <= 5,
            counted="Python, torch and the modules of Algorithm 1 loaded, nothing done",
        ),
        memory_row(jobs),
    ]  # fmt: skip
