"""How long Snakemake takes to plan, and its memory, as the table of runs grows with seeds."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from peers import ROOT
from rows import Row, single

from mbmf.experiments.runs import with_sources
from mbmf.storage.yaml_files import read_yaml
from mbmf.workflow.configuration import check_configuration

CONFIG = ROOT / "config"
RUNS = (1000, 10_000)


def runs_with(seeds: list[int]) -> int:
    """Runs of the paper's table with these seeds in every figure."""
    names = [CONFIG / "agents.yaml", CONFIG / "config.yaml"]
    layers = [*((str(path), read_yaml(path)) for path in names), ("seeds", overlay(seeds))]
    experiments = check_configuration(layers).experiments.values()
    asked = [run for experiment in experiments for run in experiment.asked_for()]
    return sum(run.kind != "divergence" for run in with_sources(asked))


def overlay(seeds: list[int]) -> dict[str, Any]:
    """Configuration with these seeds in every figure."""
    paper = read_yaml(CONFIG / "config.yaml")["figures"]
    sweeps = [
        {key: sweep[key] for key in ("panel", "parameter", "values")}
        for sweep in paper["figure_6"]["sweeps"]
    ]
    figures: dict[str, dict[str, Any]] = {name: {"seeds": seeds} for name in paper}
    figures["figure_6"]["sweeps"] = sweeps
    return {"seeds": seeds, "figures": figures}


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
        path = Path(folder) / "seeds.yaml"
        path.write_text(json.dumps(overlay(seeds)))
        seconds, memory = dry_run(["--configfile", str(path)])
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
