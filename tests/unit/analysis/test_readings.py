"""Verdicts on some tables: as all tables together give them, or none."""

from pathlib import Path

import pandas as pd

from mbmf.analysis.claims import check_claims
from mbmf.analysis.judging import judge
from mbmf.analysis.readings import readings
from mbmf.storage.yaml_files import read_yaml

ROOT = Path(__file__).parents[3]
CLAIMS, _ = check_claims(read_yaml(ROOT / "config/claims.yaml"))


def episodes():
    """Dyna-Q without planning: 25 episodes of 100 steps, then 10, in both runs but for a step."""
    return pd.DataFrame(
        [
            {
                "panel": "a", "method": "Dyna-Q", "planning_steps": n, "run": run,
                "episode": episode, "steps": 100 + run if episode < 25 else 10 + run,
                "optimal_steps": 10.0,
            }
            for n in (0, 5, 50)
            for run in (0, 1)
            for episode in range(1, 51)
        ]
    )  # fmt: skip


def test_verdicts_are_those_of_all_tables_together():
    alone = [claim for claim in CLAIMS if claim.table == "dyna_episodes"]
    table = episodes()
    both = readings(alone, {"dyna_episodes": table})
    assert [one.record for one in both] == judge(alone, lambda _: table)
    assert [one.claim for one in both] == alone


def test_a_family_that_asks_for_another_table_is_left_out():
    # Dyna-Q's claims are about two tables and share one error of 5 %.
    families = {claim.family for claim in CLAIMS if claim.table == "dyna_episodes"}
    assert families == {"Dyna-Q"}
    assert readings(CLAIMS, {"dyna_episodes": episodes()}) == []
