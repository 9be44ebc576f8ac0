"""The checkout that a command works in: whose package runs there."""

from __future__ import annotations

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
