"""The checkout that a command works in: whose package runs there."""

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


def refuse_read_only(folder: Path) -> None:
    """Refuse to plan where this user may not write, as in a clone of another user.

    Snakemake writes its notes for a plan too, and would end with a traceback.

    Args:
        folder: root of the checkout.

    Raises:
        InputError: it, or Snakemake's folder in it, cannot be written.
    """
    notes = folder / ".snakemake"
    inside = sorted(notes.glob("*/")) if os.access(notes, os.R_OK | os.X_OK) else []
    for path in (folder, notes, *inside):
        if path.exists() and not os.access(path, os.W_OK):
            raise InputError(
                f"{path}: this user may not write there, which Snakemake does for a plan (-n) "
                "too; work in a clone of your own (git clone), or let its owner give your group "
                "the right (chmod -R g+rwX)"
            )


def why_no_commit(folder: Path) -> str | None:
    """Why provenance will not name the commit of a checkout; None if it will.

    Of a system without git, or an archive without .git, nothing is said: its user knows.
    """
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "rev-parse"],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"LC_ALL": "C"},
        )
    except OSError:  # there is no git
        return None
    if "dubious ownership" not in done.stderr:
        return None
    return (
        f"{folder}: belongs to another user, so git does not say which commit it is, and "
        "provenance will have none; if you trust its owner: "
        f"git config --global --add safe.directory {folder}"
    )


def _package() -> Path:
    return Path(mbmf.__file__).resolve().parent
