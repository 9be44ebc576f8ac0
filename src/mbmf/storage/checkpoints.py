"""Checkpoints: where an interrupted run goes on.

A run leaves its last one behind: until Snakemake has written down that the run's outputs are
whole, a kill makes it start the run again. Who called the run removes it.
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
    """Write where a run stands, whole, in place of its last checkpoint."""
    write_tensors(path, tensors, {"identity": identity, "progress": progress})


def read_checkpoint(
    path: Path,
    identity: dict[str, Any],
    restore: Callable[[dict[str, Tensor], dict[str, Any]], object],
) -> bool:
    """Give the tensors and the progress of a checkpoint of the same run to `restore`.

    Returns:
        Whether there was one to go on from.

    Raises:
        InputError: the file is damaged, or does not hold what `restore` asks for.
    """
    if not path.exists():
        return False
    tensors, facts = read_tensors(path)
    if not same_run(facts.get("identity"), identity):
        # Older code, other data: going on from it would mix two runs.
        print(f"{path}: of an earlier version of this run; starting anew", flush=True)
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
    """Whether two identities are of one run: all is equal, the code by what is recorded of it.

    Raises:
        InputError: the file of equal code is damaged.
    """
    return bool(_with_oldest_code(one) == _with_oldest_code(other))


def _with_oldest_code(identity: Any) -> Any:
    if isinstance(identity, dict) and isinstance(identity.get("code"), str):
        return identity | {"code": canonical(identity["code"])}
    return identity
