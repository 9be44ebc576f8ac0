"""What a job was asked for when it made its files: one JSON file for each job, its record.

A job writes its record last. The workflow compares the record with what the configuration and the
code ask for now. So neither the times of files nor Snakemake's own notes decide what is up to date,
and a fresh clone is judged like the folder in which the job ran.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mbmf.storage.equal_code import EQUAL_CODE, canonical

# What may differ between a record and what is asked for, in the order in which it is compared.
DIFFERENCES = RECORD, SETTINGS, INPUTS, CODE = "record", "settings", "inputs", "code"


@dataclass(frozen=True)
class Asked:
    """What is asked of one job.

    Attributes:
        rule: of the workflow, that makes the job's files.
        settings: all that the job is told, as JSON can hold it.
        inputs: a digest of each input, by name.
        code: digests of code by rule, of the job itself and of all jobs before it, sorted.
    """

    rule: str
    settings: Mapping[str, Any]
    inputs: Mapping[str, str]
    code: Mapping[str, Sequence[str]]

    @cached_property
    def identity(self) -> str:
        """Digest of all but the code: of the settings of this job and of all jobs before it."""
        return digest([self.rule, self.settings, self.inputs])

    def text(self) -> str:
        """Content of the record, one line for each part."""
        lines = (f'  "{key}": {json.dumps(value)}' for key, value in vars_of(self).items())
        return "{\n" + ",\n".join(lines) + "\n}"


def vars_of(asked: Asked) -> dict[str, Any]:
    """Parts of a record by name, as they are after reading it."""
    parts = {
        "rule": asked.rule,
        SETTINGS: asked.settings,
        INPUTS: dict(asked.inputs),
        CODE: {rule: list(digests) for rule, digests in asked.code.items()},
    }
    content: dict[str, Any] = json.loads(json.dumps(parts))
    return content


def digest(content: Any) -> str:
    """16 hexadecimal digits over what JSON can hold."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def difference(
    path: Path, asked: Asked, equal: Path = EQUAL_CODE, provenance: Path | None = None
) -> str | None:
    """What differs first between a record and what is asked for.

    A record names the code that was asked for when the call of Snakemake began. A job that starts
    days later runs the code that is there then, and its provenance names that.

    Args:
        path: of the record.
        asked: of the job now.
        equal: file of the digests of code that are recorded as equal.
        provenance: of the job, if it writes one.

    Returns:
        None if nothing does; `RECORD` if there is no record or it is damaged; else `SETTINGS`,
        `INPUTS` or `CODE`.

    Raises:
        InputError: the file of equal code is damaged.
    """
    made, now = read_record(path), vars_of(asked)
    if made is None or made.get("rule") != asked.rule:
        return RECORD
    for part in (SETTINGS, INPUTS):
        if made.get(part) != now[part]:
            return part
    oldest = [_oldest(one.get(CODE), equal) for one in (made, now)]
    if oldest[0] != oldest[1]:
        return CODE
    ran = (read_record(provenance) or {}).get("code") if provenance else None
    if ran is not None and canonical(str(ran), equal) not in oldest[1][asked.rule]:
        return CODE
    return None


def read_record(path: Path) -> dict[str, Any] | None:
    """Content of a record; None if it is not there or damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _oldest(code: Any, equal: Path) -> Any:
    """Digests of code by rule, each in place of all that are recorded as equal to it."""
    try:
        return {rule: {canonical(one, equal) for one in digests} for rule, digests in code.items()}
    except (AttributeError, TypeError):
        return None
