"""The command's stages, and the record of code that was found equal."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mbmf.storage.atomic_files import write_text
from mbmf.storage.equal_code import EQUAL_CODE, read_equal_code, same_code
from mbmf.workflow.equivalent.compare import Comparison, Evidence, compare
from mbmf.workflow.equivalent.copies import (
    PLACE,
    commit_of,
    full_size_overlay,
    lay_out,
    overlay_of,
    refuse_changes,
    remove_copies,
    run_workflow,
)

FULL_SIZE = "full_size.yaml"


def equivalent(since: str, until: str, scale: str, cores: int) -> Comparison:
    """Run the code of two commits, compare the results, and record which code is equal.

    If all results are equal, the copies are removed; else they stay until the next call.

    Args:
        since: the older commit.
        until: the newer commit.
        scale: name of an overlay in config/ that both commits have.
        cores: for Snakemake.

    Returns:
        The comparison; without a difference it has been recorded in `EQUAL_CODE`.

    Raises:
        InputError: no such commit or scale, changes that are not committed, a damaged record, or
            one of the workflows failed.
    """
    refuse_changes()
    read_equal_code()
    sides = {"old": commit_of("--since", since), "new": commit_of("--until", until)}
    remove_copies()
    folders = {side: PLACE / side for side in sides}
    for side, commit in sides.items():
        lay_out(commit, folders[side])
    overlays = {side: overlay_of(folder, scale) for side, folder in folders.items()}
    for folder in folders.values():
        write_text(folder / FULL_SIZE, full_size_overlay([*folders.values()], folder))
    comparison = Comparison()
    # The short stage first: most differences show there.
    for what, target in (("full-size planning", "all_model_based"), (f"{scale} scale", "all")):
        for side, commit in sides.items():
            overlay = overlays[side] if target == "all" else FULL_SIZE
            started = time.monotonic()
            print(f"{what} with the code of {commit} ...", end=" ", flush=True)
            run_workflow(folders[side], overlay, cores, target)
            print(f"{time.monotonic() - started:.0f} s", flush=True)
        comparison = compare(folders["old"], folders["new"])
        print(f"compared {comparison.files} files", flush=True)
        if comparison.difference:
            return comparison
    facts = {"since": sides["old"], "commit": sides["new"], "scale": scale} | _here()
    write_records(comparison.equal, facts)
    remove_copies()
    return comparison


def write_records(
    equal: Mapping[tuple[str, str], Evidence], facts: Mapping[str, Any], path: Path = EQUAL_CODE
) -> None:
    """Add pairs of digests to the file of records, but those that it holds to be equal already.

    Args:
        equal: evidence by (old digest, new digest).
        facts: the same for all pairs: commits, date, machine.
        path: of the file.

    Raises:
        InputError: the file is damaged.
    """
    new = [
        {
            "old": old,
            "new": now,
            "rules": sorted(evidence.rules),
            "agents": sorted(evidence.agents),
            "files": evidence.files,
            **facts,
        }
        for (old, now), evidence in equal.items()
        if not same_code(old, now, path)
    ]
    if new:
        write_text(path, _text([*read_equal_code(path), *new]))


def _text(entries: Iterable[Mapping[str, Any]]) -> str:
    """One record a line, sorted, so that a change of one is a change of one line."""
    return "".join(sorted({json.dumps(entry) + "\n" for entry in entries}))


def _here() -> dict[str, str]:
    return {"date": datetime.now(UTC).date().isoformat(), "machine": platform.machine()}
