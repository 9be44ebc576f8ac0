"""Checkpoints: where an interrupted run goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from mbmf.tensors import read_tensors, write_tensors

CHECKPOINT = "checkpoint.safetensors"


def write_checkpoint(
    path: Path, tensors: dict[str, Tensor], progress: dict[str, Any], identity: dict[str, Any]
) -> None:
    """Write where a run stands, whole, in place of its last checkpoint."""
    write_tensors(path, tensors, {"identity": identity, "progress": progress})


def read_checkpoint(
    path: Path, identity: dict[str, Any]
) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Tensors and progress of a checkpoint of the same run; None if there is none to use.

    Raises:
        InputError: the file is damaged.
    """
    if not path.exists():
        return None
    tensors, facts = read_tensors(path)
    if facts.get("identity") != identity:
        # Older code, other data: going on from it would mix two runs.
        print(f"{path}: of an earlier version of this run; starting anew", flush=True)
        return None
    print(f"{path}: going on from there", flush=True)
    return tensors, facts["progress"]
