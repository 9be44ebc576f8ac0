"""The step behind Figures 8.2, 8.4 and 8.5: all runs of Dyna-Q, which take seconds."""

from __future__ import annotations

import time
from pathlib import Path

from mbmf.dyna.experiments import cumulative_rewards, steps_per_episode
from mbmf.dyna.settings import DynaSettings
from mbmf.tables import write_table


def write_dyna(settings: DynaSettings, episodes: Path, rewards: Path) -> None:
    """Write both tables of `mbmf.dyna.experiments`."""
    for experiment, path in [(steps_per_episode, episodes), (cumulative_rewards, rewards)]:
        started = time.perf_counter()
        table = experiment(settings)
        write_table(path, table)
        seconds = time.perf_counter() - started
        print(f"{path}: {settings.runs} runs of each curve in {seconds:.1f} s", flush=True)
