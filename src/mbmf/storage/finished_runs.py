"""Provenance of finished runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mbmf.base.errors import InputError
from mbmf.storage.equal_code import same_code


def made_by(folder: Path) -> str | None:
    """Digest of the code that made a run, or None if the run has not finished.

    Args:
        folder: folder of the run.

    Raises:
        InputError: the run's provenance is damaged.
    """
    path = folder / "provenance.json"
    if not path.exists():
        return None
    code = read_provenance(folder).get("code")
    if not isinstance(code, str):
        raise InputError(f"{path}: not the provenance of a run; delete it to repeat the run")
    return code


def is_made_by(folder: Path, code: str) -> bool:
    """Whether a run has finished with this code, or with code that is recorded as equal to it.

    Args:
        folder: folder of the run.
        code: digest of the code.

    Raises:
        InputError: the run's provenance or the file of equal code is damaged.
    """
    made = made_by(folder)
    return made is not None and same_code(made, code)


def read_provenance(folder: Path) -> dict[str, Any]:
    """A run's provenance; empty if the file is missing or damaged."""
    try:
        content = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
