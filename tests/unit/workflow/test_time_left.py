"""How long jobs take, by what finished ones took."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbmf.workflow import run_cost
from mbmf.workflow.dag import Job
from mbmf.workflow.time_left import (
    Measurement,
    estimate,
    measurements,
    measurements_elsewhere,
    time_left,
)

RESULTS = Path("results/smoke")


@pytest.fixture(autouse=True)
def repository(tmp_path, monkeypatch):
    """An empty folder, in which a job's parameter says how much work it is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_cost, "of_job", lambda job: float(job.params.get("units", 1)))


def measured(**changes):
    facts = {"kind": "model_based", "agent": "ant", "work": None}
    facts |= {"seconds": 9.0, "start": 4.0, "pace": 0.5}
    return Measurement(**facts | changes)


def here(**changes):
    return measured(**{"work": 10.0} | changes)


@pytest.fixture
def run(job):
    return lambda kind="model_based", agent="ant": job(
        f"{kind}/seed~0", agent=agent, run=True, units=100
    )


def test_estimate_goes_by_the_same_scale_first(run):
    elsewhere = measured(seconds=1000.0)
    assert estimate(run(), [here(), elsewhere]) == 100 * 9 / 10
    assert estimate(run(), [elsewhere]) == 4 + 100 * 0.5


def test_estimate_goes_by_the_same_agent_then_by_any(run):
    known = [measured(), measured(agent="swimmer", pace=0.25)]
    assert estimate(run(agent="swimmer"), known) == 4 + 100 * 0.25
    assert estimate(run(agent="hopper"), known) == 4 + 100 * 0.375


def test_imitation_is_planning_too(run):
    assert estimate(run("imitation"), [measured()]) == 4 + 100 * 0.5


def test_what_is_short_takes_as_long_as_elsewhere_or_as_a_process_starts(job):
    table = job("figure_6_table")
    assert estimate(table, [measured()]) == 4
    known = [measured(), measured(kind="figure_6_table", agent="", seconds=2.5, start=None,
                                  pace=None)]  # fmt: skip
    assert estimate(table, known) == 2.5


def test_nothing_measured_is_unknown(run, job):
    assert estimate(run(), []) is None
    assert estimate(run("trpo"), [measured()]) is None
    assert estimate(job("figure_6_table"), []) is None


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


PIECES = [{"training": 1.0, "rollouts": 2.0}] * 3


def benchmark(job, seconds, **facts):
    write(job.benchmark, f"s\th:m:s\n{seconds}\t0:00:12\n")
    if job.folder:
        write(job.folder / "provenance.json", json.dumps({"seconds": PIECES, **facts}))


def test_measurements_are_read_from_benchmarks_and_provenance(job):
    runs = [job(f"model_based/seed~{i}", agent="ant", run=True, units=18) for i in range(3)]
    benchmark(runs[0], 12.5, resumed=False)
    benchmark(runs[1], 3.0, resumed=True)  # its last stretch only
    write(runs[2].benchmark, "s\th:m:s\n")
    table = job("figure_6_table")
    benchmark(table, 2.0)
    assert measurements([*runs, table]) == [
        Measurement("model_based", "ant", 18.0, 12.5, 3.5, 9.0 / 18),
        Measurement("figure_6_table", "", 1.0, 2.0, None, None),
    ]


def test_other_scales_are_measured_by_their_files(tiny):
    settings = tiny.model_dump()
    other = Path("results/other")
    write(other / "benchmarks/model_based/seed~0.tsv", "s\th:m:s\n12.5\t0:00:12\n")
    facts = {"agent": "swimmer", "settings": settings, "seconds": PIECES}
    write(other / "runs/model_based/seed~0/provenance.json", json.dumps(facts))
    write(other / "benchmarks/figure_6.tsv", "s\th:m:s\n2.0\t0:00:02\n")
    write(RESULTS / "benchmarks/figure_6.tsv", "s\th:m:s\n7.0\t0:00:02\n")
    assert measurements_elsewhere(RESULTS) == [
        Measurement("figure_6", "", None, 2.0),
        Measurement(
            "model_based", "swimmer", None, 12.5, 3.5,
            9.0 / run_cost.of_model_based("swimmer", tiny),
        ),
    ]  # fmt: skip


JOBS = st.lists(
    st.tuples(st.floats(0, 1e6), st.lists(st.integers(0, 20), max_size=3)), min_size=1, max_size=9
)


def made(name, *after):
    return Job("r", name, {}, {}, (), None, None, after)


@given(JOBS, st.integers(1, 16))
def test_time_left_lies_between_its_bounds(drawn, cores):
    jobs = []
    for index, (_, after) in enumerate(drawn):
        before = tuple(jobs[number % index] for number in after) if index else ()
        jobs.append(made(str(index), *before))
    seconds = {job.name: length for job, (length, _) in zip(jobs, drawn, strict=True)}
    left = time_left(jobs, seconds, cores)
    total = sum(seconds.values())
    assert total / cores <= left * (1 + 1e-9)
    assert max(seconds.values()) <= left <= total * (1 + 1e-9)
    assert time_left(jobs, seconds, cores + 1) <= left
    assert time_left(jobs, seconds | {jobs[-1].name: None}, cores) is None


def test_a_chain_cannot_be_shared():
    first = made("1")
    chain = [first, made("2", first), made("3")]
    assert time_left(chain, {"1": 10.0, "2": 10.0, "3": 4.0}, 2) == 20
    assert time_left(chain, {"1": 10.0, "2": 10.0, "3": 30.0}, 2) == 30
    assert time_left(chain, {"1": 10.0, "2": 10.0, "3": 30.0}, 1) == 50
