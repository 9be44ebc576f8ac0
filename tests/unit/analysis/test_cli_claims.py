"""`mbmf claims` against stored verdicts: what is printed, written, refused, and the exit status."""

import json
import re
from pathlib import Path

import pytest

from mbmf.analysis import statistics
from mbmf.storage.atomic_files import write_text
from mbmf.storage.tables import read_table, write_table

CLAIM = """
  - id: {id}
    claim: More rollouts start higher.
    source: Figure 6d
    table: figure_6
    statistic: {{name: return_difference, parameter: random_data.rollouts, of: highest,
      minus: lowest, iteration: first}}
    comparison: above
    threshold: {threshold}
    agents: [swimmer]
"""
RETURNS = "agent,seed,random_data.rollouts,iteration,return\n" + "".join(
    f"swimmer,{seed},{rollouts},0,{10 * rollouts + seed * rollouts}\n"
    for seed in range(4)
    for rollouts in (1, 2)
)


@pytest.fixture
def judged(mbmf, tmp_path):
    """A folder in which one claim was judged and the verdict written."""
    write_text(tmp_path / "config/claims.yaml", "claims:" + CLAIM.format(id="start", threshold=0))
    write_text(tmp_path / "results/smoke/tables/figure_6.csv", RETURNS)
    status, out, err = mbmf("claims", "--scale", "smoke", "--write")
    assert (status, err) == (0, "")
    assert re.search(r"reproduced +start\.swimmer +11\.5 .*> 0 +4 +figure_6$", out, re.MULTILINE)
    return tmp_path


def test_claims_are_written_as_the_report_reads_them(judged):
    (record,) = json.loads((judged / "results/smoke/claims.json").read_text())
    assert record.keys() >= {"id", "source", "verdict", "statistic", "low", "high", "seeds"}
    assert (record["id"], record["verdict"], record["seeds"]) == ("start.swimmer", "reproduced", 4)


def test_claims_that_stay_as_they_were(mbmf, judged):
    before = (judged / "results/smoke/claims.json").read_bytes()
    status, out, err = mbmf("claims", "--scale=smoke")
    assert (status, err) == (0, "")
    assert "start.swimmer" in out
    assert (judged / "results/smoke/claims.json").read_bytes() == before


def test_a_verdict_that_changed_is_status_1(mbmf, judged):
    table = RETURNS.replace("0,2,0,20", "0,2,0,-90")
    write_text(judged / "results/smoke/tables/figure_6.csv", table)
    status, out, err = mbmf("claims", "--scale=smoke")
    assert (status, err) == (1, "start.swimmer: was reproduced, is undecided\n")
    assert "undecided" in out


def test_a_wrong_table_of_claims_is_status_2(mbmf, judged):
    write_text(judged / "results/smoke/tables/figure_6.csv", RETURNS + "swimmer,0,1,0,10\n")
    status, _, err = mbmf("claims", "--scale=smoke")
    assert status == 2
    assert err.splitlines()[-1].startswith("start.swimmer: figure_6: has a row twice")


def test_a_wrong_claim_is_refused_and_the_others_judged(mbmf, judged):
    text = CLAIM.format(id="start", threshold=0) + CLAIM.format(id="high", threshold="high")
    write_text(judged / "config/claims.yaml", "claims:" + text)
    status, out, err = mbmf("claims", "--scale=smoke")
    assert status == 2
    assert err.startswith("config/claims.yaml: claims[1] (high): threshold: ")
    assert "start.swimmer" in out


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("results/smoke/claims.json", None, "results/smoke/claims.json: there are no verdicts yet"),
        ("results/smoke/claims.json", "[1]", "results/smoke/claims.json: not a list of verdicts"),
        ("results/smoke/claims.json", "{", "results/smoke/claims.json: not a JSON file"),
        ("config/claims.yaml", None, "config/claims.yaml: no such configuration file"),
        ("config/claims.yaml", "claim: []", "config/claims.yaml: claim: unknown key"),
    ],
)
def test_claims_without_what_they_need(mbmf, judged, file, content, message):
    (judged / file).unlink()
    if content is not None:
        write_text(judged / file, content)
    status, out, err = mbmf("claims", "--scale=smoke")
    assert (status, out) == (2, "")
    assert err.startswith(message)
    assert err.count("\n") == 1


PLOTTED = """
  - id: factor
    claim: As in the plots.
    source: the authors' plots
    table: figure_7
    statistic: {name: time_to_max, counting: authors}
    comparison: as_plotted
    threshold: 1.5
    agents: [swimmer]
"""
AGENT = """{name}:
  sample_efficiency: [{{at: 27, factor: [25]}}]
  time_to_max: [{{at: 60, factor: {time_to_max}}}]
  curves: {{Mb: [[8000, 4]]}}
"""


def plots(**readings):
    agents = dict.fromkeys(["swimmer", "half_cheetah", "hopper", "ant"], "[1.5, 1.6]") | readings
    return "".join(AGENT.format(name=name, time_to_max=found) for name, found in agents.items())


