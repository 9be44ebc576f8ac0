"""A folder of your own in which the whole workflow runs, on a task of your own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import mbmf
from mbmf.base.errors import InputError, printable

EXAMPLE = "pendulum"
# Beside the package in a checkout; an installed package has them below this folder.
INSTALLED = "share/mbmf"
COPIED = (
    "workflow/Snakefile",
    "workflow/rules/*.smk",
    "workflow/notebooks/*.ipynb",
    "workflow/report/*",
    "workflow/profiles/default/config.yaml",
)


def shipped_files() -> Path:
    """Folder that holds `workflow` and `examples` of the package that runs.

    Raises:
        InputError: there is none.
    """
    checkout = Path(mbmf.__file__).resolve().parents[2]
    if (checkout / COPIED[0]).is_file():
        return checkout
    for path in _installed():
        if path.as_posix().endswith(f"{INSTALLED}/{COPIED[0]}") and path.is_file():
            return path.parents[1]
    raise InputError(f"mbmf: installed without {INSTALLED}/{COPIED[0]}; install its wheel again")


def _installed() -> Iterator[Path]:
    try:
        for one in files("mbmf") or []:
            yield Path(str(one.locate())).resolve()
    except PackageNotFoundError:
        return


def write_own_folder(folder: Path, task: Path | None) -> None:
    """Write the workflow, a configuration of one agent, and its task.

    Args:
        folder: to write; it must be empty or not there yet.
        task: Python file that binds TASK; the agent gets its name. None for the pendulum.

    Raises:
        InputError: the folder is not empty, or there is no such task, or its name is no name.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: is not empty; name a folder that is not there yet")
    shipped = shipped_files()
    source = task or shipped / f"examples/{EXAMPLE}.py"
    if not source.is_file():
        raise InputError(f"{source}: there is no such file; it should be a Python file, binds TASK")
    name = source.stem
    if source.suffix != ".py" or not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        raise InputError(
            f"{printable(source.name)}: the agent is called as the file, so that should be "
            "lower-case letters, digits and _, and .py"
        )
    for pattern in COPIED:
        for path in sorted(shipped.glob(pattern)):
            _copy(path, folder / path.relative_to(shipped))
    own = shipped / "examples/own"
    for path in sorted(own.glob("config/*.yaml")):
        target = folder / path.relative_to(own)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(re.sub(EXAMPLE, name, path.read_text("utf-8")), encoding="utf-8")
    _copy(source, folder / source.name)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
