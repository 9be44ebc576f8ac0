"""Whether the claims stood as they are before the runs were made that they are judged by."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path


def claims_history(claims: Path, commits: Iterable[str | None]) -> str:
    """When the file of claims was last changed, and how many runs have been made since.

    A run has been made since if its code's commit has that change among its ancestors.

    Args:
        claims: the file, in a clone of its repository.
        commits: of each run, as its provenance names it.
    """
    changed = _git(claims, "log", "-1", "--format=%h %cs")
    if not changed:
        return "Git does not say when the claims were last changed."
    commit, date = changed.split()
    runs = Counter(_since(claims, commit, run) for run in commits)
    told = [
        f"{runs[since]} of {runs.total()} runs were made {words}"
        for since, words in [
            (True, "by code that had them as they are"),
            (False, "before that"),
            (None, "by code that this clone does not know"),
        ]
        if runs[since]
    ]
    if _git(claims, "status", "--porcelain"):
        told = ["they differ from that commit now, so every run was made before"]
    return f"The claims were last changed on {date} (commit {commit})" + "".join(
        f"; {part}" for part in told
    ) + "."  # fmt: skip


def _since(claims: Path, change: str, run: str | None) -> bool | None:
    """Whether a run's commit is the change or comes after it; None if that is not known."""
    commit = (run or "").removesuffix("-dirty")
    if (
        not commit
        or _git(claims, "rev-parse", "--verify", f"{commit}^{{commit}}", path=False) is None
    ):
        return None
    return _git(claims, "merge-base", "--is-ancestor", change, commit, path=False) is not None


def _git(claims: Path, *arguments: str, path: bool = True) -> str | None:
    """What git prints about the file; None where it fails."""
    about = ["--", claims.name] if path else []
    try:
        done = subprocess.run(
            ["git", "-C", str(claims.parent), *arguments, *about],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
