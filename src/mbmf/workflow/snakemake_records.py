"""What Snakemake has on record of the files that it made: rule, log and digest of code.

Snakemake keeps one JSON file for each output below `.snakemake/metadata`, named by the output's
path in base 64 and cut into folders where that is too long for a name. Its own reader
(`snakemake.persistence`) needs a running workflow. A record that cannot be read, for it is being
written or of another version of Snakemake, counts as none.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mbmf.storage.equal_code import EQUAL_CODE, equal_digests

# Parameters are on record as `repr` gives them, without their names.
_CODE = re.compile(r"'([0-9a-f]{16})'")


@dataclass(frozen=True)
class Record:
    """Of one output.

    Attributes:
        rule: that made it.
        job: the same text for all outputs of a job: its log.
        code: digest among the job's parameters; None if there is none.
        finished: when the job ended, in seconds since 1970.
    """

    rule: str
    job: str
    code: str | None
    finished: float


def read_records(folder: Path) -> dict[str, Record]:
    """Records by the outputs' paths, as the workflow names them.

    Args:
        folder: in which Snakemake was called.
    """
    found = {}
    for name, path in recorded_outputs(folder / ".snakemake" / "metadata"):
        try:
            found[name] = _record(name, json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def recorded_outputs(folder: Path) -> Iterator[tuple[str, Path]]:
    """Outputs that have a record in one of Snakemake's folders of records, and the record's file.

    Args:
        folder: `.snakemake/metadata` or `.snakemake/incomplete`.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = "".join(part.removeprefix("@") for part in path.relative_to(folder).parts)
            try:
                yield urlsafe_b64decode(name).decode(), path
            except ValueError:
                continue  # no record


def _record(name: str, content: dict[str, Any]) -> Record:
    digests = [found[1] for one in content["params"] if (found := _CODE.fullmatch(one))]
    return Record(
        rule=content["rule"],
        job=(content["log"] or [name])[0],
        code=digests[0] if len(digests) == 1 else None,
        finished=float(content["endtime"]),
    )


_read_once = cache(read_records)


def code_on_record(
    output: str, code: str, folder: Path | None = None, equal: Path = EQUAL_CODE
) -> str:
    """The digest by which Snakemake knows an output, where that is of the same code as `code`.

    Snakemake makes anew what has another digest on record than its job's parameters have. Which
    of several equal digests that is depends on when the output was made.

    Args:
        output: its path.
        code: digest of the present code.
        folder: in which Snakemake is called; the present one if None.
        equal: file of the digests that are recorded as equal.

    Raises:
        InputError: the file of equal code is damaged.
    """
    digests = equal_digests(code, equal)
    if len(digests) == 1:
        return code
    record = _read_once(folder or Path.cwd()).get(output)
    return record.code if record and record.code in digests else digests[0]


Digest = str | Callable[[Any], str]


def on_record(rules: Any, rule: str, code: Digest) -> Callable[[Any], str]:
    """`code_on_record` as a parameter of a rule.

    Args:
        rules: Snakemake's.
        rule: name of the rule.
        code: digest of the rule's code, or a function of the wildcards that gives it.
    """

    def digest(wildcards: Any) -> str:
        own = code(wildcards) if callable(code) else code
        output = getattr(rules, rule).output[0]
        return code_on_record(output.format(**dict(wildcards.items())), own)

    return digest
