"""Removal of what no configuration asks for any more: old runs, their data and models."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from mbmf.base.errors import InputError
from mbmf.workflow.jobs import Job

# Where paths tell the run. Tables, figures and verdicts are always written anew.
KINDS = ("random_data", "model_based", "imitation", "trpo", "divergence")
FOLDERS = (
    "data",
    "divergence",
    "models",
    "runs",
    *(f"{records}/{kind}" for records in ("benchmarks", "logs") for kind in KINDS),
)


def planned_outputs(results: Path, overlays: Sequence[Path]) -> set[Path]:
    """Outputs of all jobs of a scale, made or not, as Snakemake has them.

    Args:
        results: folder of the scale.
        overlays: configuration files beside the base ones.

    Raises:
        InputError: Snakemake cannot plan the jobs; in its words.
    """
    command = [sys.executable, "-m", "snakemake", "--summary"]
    if overlays:
        command += ["--configfile", *map(str, overlays)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    paths = {Path(line.split("\t")[0]) for line in done.stdout.splitlines()}
    found = {path for path in paths if results in path.parents}
    if done.returncode or not found:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise InputError(f"snakemake --summary: {said[-1]}")
    return found


def records(results: Path, jobs: Iterable[Job]) -> set[Path]:
    """Logs and benchmarks of jobs."""
    return {results / record for job in jobs for record in (job.log, job.benchmark)}


def surplus(results: Path, asked: set[Path]) -> list[Path]:
    """Files and folders below `results` that hold nothing that is asked for.

    A folder stands for all that is in it. Links to folders are left alone, and what an
    unfinished run has put into its folder to go on from.

    Args:
        results: folder of the scale.
        asked: files to keep.
    """
    runs = {path.parent for path in asked if (results / "runs") in path.parents}
    found: list[Path] = []
    for name in FOLDERS:
        folder = results / name
        if folder.is_dir() and not folder.is_symlink():
            for child in sorted(folder.iterdir()):
                found += _surplus(child, asked, runs)
    return sorted(found)


def _surplus(path: Path, asked: set[Path], runs: set[Path]) -> list[Path]:
    """`path` if nothing in it is asked for; else what in it is not."""
    if path.is_dir() and not path.is_symlink():
        children = sorted(path.iterdir())
        parts = [_surplus(child, asked, runs) for child in children]
        if all(part == [child] for part, child in zip(parts, children, strict=True)):
            return [path]
        return [one for part in parts for one in part]
    kept = (
        path in asked
        or path.is_dir()
        or path.name == ".gitignore"
        # A hidden file there is one that was never finished.
        or (path.parent in runs and not path.name.startswith("."))
    )
    return [] if kept else [path]


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    if path.is_symlink() or path.is_file():
        return path.lstat().st_size
    return sum(size(child) for child in path.iterdir())


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, and nothing that a link leads to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
