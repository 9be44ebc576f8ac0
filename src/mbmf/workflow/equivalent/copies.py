"""Copies of two commits in which the workflow runs, each with its own code and configuration.

They lie below `.snakemake`, where they disturb nothing. They are archives and not work trees of
git, so that a killed call leaves git nothing to forget. Of the older code nothing is used but
Snakemake's command line.
"""

from __future__ import annotations

import ctypes
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from mbmf.base.errors import InputError, printable
from mbmf.storage.yaml_files import read_yaml

PARTS = ("src", "workflow", "config")
PLACE = Path(".snakemake/equivalent")
# Another device, or who this process should end with, is not the copies' concern.
_NOT_PASSED_ON = ("MBMF_DEVICE", "MBMF_END_WITH", "DVC_STAGE", "SNAKEMAKE_PROFILE")
_PR_SET_PDEATHSIG = 1  # of <linux/prctl.h>


def refuse_changes() -> None:
    """Refuse to go on where what is to be compared is not committed.

    Raises:
        InputError: a file of code or configuration is changed or new.
    """
    # What DVC locks says what has run, not what is to run.
    asked_of = (*PARTS, ":(exclude,glob)**/dvc.lock")
    changed = _git("status", "--porcelain", "--untracked-files=all", "--", *asked_of).decode()
    if changed:
        raise InputError(
            f"{printable(changed.splitlines()[0][3:])}: is not as committed; commit or restore "
            f"what has changed in {', '.join(PARTS)} first: commits are compared"
        )


def commit_of(option: str, revision: str) -> str:
    """Git's short name of a commit.

    Args:
        option: of the command line that names it.
        revision: any name that git knows.

    Raises:
        InputError: there is no such commit.
    """
    try:
        commit = _git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"
        )
    except subprocess.CalledProcessError:
        raise InputError(
            f"{option} {printable(revision)}: no such commit in this repository; "
            "a shallow clone may lack it (git fetch --unshallow)"
        ) from None
    return _git("rev-parse", "--short", commit.decode().strip()).decode().strip()


def lay_out(commit: str, folder: Path) -> None:
    """Write code, workflow and configuration of a commit into a folder."""
    # DVC would take the copy's stages for the repository's.
    archive = _git("archive", commit, "--", *PARTS, ":(exclude)workflow/dvc")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")


def overlay_of(folder: Path, scale: str) -> str:
    """Path of a scale's overlay in a copy.

    Raises:
        InputError: the commit has none.
    """
    name = f"config/{scale}.yaml"
    if not scale.isidentifier() or not (folder / name).is_file():
        raise InputError(
            f"--scale {printable(scale)}: both commits need an overlay {printable(name)}"
        )
    return name


def full_size_overlay(folders: Sequence[Path], own: Path) -> str:
    """One short run of Algorithm 1 for each agent, with networks and planners of paper scale.

    Args:
        folders: copies; their agents are those that have settings in all.
        own: the copy that the overlay is for.

    Returns:
        YAML to lay over the configuration.
    """
    known = [read_yaml(folder / "config/agents.yaml").get("agents", {}) for folder in folders]
    steps = 42  # of a rollout: the hopper plans 40 ahead
    agents = {
        agent: {
            "model_based": {
                "random_data": {"rollouts": 2, "validation_rollouts": 1, "steps": 300},
                "dynamics": {"epochs": 1},
                "aggregation": {
                    "iterations": 1,
                    "rollouts": 2,
                    "training_rollouts": 1,
                    "steps": steps,
                },
            },
            "fine_tuning": {"episode_steps": steps},
            "model_free": {"episode_steps": steps},
        }
        for agent in known[0]
        if all(agent in others for others in known)
    }
    names = list(agents)
    # A sweep over the value that is set anyway adds no run.
    sweep = {"panel": "a", "parameter": "dynamics.epochs", "values": [1]}
    figures: dict[str, dict[str, Any]] = {
        "figure_5": {"steps": 20},
        "figure_6": {"agents": names[:1]},
        "figure_7": {"agents": names, "seeds": [0]},
    }
    own_settings = read_yaml(own / "config/agents.yaml")["agents"][names[0]]["model_based"]
    own_figures = read_yaml(own / "config/config.yaml").get("figures", {})
    for name, section in own_figures.items():
        # Newer commits have figures that older ones lack, and seeds of a figure's own.
        shortened = figures.setdefault(name, {})
        if "agents" in section and name not in ("figure_6", "figure_7"):
            shortened["agents"] = names[:1]
        if "seeds" in section:
            shortened["seeds"] = [0]
        if "agent_seeds" in section:
            shortened["agent_seeds"] = []
        if "sweeps" in section:
            shortened["sweeps"] = [sweep]
        if "held" in section:
            shortened["held"] = {
                part: {key: own_settings[part][key] for key in held}
                for part, held in section["held"].items()
            }
        if "methods" in section:
            own_samples = own_settings["planning"]["num_samples"]
            shortened["methods"] = [{"name": "its own", "num_samples": [own_samples]}]
    content = {"scale": "full_size", "seeds": [0], "agents": agents, "figures": figures}
    return yaml.safe_dump(content, sort_keys=False)


def run_workflow(folder: Path, overlay: str, cores: int, target: str = "all") -> None:
    """Run the workflow in a copy, with the copy's code.

    Raises:
        InputError: it failed; names Snakemake's log.
    """
    environment = {key: value for key, value in os.environ.items() if key not in _NOT_PASSED_ON}
    environment |= {
        "PYTHONPATH": str((folder / "src").resolve()),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores)]
    log = folder / "snakemake.log"
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(
            [*command, "--configfile", overlay, "--", target],
            cwd=folder,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
            preexec_fn=_end_with_parent,
        )
    if done.returncode:
        last = log.read_text(encoding="utf-8", errors="replace").strip().split("\n")[-1]
        raise InputError(
            f"{log}: its workflow failed ({overlay}, {target}); the last line is: {printable(last)}"
        )


def remove_copies() -> None:
    """Remove the copies, also those that a killed call left."""
    shutil.rmtree(PLACE, ignore_errors=True)


def _end_with_parent() -> None:
    """Let a kill of this process end the Snakemake that it started, on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _git(*command: str) -> bytes:
    return subprocess.run(["git", *command], capture_output=True, check=True).stdout
