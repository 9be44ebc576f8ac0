"""What a report of an unfinished scale shows, and which jobs it starts."""

from pathlib import Path

import pytest

from mbmf.workflow.dag import Dag, Job
from mbmf.workflow.report_plan import ReportPlan

NEW = ("Missing output files",)


@pytest.fixture
def results(tmp_path):
    return tmp_path / "results"


def job_of(results, name, outputs, after=(), reasons=(), changed=""):
    record = "report/made" if name.endswith("page") else "made"
    paths = [results / path for path in (*outputs, f"{record}/{name}.json")]
    return Job(
        rule=name, name=name, wildcards={}, params={}, output=tuple(paths),
        log=results / f"logs/{name}.log", benchmark=results / f"benchmarks/{name}.tsv",
        after=tuple(after), reasons=tuple(reasons), changed=changed,
        input=tuple(path for one in after for path in one.output[:-1]),
    )  # fmt: skip


@pytest.fixture
def plan_of(results):
    """A plan with a figure and its page, and a run before it, by what Snakemake would run."""

    def make(run=(), figure=(), changed=""):
        one = job_of(results, "run", ["runs/curve.csv"], reasons=run, changed=changed)
        drawn = job_of(results, "figure", ["figures/a.svg"], [one], figure, changed)
        page = job_of(results, "figure_page", ["report/figure.html"], [drawn], NEW)
        runs = job_of(results, "runs_page", ["report/runs.html"], [one], NEW)
        return ReportPlan(Dag(results, (one, drawn, page, runs)), ("figure",))

    return make


def touch(path: Path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def test_nothing_is_shown_of_nothing(plan_of):
    plan = plan_of(NEW, NEW)
    assert (plan.pages, plan.drawn, plan.targets()) == ((), False, [])
    assert plan.unfinished == {"figure": "not drawn yet"}


def test_a_finished_figure_gets_its_page_and_no_other_job_is_planned(plan_of, results):
    touch(results / "figures/a.svg")
    plan = plan_of()
    assert [job.rule for job in plan.pages] == ["figure_page"]
    assert (plan.drawn, plan.unfinished, plan.is_stale(plan.pages[0])) == (True, {}, False)
    assert plan.targets() == [str(results / "figures/a.svg")]
    touch(results / "report/figure.html")
    assert plan.targets()[1:] == [str(results / "report/figure.html")]


def test_a_figure_of_older_runs_is_shown_and_marked(plan_of, results):
    touch(results / "figures/a.svg")
    plan = plan_of(NEW, NEW, "code")
    assert plan.targets() == [str(results / "figures/a.svg")]
    assert plan.is_stale(plan.pages[0])
    assert plan.unfinished["figure"].startswith("drawn by older code")


def test_a_figure_is_not_old_because_a_run_makes_a_missing_model_anew(plan_of, results):
    touch(results / "figures/a.svg")
    touch(results / "runs/curve.csv")
    plan = plan_of(run=NEW)
    assert [plan.is_stale(page) for page in plan.pages] == [False, False]
    assert plan.unfinished == {}
    older = plan_of(run=NEW, figure=NEW, changed="code")
    assert [older.is_stale(page) for page in older.pages] == [True, True]
