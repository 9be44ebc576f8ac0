"""Files of named tensors: safetensors with a checksum, no pickle, one clear error."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from mbmf.base.errors import InputError
from mbmf.storage.atomic_files import written_whole

_METADATA = "mbmf"


def write_tensors(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write named tensors and plain facts as one safetensors file, atomically.

    Args:
        path: the file.
        tensors: tensors by name.
        facts: values that JSON can hold. One key of the file's metadata holds all of them,
            and the checksum of facts and tensors. safetensors does not fix the order of several
            keys, and the same content must give the same bytes.
    """
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    facts = json.loads(json.dumps(facts))
    metadata = {_METADATA: json.dumps({"sha256": _checksum(contiguous, facts), "facts": facts})}
    with written_whole(path) as aside:
        safetensors.torch.save_file(contiguous, aside, metadata)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Inverse of `write_tensors`.

    Raises:
        InputError: the file is missing, truncated, changed, or not written by
            `write_tensors`.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            metadata = json.loads((file.metadata() or {})[_METADATA])
        if not isinstance(metadata, dict) or not isinstance(facts := metadata["facts"], dict):
            raise ValueError("its facts are not a mapping")
        if metadata["sha256"] != _checksum(tensors, facts):
            raise ValueError("its checksum is wrong: the file was changed or damaged")
        return tensors, facts
    except OSError:
        raise InputError(f"{path}: cannot be read; check the file's permissions") from None
    except (SafetensorError, KeyError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: not a whole safetensors file of mbmf ({error}); delete it to rebuild it"
        ) from None


def _checksum(tensors: dict[str, Tensor], facts: dict[str, Any]) -> str:
    """SHA-256 of a file's facts and tensors, in hexadecimal digits."""
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(tensor.cpu().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def with_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors, with "prefix." before each name."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def without_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names start with "prefix.", under names without the prefix."""
    start = f"{prefix}."
    return {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """An optimizer's state as named tensors, for `load_optimizer`."""
    return {
        f"{index}.{name}": value
        for index, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
    }


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Load the state from `optimizer_tensors` into a new optimizer with the same settings."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        index, key = name.split(".")
        state.setdefault(int(index), {})[key] = value
    optimizer.load_state_dict(optimizer.state_dict() | {"state": state})
