"""Removal of what no configuration asks for any more: old runs, their data and models."""

from __future__ import annotations

import shutil
from pathlib import Path

from mbmf.workflow.dag import Dag


def surplus(dag: Dag) -> list[Path]:
    """Files and folders of a scale that hold nothing that is asked for.

    Only the folders of records, and those into which runs write, are looked at: tables, figures
    and verdicts are always written anew. A folder stands for all that is in it. Links to folders
    are left alone, and what an unfinished run has put into its folder to go on from.

    Args:
        dag: all jobs of the scale.
    """
    asked = {path for job in dag.jobs for path in (*job.output, job.log, job.benchmark)}
    runs = {path.parent for path in asked if (dag.results / "runs") in path.parents}
    found: list[Path] = []
    for folder in _folders(dag):
        if folder.is_dir() and not folder.is_symlink():
            for child in sorted(folder.iterdir()):
                found += _surplus(child, asked, runs)
    return sorted(found)


def _folders(dag: Dag) -> list[Path]:
    """Folders of what concerns one agent, clips, records; of logs those of the agents' kinds."""
    found = {dag.results / "made", dag.results / "clips"}
    for job in dag.jobs:
        if job.agent:
            found |= {dag.results / path.relative_to(dag.results).parts[0] for path in job.output}
            found |= {dag.results / record / job.kind for record in ("logs", "benchmarks")}
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
