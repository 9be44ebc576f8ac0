"""What `mbmf status` prints about jobs."""

from dataclasses import replace
from pathlib import Path

import pytest

from mbmf.workflow import run_cost
from mbmf.workflow.dag import Dag
from mbmf.workflow.status import duration, report

RESULTS = Path("results/smoke")
TO_MAKE = ("output files have to be generated",)


@pytest.fixture(autouse=True)
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def finish(job, seconds=12.5):
    for path in job.output:
        write(path)
    write(job.log)
    write(job.benchmark, f"s\th:m:s\n{seconds}\t0:00:12\n")


@pytest.fixture
def dag(job, monkeypatch):
    """A figure of two runs, of which the first has finished, and the verdicts on its table."""
    monkeypatch.setattr(run_cost, "of_job", lambda job: 1.0)
    runs = [
        job(f"model_based/seed~{seed}", agent="ant", run=True, code="new", reasons=reasons)
        for seed, reasons in enumerate([(), TO_MAKE])
    ]
    table = job("figure_6_table", *runs, output="tables/figure_6.csv", reasons=TO_MAKE)
    figure = job("figure_6", table, output="notebooks/figure_6.ipynb", reasons=TO_MAKE)
    claims = job("claims", table, output="claims.json", reasons=TO_MAKE)
    return Dag(RESULTS, (*runs, table, figure, claims))


def rows(text):
    return {line[:20].strip(): line.split() for line in text.split("\n")[2:] if line}


def test_a_row_for_each_figure_with_its_steps_and_one_for_what_rests_on_them(dag):
    finish(dag.jobs[0])
    lines = report(dag, 4).split("\n")
    assert lines[0] == "smoke scale, results/smoke, time left on 4 cores"
    assert [line.split("  ")[0] or line.strip().split("  ")[0] for line in lines[3:8]] == [
        "figure_6", "model based", "tables, figure", "claims", "all"
    ]  # fmt: skip
    head = lines[2].split("  ")
    assert [word.strip() for word in head if word] == ["jobs", "done", "missing", "time left"]
    assert lines[3].split() == ["figure_6", "4", "1", "3", "unknown"]
    assert lines[7].split() == ["all", "5", "1", "4", "unknown"]


def test_time_left_is_that_of_what_snakemake_would_run(dag):
    first, second, *rest = dag.jobs
    finish(first)
    for one in rest:
        write(one.benchmark, "s\th:m:s\n2.0\t0:00:02\n")
    assert rows(report(dag, 1))["all"][-2:] == [str(round(12.5 + 3 * 2)), "s"]
    finish(second)
    assert rows(report(dag, 1))["all"][-2:] == ["18", "s"]


def test_a_failed_job_is_shown_with_the_end_of_its_log(dag):
    second = dag.jobs[1]
    write(second.log, "a\nb\nc\nseed 1: iteration 1/2\n\nloss is nan\n")
    text = report(dag, 4)
    assert "running" not in text
    assert text.endswith(
        f"failed:\n  {second.log}\n    seed 1: iteration 1/2\n    \n    loss is nan"
    )


def test_outdated_jobs_are_shown_with_snakemakes_reasons(dag):
    for one in dag.jobs[1:4]:
        finish(one)
    assert report(dag, 4).endswith("outdated:\n  3: output files have to be generated")


def with_record(dag, index, changed):
    """The graph, where a finished job has another record."""
    jobs = list(dag.jobs)
    jobs[index] = replace(jobs[index], changed=changed, reasons=("updated input files",))
    finish(jobs[index])
    return Dag(RESULTS, tuple(jobs))


def test_older_code_is_counted(dag):
    text = report(with_record(dag, 0, "code"), 4)
    assert "1 made by older code; all of them again: 3 s" in text
    assert "outdated" not in text


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ("settings", "1: made with other settings"),
        ("inputs", "1: made from other inputs"),
        ("record", "1: without a record of what was asked for"),
    ],
)
def test_outdated_jobs_are_shown_with_what_changed(dag, changed, line):
    assert report(with_record(dag, 0, changed), 4).endswith(f"outdated:\n  {line}")


def test_nothing_is_written(dag, repository):
    report(dag, 1)
    assert list(repository.iterdir()) == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "unknown"), (0, "0 s"), (119.4, "119 s"), (600, "10 min"), (12600, "3.5 h"),
     (864000, "10.0 d")],
)  # fmt: skip
def test_duration(seconds, text):
    assert duration(seconds) == text
