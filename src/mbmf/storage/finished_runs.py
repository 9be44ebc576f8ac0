"""Provenance of finished runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_provenance(folder: Path) -> dict[str, Any]:
    """A run's provenance; empty if the file is missing or damaged."""
    try:
        content = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
