"""The checkout that a command works in: whose package runs there, and file times after a clone."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import mbmf
from mbmf.base.errors import InputError

# Where the package lies in a checkout.
PACKAGE = Path("src/mbmf")


def refuse_other_package(folder: Path) -> None:
    """Refuse to work in a checkout with the code of another one.

    Results would carry the name of code that did not make them.

    Args:
        folder: of work; where it is no checkout, there is nothing to refuse.

    Raises:
        InputError: its own package is not the one that runs.
    """
    there = (folder / PACKAGE).resolve()
    if (there / "__init__.py").is_file() and there != _package():
        raise InputError(
            f"{there}: is not the package that runs, which is {_package()}; activate this "
            f"checkout's environment, or set PYTHONPATH={there.parent}"
        )


def require_checkout(folder: Path) -> None:
    """Refuse to work anywhere but in the root of the checkout whose package runs.

    Raises:
        InputError: `folder` is something else.
    """
    if (folder / PACKAGE).resolve() != _package():
        raise InputError(
            f"{folder}: should be the root of the checkout of the package that runs "
            f"({_package()}); change to it"
        )


def _package() -> Path:
    return Path(mbmf.__file__).resolve().parent


def level_times(folder: Path, *places: str, pulled: tuple[str, ...] = ()) -> None:
    """Give files that stand as they were committed one time, the oldest among them.

    git writes files in any order, so that after a clone results look older or newer than what
    they were made from by chance. A file changed since then keeps its own, later time. Does
    nothing outside a git repository.

    Args:
        folder: root of the repository.
        places: files and folders in it, results and what they are made from.
        pulled: folders in it that DVC fills; what lies in them gets the same time.
    """
    try:
        tracked = set(_git(folder, "ls-files", "-z", "--", *places))
        changed = set(_git(folder, "diff", "--name-only", "-z", "HEAD", "--", *places))
    except (OSError, subprocess.CalledProcessError):
        return
    paths = [folder / name for name in tracked - changed]
    if paths:
        oldest = min(path.stat().st_mtime_ns for path in paths)
        for name in pulled:
            paths += [path for path in (folder / name).rglob("*") if path.is_file()]
        for path in paths:
            os.utime(path, ns=(oldest, oldest))


def _git(folder: Path, *command: str) -> list[str]:
    done = subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if name]
