"""Where two files differ that should be the same, in words."""

from __future__ import annotations

import csv
import re
from itertools import zip_longest
from pathlib import Path
from typing import Any

import torch

from mbmf.base.errors import InputError, printable
from mbmf.storage.tables import read_table
from mbmf.storage.tensor_files import read_tensors

_DIGEST = re.compile(r"[0-9a-f]{16}|[0-9a-f]{64}")


def difference(old: Path, new: Path) -> str | None:
    """Where the second of two files first differs from the first; None if nowhere.

    Files are compared by their bytes, but safetensors by tensors and by those facts that both
    have: a new setting has a default that means what was done before. Digests among the facts do
    not count: those of code differ as they must, and what those of files name is compared itself.

    Raises:
        OSError: one of them cannot be read.
    """
    if old.read_bytes() == new.read_bytes():
        return None
    try:
        if old.suffix == ".safetensors":
            return _of_tensors(old, new)
        if old.suffix in (".csv", ".parquet"):
            return _of_tables(_rows(old), _rows(new))
    except InputError as error:
        return str(error)
    if old.suffix == ".json":
        return _of_lines(old.read_text("utf-8"), new.read_text("utf-8"))
    return "other bytes"


def _of_tensors(old: Path, new: Path) -> str | None:
    """Of safetensors of this project."""
    (one, facts), (other, other_facts) = read_tensors(old), read_tensors(new)
    for name in sorted(one.keys() | other.keys()):
        if name not in one or name not in other:
            return f"tensor {name}: is only in the {'old' if name in one else 'new'} file"
        a, b = one[name], other[name]
        if (a.dtype, a.shape) != (b.dtype, b.shape):
            shapes = [f"{str(t.dtype).removeprefix('torch.')} {tuple(t.shape)}" for t in (a, b)]
            return f"tensor {name}: was {shapes[0]}, is {shapes[1]}"
        # By bits: NaN is the same as itself, and 0.0 is not -0.0.
        unequal = (_bytes(a) != _bytes(b)).nonzero()
        if len(unequal):
            element = int(unequal[0]) // a.element_size()
            was, now = (tensor.flatten()[element].item() for tensor in (a, b))
            return f"tensor {name}: element {element} was {was}, is {now}"
    return _of_facts(facts, other_facts)


def _bytes(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.contiguous().reshape(-1).view(torch.uint8)


def _of_facts(old: Any, new: Any, name: str = "") -> str | None:
    if isinstance(old, dict) and isinstance(new, dict):
        parts = (_of_facts(old[key], new[key], f"{name}.{key}") for key in old if key in new)
        return next(filter(None, parts), None)
    if old == new or all(isinstance(one, str) and _DIGEST.fullmatch(one) for one in (old, new)):
        return None
    return f"fact {name.removeprefix('.')}: was {printable(old)}, is {printable(new)}"


def _rows(path: Path) -> list[list[str]]:
    """Head and rows of a table, each value as text that tells it from all others."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))
    table = read_table(path)
    columns = [[repr(value) for value in table[name].tolist()] for name in table]
    return [[str(name) for name in table], *map(list, zip(*columns, strict=True))]


def _of_tables(old: list[list[str]], new: list[list[str]]) -> str:
    """Row 1 is the first below the head."""
    head = old[0] if old else []
    if old[:1] != new[:1]:
        odd = sorted(set(head) ^ set(new[0] if new else []))
        return f"its columns: {', '.join(odd)}" if odd else "the order of its columns"
    if len(old) != len(new):
        return f"had {len(old) - 1} rows, has {len(new) - 1}"
    for number, rows in enumerate(zip(old, new, strict=True)):
        for column, was, now in zip_longest(head, *rows, fillvalue=""):
            if was != now:
                return f"column {column}, row {number}: was {was}, is {now}"
    return "the same values in other bytes"


def _of_lines(old: str, new: str) -> str:
    pairs = zip_longest(old.splitlines(), new.splitlines(), fillvalue="")
    for number, (was, now) in enumerate(pairs, 1):
        if was != now:
            return f"line {number}: was {printable(was.strip())}, is {printable(now.strip())}"
    return "other ends of lines"
