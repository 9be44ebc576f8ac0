"""Digests of code that gives the same results; `mbmf equivalent` records them, and git keeps them.

Each line of the file is a JSON object with the digests "old" and "new", and what was compared.
Neither the order of the lines nor a repeated line matters, so the files of two people can be
merged.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from mbmf.base.errors import InputError

# The file is in the checkout that holds this code. An installed package has none.
EQUAL_CODE = Path(__file__).parents[3] / "results" / "equal_code.jsonl"
DIGEST = re.compile(r"[0-9a-f]{16}")


def equal_digests(code: str, path: Path = EQUAL_CODE) -> list[str]:
    """`code` and all digests recorded as equal to it, directly or through others, oldest first.

    Raises:
        InputError: the file of records is damaged.
    """
    return _groups(path).get(code, [code])


def canonical(code: str, path: Path = EQUAL_CODE) -> str:
    """The oldest digest that is recorded as equal to `code`, or `code` if there is none.

    Raises:
        InputError: the file of records is damaged.
    """
    return equal_digests(code, path)[0]


def same_code(one: str, other: str, path: Path = EQUAL_CODE) -> bool:
    """Whether two digests are the same or recorded as equal, directly or through others.

    Raises:
        InputError: the file of records is damaged.
    """
    return canonical(one, path) == canonical(other, path)


def read_equal_code(path: Path = EQUAL_CODE) -> list[dict[str, Any]]:
    """The records in the order of the file, or an empty list if there is no file.

    Raises:
        InputError: the file is damaged.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a text file ({error})") from None
    return [_entry(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _entry(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        entry = None
    if not isinstance(entry, dict) or not all(
        isinstance(entry.get(key), str) and DIGEST.fullmatch(entry[key]) for key in ("old", "new")
    ):
        raise InputError(
            f"{path}: line {number} should be a record of equal code, a JSON object with the "
            'digests "old" and "new"; delete the line or restore the file (git restore)'
        )
    return entry


@cache
def _groups(path: Path) -> dict[str, list[str]]:
    """For each recorded digest, all digests that are equal to it, oldest first."""
    groups: dict[str, list[str]] = {}
    for entry in sorted(read_equal_code(path), key=lambda entry: str(entry.get("date"))):
        older = groups.setdefault(entry["old"], [entry["old"]])
        newer = groups.setdefault(entry["new"], [entry["new"]])
        if older is not newer:
            older += newer
            groups.update(dict.fromkeys(newer, older))
    return groups
