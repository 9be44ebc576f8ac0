"""Claims and tables that are refused, by name."""

import pandas as pd
import pytest

from claim_tables import CLAIMS, CONTENT, PLOTS, TABLES, one
from mbmf.analysis.claims import check_claims
from mbmf.analysis.judging import judge
from mbmf.base.errors import InputError


def nan(table, column):
    return table.assign(**{column: table[column].where(table.index != table.index[-1])})


WRONG = [
    ("few_epochs", lambda t: t.drop(columns="dynamics.epochs"), "lacks the column dynamics.epochs"),
    ("few_epochs", lambda t: t.drop(columns="return"), "lacks the columns return"),
    ("few_epochs", lambda t: t.drop(columns="agent"), "lacks the columns agent"),
    ("few_epochs", lambda t: pd.concat([t, t[:1]]), "has a row twice: seed 0, iteration 0"),
    ("on_policy_data", lambda t: nan(t[t["agent"] == "swimmer"], "return"), "has NaN in"),
    (
        "few_epochs",
        lambda t: t[(t["seed"] != 2) | (t["dynamics.epochs"] != 20)],
        "lacks dynamics.epochs = 20, last, of seed 2",
    ),
    ("short_horizon_error", lambda t: nan(t, "error"), "NaN in the column error"),
    ("short_horizon_error", lambda t: t[(t["seed"] != 1) | (t["step"] != 10)], "of seed 1"),
    ("elements_differ", lambda t: nan(t, "predicted"), "NaN in the column predicted"),
    ("elements_differ", lambda t: t[1:], "lacks steps"),
    ("elements_differ", lambda t: t[(t["seed"] != 1) | (t["element"] != "2")], "lacks elements"),
    ("time_to_max", lambda t: t[(t["seed"] != 3) | (t["kind"] != "imitation")], "of seed 3"),
    ("time_to_max", lambda t: t[t["kind"] != "imitation"], "lacks imitation of swimmer"),
    ("time_to_max", lambda t: nan(t[t["agent"] == "swimmer"], "env_steps"), "NaN"),
    ("dyna_0_planning_steps", lambda t: t[(t["run"] != 7) | (t["planning_steps"] > 0)], "of run 7"),
    ("dyna_first_episode", lambda t: t[1:], "lacks episodes"),
    ("dyna_blocking_maze", lambda t: t[(t["run"] != 4) | (t["method"] == "Dyna-Q")], "of run 4"),
    ("dyna_shortcut_maze", lambda t: pd.concat([t, t]), "has a row twice"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "change", "why"), WRONG)
def test_a_wrong_table_is_refused_by_name_and_the_others_are_judged(claim, change, why):
    (table,) = [entry.table for entry in CLAIMS if entry.id == claim]
    tables = TABLES | {table: change(TABLES[table])}
    records = judge(CLAIMS, tables.__getitem__, PLOTS)
    found = next(record for record in records if record["id"].split(".")[0] == claim)
    assert found["refused"]
    assert found["verdict"] == "undecided"
    assert found["why"].startswith(f"{table}: ")
    assert why in found["why"]
    assert "\n" not in found["why"]
    others = [entry.id for entry in CLAIMS if entry.table != table]
    for record in records:
        if record["id"].split(".")[0] in others and "neither" not in (record["why"] or ""):
            assert record["why"] is None


def test_a_missing_table_is_refused_by_name_and_the_others_are_judged():
    def read(name):
        if name == "figure_7":
            raise InputError("tables/figure_7.csv: no such table")
        return TABLES[name]

    records = judge(CLAIMS, read, PLOTS)
    refused = {record["id"].split(".")[0] for record in records if record["refused"]}
    assert refused == {claim.id for claim in CLAIMS if claim.table == "figure_7"}
    assert len(refused) == 8


