"""Provenance of finished runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mbmf.storage.job_records import read_record


def read_provenance(folder: Path) -> dict[str, Any]:
    """A run's provenance; empty if the file is missing or damaged."""
    return read_record(folder / "provenance.json") or {}
