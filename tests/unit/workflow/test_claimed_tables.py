"""Which tables the claims' job reads."""

from pathlib import Path

import pytest

from mbmf.workflow.claimed_tables import tables_asked_for
from mbmf.workflow.dvc_stages import configuration_at

EXPERIMENTS = configuration_at("smoke", Path(__file__).parents[3]).experiments


@pytest.mark.parametrize("content", [{}, {"claims": 3}, {"claims": [3, {}, {"table": ["a"]}]}])
def test_what_is_wrong_with_claims_is_left_to_their_job(content):
    assert tables_asked_for(content, EXPERIMENTS) == []


def test_tables_that_are_named_and_made():
    content = {"claims": [{"table": "dyna_rewards"}, {"table": "figure_6"}, {"table": "none"}]}
    found = tables_asked_for(content, EXPERIMENTS)
    assert found == ["tables/figure_6.csv", "tables/dyna_rewards.parquet"]