IMPOSSIBLE = [
    ({"agents": ["two words"]}, "agents.0: String should match pattern"),
    ({"agents": ["swimmer", "swimmer"]}, "agents: each may stand once"),
    ({"agents": []}, "agents: "),
    ({"table": "../figure_6"}, "table: String should match pattern"),
    ({"threshold": "high"}, "threshold: "),
    ({"threshold": float("nan")}, "threshold: "),
    ({"threshold": [0, 1]}, "threshold must be [lowest, highest] for within"),
    ({"comparison": "within"}, "threshold must be [lowest, highest] for within"),
    ({"comparison": "within", "threshold": [1, 0]}, "the lowest value must be below"),
    ({"comparison": "within", "threshold": [1, 2, 3]}, "threshold: "),
    ({"comparison": "equal"}, "comparison: Input should be 'above', 'below', 'within' or"),
    ({"threshhold": 3}, "threshhold: unknown key"),
    ({"a\nb": 3}, "'a\\nb': unknown key"),
    (
        {"statistic": {"name": "no_such_statistic"}},
        "statistic.name: unknown statistic no_such_statistic; should be one of divergence_ratio, ",
    ),
    ({"statistic": {"name": "nowhere/no.py"}}, "statistic.name: nowhere/no.py: there is no such"),
    ({"statistic": {"name": 3}}, "statistic.name: Input should be a valid string (found 3)"),
    ({"statistic": {"of": 1}}, "statistic.name: missing; it must be set"),
    ({"statistic": "return_difference"}, "statistic: "),
    ({"statistic": {**one("few_epochs")["statistic"], "off": 1}}, "statistic.off: unknown key"),
    ({"statistic": {**one("few_epochs")["statistic"], "of": "most"}}, "statistic.of: "),
    ({"statistic": {"name": "return_difference", "of": 1}}, "statistic.parameter: missing"),
    ({"id": "Few epochs"}, "id: "),
]


@pytest.mark.parametrize(("change", "message"), IMPOSSIBLE)
def test_an_impossible_claim_is_refused_by_name_and_the_others_stay(change, message):
    wrong = one("few_epochs") | change
    claims, problems = check_claims({"claims": [one("long_horizon"), wrong]})
    assert [claim.id for claim in claims] == ["long_horizon"]
    assert any(
        problem.startswith(f"claims[1] ({wrong['id']}): ") and message in problem
        for problem in problems
    ), problems
    assert all("\n" not in problem for problem in problems)


def test_other_impossible_claims():
    for name in ("short_horizon_error", "sample_efficiency", "dyna_first_episode"):
        _, problems = check_claims({"claims": [one(name, comparison="below", threshold=0)]})
        assert "is above 0, so must this be" in problems[0]
    for threshold in (1, 0.5):
        wrong = one("time_to_max_plots", threshold=threshold)
        _, problems = check_claims({"claims": [wrong]})
        assert problems == [
            "claims[0] (time_to_max_plots): threshold: a factor either way, it must be above 1"
        ]
    _, problems = check_claims({"claims": [one("few_epochs", comparison="as_plotted")]})
    assert "return_difference was not read off the authors' plots" in problems[0]
    _, problems = check_claims({"claims": [one("time_to_max_plots", threshold=[1, 2])]})
    assert "threshold must be [lowest, highest] for within" in problems[0]
    _, problems = check_claims({"claims": [one("time_to_max_plots", agents=None)]})
    assert "agents must be named" in problems[0]
    _, problems = check_claims({"claims": [one("few_epochs"), one("few_epochs")]})
    assert problems == ["claims[1] (few_epochs): id: stands twice; each may stand once"]
    _, problems = check_claims({"claims": ["few epochs are bad"]})
    assert problems[0].startswith("claims[0]: ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "should be a list"),
        ({"claims": {}}, "should be a list"),
        ({"claims": []}, "should be a list"),
        ({"claims": CONTENT["claims"], "claim": []}, "claim: unknown key"),
    ],
)
def test_a_file_of_something_else_is_refused(content, message):
    with pytest.raises(InputError, match=message):
        check_claims(content)


@pytest.mark.parametrize(
    ("claim", "agents", "why"),
    [
        ("dyna_first_episode", ["ant"], "dyna_episodes: lacks the columns agent"),
        ("few_epochs", None, "figure_6: has agents; the claim must name those"),
        ("sample_efficiency_plots", ["walker"], "there is no plot of the authors' of walker"),
    ],
)
def test_agents_that_do_not_go_with_the_input_are_refused(claim, agents, why):
    wrong = one(claim, agents=agents)
    claims, problems = check_claims({"claims": [wrong, one("dyna_blocking_maze")]})
    assert problems == []
    first, second = judge(claims, TABLES.__getitem__, PLOTS)
    assert (first["refused"], first["threshold"] is None) == (True, False)
    assert why in first["why"]
    assert second["verdict"] == "reproduced"
