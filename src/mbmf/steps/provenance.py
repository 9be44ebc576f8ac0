"""Where, with what and how long a run was made."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch


def provenance(device: str, seconds: list[dict[str, float]], resumed: bool) -> dict[str, Any]:
    """Where, with what and how long: what may differ between two runs of the same bits."""
    packages = ["mbmf", "torch", "mujoco", "gymnasium", "numpy"]
    return {
        "versions": {"python": sys.version.split()[0]} | {name: version(name) for name in packages},
        "git_commit": _git_commit(),
        "machine": platform.machine(),
        "device": torch.cuda.get_device_name(device) if device.startswith("cuda") else _processor(),
        "threads": torch.get_num_threads(),
        "seconds": seconds,
        "resumed": resumed,
    }


def _git_commit() -> str | None:
    """The commit whose code ran, with "-dirty" if the package differs from it.

    Other files do not count: a running workflow changes results and lock files.
    """
    package = Path(__file__).parents[1]

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(package), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        commit = git("rev-parse", "--short", "HEAD")
        changed = git("status", "--porcelain", "--", ".")
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{commit}-dirty" if changed else commit


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
