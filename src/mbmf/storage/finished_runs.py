"""What finished runs say of themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mbmf.base.errors import InputError
from mbmf.storage.equal_code import same_code


def made_by(folder: Path) -> str | None:
    """Digest of the code that made a run; None if it has not finished.

    Args:
        folder: of the run.

    Raises:
        InputError: its provenance is damaged.
    """
    path = folder / "provenance.json"
    if not path.exists():
        return None
    code = read_provenance(folder).get("code")
    if not isinstance(code, str):
        raise InputError(f"{path}: not the provenance of a run; delete it to make the run anew")
    return code


def is_made_by(folder: Path, code: str) -> bool:
    """Whether a run has finished, with this code or with code recorded as equal to it.

    Args:
        folder: of the run.
        code: digest of the code.

    Raises:
        InputError: its provenance is damaged, or the file of equal code is.
    """
    made = made_by(folder)
    return made is not None and same_code(made, code)


def read_provenance(folder: Path) -> dict[str, Any]:
    """A run's provenance; empty if it is not there or damaged."""
    try:
        content = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
