"""The view of a long run: what has ended since the plan, and what it shows."""

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from mbmf.workflow import run_cost
from mbmf.workflow.dag import Dag
from mbmf.workflow.watch import view, watch, with_what_ended

PLANNED = 1000.0
RESULTS = Path("results/smoke")
TO_MAKE = ("output files have to be generated",)


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def dag(job, monkeypatch):
    """A figure of two runs; the first has ended before the plan was made."""
    monkeypatch.setattr(run_cost, "of_job", lambda job: 1.0)
    runs = [
        job(f"trpo/seed~{seed}", agent="ant", run=True, code="new", reasons=reasons)
        for seed, reasons in enumerate([(), TO_MAKE])
    ]
    figure = job("figure_7", *runs, output="notebooks/figure_7.ipynb", reasons=TO_MAKE)
    end(runs[0], 900, "ant seed 0: return 7")
    return Dag(RESULTS, (*runs, figure))


def end(job, time, told):
    """A job has ended well: its files, and Snakemake's measurement of it."""
    for path in job.output:
        write(path)
    write(job.log, f"{told}\n")
    write(job.benchmark, "s\th:m:s\n8.0\t0:00:08\n")
    os.utime(job.benchmark, (time, time))


def shown(dag):
    console = Console(file=io.StringIO(), width=100)
    console.print(view(dag, 1, 40))
    return console.file.getvalue()


def test_what_has_ended_since_the_plan_need_not_run(dag):
    assert [bool(job.reasons) for job in with_what_ended(dag, PLANNED).jobs] == [False, True, True]
    end(dag.jobs[1], 1001, "ant seed 1: return 8")
    seen = with_what_ended(dag, PLANNED)
    assert [bool(job.reasons) for job in seen.jobs] == [False, False, True]
    # The figure waits for the jobs of this plan, not for those of the one before.
    assert set(seen.jobs[2].after) <= set(seen.jobs)


def test_the_view_has_bars_time_left_and_the_last_returns_newest_first(dag):
    text = shown(dag)
    assert "figure 7" in text
    assert "1/3" in text
    end(dag.jobs[1], 1001, "ant seed 1: return 8")
    text = shown(with_what_ended(dag, PLANNED))
    assert "2/3" in text
    assert text.index("ant seed 1: return 8") < text.index("ant seed 0: return 7")


def test_watching_ends_when_all_is_done(dag):
    end(dag.jobs[1], 900, "ant seed 1: return 8")
    end(dag.jobs[2], 900, "drawn")
    done = with_what_ended(dag, 0.0)
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    watch(lambda: done, 1, console)
    assert "done" in console.file.getvalue()
