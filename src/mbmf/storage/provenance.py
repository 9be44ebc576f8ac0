"""Provenance of a run: its machine, versions, commit and wall-clock times."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

# Found by path, because an import would make all of `mbmf` part of every run's code.
_PACKAGE = Path(__file__).parents[1]


def provenance(device: str, seconds: list[dict[str, float]], resumed: bool) -> dict[str, Any]:
    """Facts of a run that may differ between two runs with the same bits."""
    packages = ["mbmf", "torch", "mujoco", "gymnasium", "numpy"]
    return {
        "versions": {"python": sys.version.split()[0]} | {name: version(name) for name in packages},
        "git_commit": git_commit(_PACKAGE),
        "machine": platform.machine(),
        "device": torch.cuda.get_device_name(device) if device.startswith("cuda") else _processor(),
        "threads": torch.get_num_threads(),
        "seconds": seconds,
        "resumed": resumed,
    }


def git_commit(package: Path) -> str | None:
    """The checked-out commit of a package's code, with "-dirty" if the code differs from it.

    The code consists of the tracked files in the package's folder and of the Python files there
    that are not tracked. Files that the running workflow writes elsewhere do not count.

    Args:
        package: folder of the package.

    Returns:
        Git's short name of the commit, or None if Git does not track the package.
    """
    if not _git(package, "ls-files"):
        return None
    commit = _git(package, "describe", "--always")
    if commit is None:
        return None
    changed = _git(package, "status", "--porcelain", "--no-renames", "-uno", ".")
    added = _git(package, "ls-files", "--others", "--exclude-standard", "*.py")
    return f"{commit}-dirty" if changed or added else commit


def _git(folder: Path, *arguments: str) -> str | None:
    """Output of a git command in a folder, or None if the command fails."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
