"""The difference between two methods of Figure 9, on tables whose answer is known."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy import stats

from mbmf.analysis.intervals import NotRunError, UndecidableError
from mbmf.analysis.settings_columns import matches
from mbmf.analysis.statistics.method_difference import Statistic
from mbmf.base.errors import InputError

OF = {"planning.planner": "cem", "planning.num_samples": 100}
MINUS = {"planning.planner": "random_shooting"}
RETURNS = {"cem": [10.0, 12.0, 17.0], "random_shooting": [8.0, 11.0, 9.0]}


def statistic(of=None, minus=None, **others):
    return Statistic(name="method_difference", of=of or OF, minus=minus or MINUS, **others)


@pytest.fixture
def table():
    return pd.DataFrame(
        [
            {
                "seed": seed,
                "iteration": iteration,
                "planning.planner": planner,
                "planning.num_samples": num_samples,
                "return": iteration * returns[seed] - (num_samples == 500),
            }
            for planner, returns in RETURNS.items()
            for num_samples in ((100, 500) if planner == "cem" else (1000,))
            for seed in (2, 0, 1)
            for iteration in (0, 1)
        ]
    )


@pytest.mark.parametrize("share", [1.0, 0.9])
def test_it_is_the_paired_difference_in_the_last_iteration(table, share):
    difference = np.array(RETURNS["cem"]) - share * np.array(RETURNS["random_shooting"])
    found = statistic(share=share).estimate(table)
    assert found.value == pytest.approx(difference.mean())
    assert found.seeds == 3
    expected = stats.t.interval(0.95, 2, difference.mean(), stats.sem(difference))
    assert found.interval(0.95) == pytest.approx(expected)


def test_a_share_of_a_return_below_0_says_nothing(table):
    """−9.5 is less than −9 but no less than 90 % of a return of −10 is worth."""
    table["return"] -= 30
    with pytest.raises(UndecidableError, match="no more than 0 on average"):
        statistic(share=0.9).estimate(table)
    assert statistic().estimate(table).value == pytest.approx(11 / 3)


def test_settings_that_leave_several_runs_of_a_seed_are_refused(table):
    with pytest.raises(InputError, match="has a row twice: seed"):
        statistic(of={"planning.planner": "cem"}).estimate(table)


def test_what_is_not_run_is_said(table):
    with pytest.raises(NotRunError, match=r"planning.num_samples = 7 is not run at this scale"):
        statistic(of={"planning.num_samples": 7}).estimate(table)


def test_a_lacking_seed_is_named(table):
    table = table.drop(table[(table["planning.planner"] == "cem") & (table["seed"] == 1)].index)
    with pytest.raises(InputError, match=r"lacks planning.planner = cem, .* of seed 1"):
        statistic().estimate(table)


def test_a_setting_that_the_table_lacks_is_named(table):
    with pytest.raises(InputError, match=r"lacks the columns dynamics.model"):
        statistic(minus={"dynamics.model": "mlp"}).estimate(table)


@pytest.mark.parametrize("wrong", [{"share": 0.0}, {"share": 1.1}, {"of": {"planner": "cem"}}])
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValidationError):
        statistic(**wrong)


def test_layer_widths_match_as_numbers_and_as_text():
    assert matches(pd.Series([500, 32]), "500").tolist() == [True, False]
    assert matches(pd.Series(["500", "500x500"]), 500).tolist() == [True, False]
    assert matches(pd.Series(["500", "500x500"]), "500x500").tolist() == [False, True]
    assert matches(pd.Series([5.0, np.nan]), 5).tolist() == [True, False]
