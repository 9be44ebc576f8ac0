"""How long Snakemake takes to plan, and its memory, as the table of runs grows with seeds."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from peers import ROOT
from rows import Row, single

from mbmf.experiments.runs import imitation_runs, model_based_runs, trpo_runs
from mbmf.workflow.configuration import load_configuration

CONFIG = ROOT / "config"
RUNS = (1000, 10_000)


def runs_with(seeds: list[int]) -> int:
    """Runs of the paper's table with these seeds in every figure."""
    configuration = load_configuration([CONFIG / "agents.yaml", CONFIG / "config.yaml"])
    figure_7 = configuration.figures.figure_7.model_copy(update={"seeds": seeds})
    figures = configuration.figures.model_copy(update={"figure_7": figure_7})
    many = configuration.model_copy(update={"seeds": seeds, "figures": figures})
    return sum(len(kind(many)) for kind in (model_based_runs, imitation_runs, trpo_runs))


def dry_run(arguments: list[str]) -> tuple[float, float]:
    """Seconds and largest resident set (MB) of `snakemake -n`."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
    }
    started, largest = time.perf_counter(), 0
    process = psutil.Popen(
        ["snakemake", "--cores", "2", "--dry-run", "--quiet", "all", *arguments],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while process.poll() is None:
        largest = max(largest, process.memory_info().rss)
        time.sleep(0.05)
    if process.returncode:
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
    return time.perf_counter() - started, largest / 1e6


def row_for(wanted: int) -> Row:
    """As many seeds, in every figure, as make about that many runs."""
    ten = runs_with(list(range(10)))
    seeds = list(range(round(10 * wanted / ten)))
    runs = runs_with(seeds)
    with tempfile.TemporaryDirectory() as folder:
        overlay = Path(folder) / "seeds.yaml"
        overlay.write_text(f"seeds: {seeds}\nfigures: {{figure_7: {{seeds: {seeds}}}}}\n")
        seconds, memory = dry_run(["--configfile", str(overlay)])
    return single(
        f"snakemake -n, {runs} runs",
        "s",
        seconds,
        "at most 20 ms a run",
        seconds <= 0.02 * runs,
        counted=f"the whole call; its resident set came to {memory:.0f} MB",
    )


def dag_rows() -> list[Row]:
    """The paper's table, a thousand and ten thousand runs."""
    seconds, memory = dry_run([])
    paper = single(
        "snakemake -n, the paper's table",
        "s",
        seconds,
        "at most 10 s",
        seconds <= 10,
        counted=f"the whole call; its resident set came to {memory:.0f} MB",
    )
    return [paper, *map(row_for, RUNS)]