def test_a_claim_on_the_authors_plots_takes_its_threshold_from_them(mbmf, judged):
    write_text(judged / "config/claims.yaml", "claims:" + PLOTTED)
    write_text(judged / "config/authors_plots.yaml", plots(swimmer="[3.0]"))
    write_text(
        judged / "results/smoke/tables/figure_7.csv",
        "kind,agent,seed,iteration,env_steps,return\nmodel_based,swimmer,0,0,1,2\n",
    )
    status, _, err = mbmf("claims", "--scale", "smoke", "--write")
    assert (status, err) == (0, "factor.swimmer: figure_7: lacks the columns authors_steps\n")
    (record,) = json.loads((judged / "results/smoke/claims.json").read_text())
    assert record["threshold"] == [2.0, 4.5]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "config/authors_plots.yaml: no such configuration file"),
        ("[1]", "config/authors_plots.yaml: should hold a mapping"),
        (plots(ant="[]"), "config/authors_plots.yaml: ant.time_to_max.0.factor: "),
        (plots(ant="[0]"), "config/authors_plots.yaml: ant.time_to_max.0.factor.0: "),
        (plots(ant="high"), "config/authors_plots.yaml: ant.time_to_max.0.factor: "),
        (plots().replace("8000, ", ""), "config/authors_plots.yaml: swimmer.curves.Mb.0: "),
    ],
)
def test_wrong_readings_of_the_authors_plots_are_refused(mbmf, judged, content, message):
    write_text(judged / "config/claims.yaml", "claims:" + PLOTTED)
    if content is not None:
        write_text(judged / "config/authors_plots.yaml", content)
    status, out, err = mbmf("claims", "--scale=smoke")
    assert (status, out) == (2, "")
    assert err.startswith(message)
    assert err.count("\n") == 1


def test_a_plot_of_any_agent_is_read(mbmf, judged):
    write_text(judged / "config/claims.yaml", "claims:" + PLOTTED.replace("swimmer", "walker"))
    write_text(judged / "config/authors_plots.yaml", plots(walker="[3.0]"))
    table = "kind,agent,seed,iteration,env_steps,authors_steps,return\nmodel_based,ant,0,0,1,1,2\n"
    write_text(judged / "results/smoke/tables/figure_7.csv", table)
    assert mbmf("claims", "--scale", "smoke", "--write")[0] == 0
    (record,) = json.loads((judged / "results/smoke/claims.json").read_text())
    assert (record["threshold"], record["why"]) == ([2.0, 4.5], "walker is not run at this scale")


def test_a_claim_on_a_table_that_is_not_there_is_one_line(mbmf, judged):
    text = CLAIM.format(id="start", threshold=0)
    wrong = CLAIM.format(id="other", threshold=0).replace("table: figure_6", "table: no_table")
    write_text(judged / "config/claims.yaml", "claims:" + text + wrong)
    status, out, err = mbmf("claims", "--scale=smoke")
    assert status == 2
    assert err.splitlines()[-1] == (
        "other.swimmer: results/smoke/tables: there is no table no_table (tables there: figure_6)"
    )
    assert "reproduced" in out


def test_a_table_is_found_whatever_its_format_is(mbmf, judged):
    csv = judged / "results/smoke/tables/figure_6.csv"
    write_table(csv.with_suffix(".parquet"), read_table(csv))
    status, _, err = mbmf("claims", "--scale=smoke")
    assert status == 2
    assert "figure_6 is there as CSV and as Parquet" in err
    csv.unlink()
    assert mbmf("claims", "--scale=smoke")[::2] == (0, "")


MEDIAN = """
  - id: middle
    claim: The median return is above 15.
    source: ours
    table: figure_6
    statistic: {name: examples/statistic.py, iteration: 0}
    comparison: above
    threshold: 15
    agents: [swimmer]
"""


@pytest.fixture
def example(judged):
    """The example of a statistic of one's own, and a claim that uses it."""
    shipped = Path(__file__).parents[3] / "examples/statistic.py"
    write_text(judged / "examples/statistic.py", shipped.read_text(encoding="utf-8"))
    write_text(judged / "config/claims.yaml", "claims:" + MEDIAN)
    return judged


def test_a_claim_may_ask_for_a_statistic_of_ones_own(mbmf, example):
    """Each seed's median of 10 + seed and 20 + 2 seed; their mean over seeds 0 to 3 is 17.25."""
    status, out, err = mbmf("claims", "--scale", "smoke", "--write")
    assert (status, err) == (0, "")
    assert re.search(r"undecided +middle\.swimmer +17\.25 .*> 15 +4 +figure_6$", out, re.MULTILINE)
    (record,) = json.loads((example / "results/smoke/claims.json").read_text())
    assert record["statistic"] == pytest.approx(17.25)


def test_settings_of_ones_own_statistic_are_checked_by_name(mbmf, example):
    write_text(example / "config/claims.yaml", "claims:" + MEDIAN.replace("iteration", "step"))
    status, _, err = mbmf("claims", "--scale", "smoke")
    assert status == 2
    assert "claims[0] (middle): statistic.iteration: missing; it must be set" in err
    assert "claims[0] (middle): statistic.step: unknown key" in err


def test_code_of_the_statistics_that_are_asked_for_counts_and_of_no_others(example):
    claims = example / "config/claims.yaml"
    assert statistics.sources(claims) == ["examples/statistic.py"]
    write_text(claims, "claims:" + CLAIM.format(id="start", threshold=0) + MEDIAN)
    both = ["examples/statistic.py", "mbmf.analysis.statistics.return_difference"]
    assert statistics.sources(claims) == both
    write_text(claims, "claims:" + MEDIAN.replace("examples/", "no_such_folder/"))
    assert statistics.sources(claims) == []
    for content in ("claims: 1", "- 1", "{"):
        write_text(claims, content)
        assert statistics.sources(claims) == []
    assert statistics.sources(example / "no_such_file.yaml") == []
