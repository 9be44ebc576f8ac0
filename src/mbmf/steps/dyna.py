"""The step behind Figures 8.2, 8.4 and 8.5: all runs of Dyna-Q, which take seconds."""

from __future__ import annotations

import json
import time
from importlib.metadata import version
from pathlib import Path

from mbmf.dyna.curves import cumulative_rewards, steps_per_episode
from mbmf.dyna.settings import DynaSettings
from mbmf.storage.atomic_files import write_text
from mbmf.storage.code_digest import code_digest
from mbmf.storage.provenance import provenance
from mbmf.storage.tables import write_table


def write_dyna(settings: DynaSettings, episodes: Path, rewards: Path, made: Path) -> None:
    """Write both tables of `mbmf.dyna.curves`, and the provenance of their runs (to `made`)."""
    spent = {}
    for experiment, path in [(steps_per_episode, episodes), (cumulative_rewards, rewards)]:
        started = time.perf_counter()
        table = experiment(settings)
        write_table(path, table)
        spent[experiment.__name__] = time.perf_counter() - started
        print(
            f"{path}: {settings.runs} runs of each curve in {spent[experiment.__name__]:.1f} s",
            flush=True,
        )
    identity = {
        "kind": "dyna",
        "settings": settings.model_dump(mode="json"),
        "code": code_digest(__name__),
    }
    facts = provenance("cpu", [spent], resumed=False)
    facts["versions"]["numba"] = version("numba")
    write_text(made, json.dumps(identity | facts, indent=2) + "\n")
