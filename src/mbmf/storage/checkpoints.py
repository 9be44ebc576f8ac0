"""Checkpoints: an interrupted run resumes from its last one.

A finished run keeps its last checkpoint. If the workflow is killed before Snakemake has recorded
that the outputs are complete, Snakemake starts the run again, and the run needs it. The caller of
the run removes the checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor

from mbmf.base.errors import InputError
from mbmf.storage.equal_code import canonical
from mbmf.storage.tensor_files import read_tensors, write_tensors

CHECKPOINT = "checkpoint.safetensors"


def write_checkpoint(
    path: Path, tensors: dict[str, Tensor], progress: dict[str, Any], identity: dict[str, Any]
) -> None:
    """Write a run's checkpoint atomically, in place of the last one."""
    write_tensors(path, tensors, {"identity": identity, "progress": progress})


def read_checkpoint(
    path: Path,
    identity: dict[str, Any],
    restore: Callable[[dict[str, Tensor], dict[str, Any]], object],
) -> bool:
    """Pass the tensors and the progress of a checkpoint of the same run to `restore`.

    Returns:
        Whether there was a checkpoint of the same run.

    Raises:
        InputError: the file is damaged, or lacks something that `restore` needs.
    """
    if not path.exists():
        return False
    tensors, facts = read_tensors(path)
    if not same_run(facts.get("identity"), identity):
        # Its code or its data differ. Resuming from it would mix two runs.
        print(f"{path}: belongs to an earlier version of this run; starting again", flush=True)
        return False
    try:
        restore(tensors, facts["progress"])
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: not a checkpoint of this run ({error}); delete it to start the run anew"
        ) from None
    print(f"{path}: going on from there", flush=True)
    return True


def same_run(one: Any, other: Any) -> bool:
    """Whether two identities belong to the same run.

    All entries must be equal. Two digests of code also count as equal if they are recorded as
    equal.

    Raises:
        InputError: the file of equal code is damaged.
    """
    return bool(_with_oldest_code(one) == _with_oldest_code(other))


def _with_oldest_code(identity: Any) -> Any:
    if isinstance(identity, dict) and isinstance(identity.get("code"), str):
        return identity | {"code": canonical(identity["code"])}
    return identity
