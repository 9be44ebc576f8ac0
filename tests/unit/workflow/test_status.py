"""Where each job stands, how long the rest takes, and what `mbmf status` prints."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snakemake.utils import Paramspace

from mbmf.base.errors import InputError
from mbmf.experiments.runs import ModelBasedRun, table_of_runs, with_sources
from mbmf.storage.code_digest import code_digest
from mbmf.workflow import run_cost
from mbmf.workflow.jobs import (
    Job,
    jobs_of,
    run_path,
    with_all_before,
)
from mbmf.workflow.overlays import configuration_of, overlays_of
from mbmf.workflow.status import State, commands_here, duration, report, standings
from mbmf.workflow.time_left import Measurement, estimate, measurements, time_left

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def repository(tmp_path, monkeypatch):
    """An empty folder with the repository's configuration."""
    (tmp_path / "config").symlink_to(ROOT / "config")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def smoke():
    return configuration_of(overlays_of("smoke", []))


@pytest.fixture
def stand(smoke):
    """States of the smoke scale's jobs by name."""
    ends = jobs_of(smoke)
    results = Path("results/smoke")

    def look(commands=()):
        everything = with_all_before(ends.values())
        found = standings(everything, list(ends.values()), results, "smoke", [], commands)
        return {name: standing.state for name, standing in found.items()}

    return look


def all_runs(configuration, kind):
    asked = [run for one in configuration.experiments.values() for run in one.asked_for()]
    return [run for run in with_sources(asked) if run.kind == kind]


def jobs_by_rule(configuration, rule):
    jobs = with_all_before(jobs_of(configuration).values())
    return [job for job in jobs if job.rule == rule]


def write(path, text=""):
    path = Path("results/smoke", path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def finish(job, code=None):
    write(job.output)
    if job.folder:
        digest = code or code_digest(*job.code)
        write(f"{job.folder}/provenance.json", json.dumps({"code": digest}))


@pytest.mark.parametrize("scale", ["paper", "quick", "smoke"])
def test_paths_are_those_of_paramspace(scale):
    configuration = configuration_of(overlays_of(scale, []))
    for kind in ("model_based", "imitation", "trpo"):
        runs = all_runs(configuration, kind)
        space = Paramspace(table_of_runs(runs), single_wildcard="run")
        assert [run_path(run) for run in runs] == list(space.instance_patterns)


def test_each_job_comes_once_and_after_what_it_waits_for(smoke):
    jobs = with_all_before(jobs_of(smoke).values())
    names = [job.name for job in jobs]
    assert len(set(names)) == len(names)
    for index, job in enumerate(jobs):
        assert {before.name for before in job.after} <= set(names[:index])


def test_nothing_is_done_in_a_fresh_folder(stand):
    assert set(stand().values()) == {State.MISSING}


def test_a_run_of_this_code_is_done_and_needs_its_data_no_more(smoke, stand):
    (job,) = (job for job in jobs_by_rule(smoke, "trpo") if "hopper/start~random" in job.name)
    finish(job)
    assert stand()[job.name] == State.DONE
    figure = jobs_of(smoke)["figure_5"]
    finish(figure)
    states = stand()
    assert states["figure_5"] == State.DONE
    # The claims still ask for the table, and that for the predictions.
    assert states["figure_5_tables"] == State.MISSING
    finish(figure.after[0])
    states = stand()
    for prediction in figure.after[0].after:
        assert states[prediction.name] == State.UNNEEDED


@pytest.mark.parametrize("provenance", ['{"code": "0123456789abcdef"}', "{}", "[]", "{", None])
def test_a_run_of_other_or_unknown_code_is_old(smoke, stand, provenance):
    job = jobs_by_rule(smoke, "model_based")[0]
    write(job.output)
    if provenance is not None:
        write(f"{job.folder}/provenance.json", provenance)
    write(job.handed_on)
    assert stand()[job.name] == State.OLD


def test_mb_mf_rests_on_the_code_of_imitation_too(smoke, stand):
    by_start = {"random": 0, "imitation": 0}
    for job in jobs_by_rule(smoke, "trpo"):
        finish(job, code=code_digest(*job.code[:2]))  # the step and the task
        write(job.handed_on)
    states = stand()
    for job in jobs_by_rule(smoke, "trpo"):
        start = "imitation" if "start~imitation" in job.name else "random"
        by_start[start] += 1
        assert states[job.name] == (State.DONE if start == "random" else State.OLD)
    assert min(by_start.values()) > 0


def test_a_run_whose_model_is_gone_is_made_anew_for_the_run_that_needs_it(smoke, stand):
    (imitation,) = (job for job in jobs_by_rule(smoke, "imitation") if "swimmer" in job.name)
    (source,) = imitation.after
    finish(source)
    assert stand()[source.name] == State.MISSING
    write(source.handed_on)
    states = stand()
    assert (states[source.name], states[imitation.name]) == (State.DONE, State.MISSING)


@pytest.mark.parametrize(
    ("log", "state"),
    [
        ("swimmer seed 0: iteration 1/2, 480 steps, return 1.22, loss 9.8, 0 s left", "stopped"),
        ("a/checkpoint.safetensors: going on from there", "stopped"),
        ("a/data.safetensors: no such file", "failed"),
        ("iteration 2 of swimmer, seed 0: loss is nan", "failed"),
        ("swimmer seed 0: iteration 1/2\nTraceback (most recent call last):\nKeyError", "failed"),
        ("", "missing"),
        ("  \n", "missing"),
    ],
)
def test_what_an_unfinished_runs_log_tells(smoke, stand, log, state):
    job = jobs_by_rule(smoke, "model_based")[0]
    write(job.log, log)
    assert stand()[job.name] == state


def test_a_run_with_a_checkpoint_was_stopped(smoke, stand):
    job = jobs_by_rule(smoke, "imitation")[0]
    write(f"{job.folder}/expert.safetensors")
    assert stand()[job.name] == State.STOPPED


def test_what_runs_is_known_by_its_command(smoke, stand):
    job, other = jobs_by_rule(smoke, "model_based")[:2]
    log, folder = f"results/smoke/{job.log}", f"results/smoke/{job.folder}"
    for command in (
        ["bash", "-c", f"mbmf model-based --seed 0 > '{log}' 2>&1"],
        ["mbmf", "model-based", "--output", folder],
    ):
        states = stand([command])
        assert (states[job.name], states[other.name]) == (State.RUNNING, State.MISSING)
    reader = ["mbmf", "tabulate", f"{folder}/curve.csv"]
    assert stand([reader])[job.name] == State.MISSING


def test_commands_of_this_folder_only(repository, tmp_path_factory):
    sleeper = [sys.executable, "-c", "input()", "mark"]
    folders = (repository, tmp_path_factory.mktemp("elsewhere"))
    started = [subprocess.Popen(sleeper, cwd=cwd, stdin=subprocess.PIPE) for cwd in folders]
    try:
        assert commands_here().count(sleeper) == 1
    finally:
        for process in started:
            process.communicate(b"\n")


def measured(**changes):
    facts = {"scale": "smoke", "rule": "model_based", "agent": "ant", "work": 10.0}
    facts |= {"seconds": 9.0, "start": 4.0, "pace": 0.5}
    return Measurement(**facts | changes)


def job_of(rule="model_based", agent="ant", units=100.0, folder="f"):
    return Job(rule, "n", "o", agent=agent, folder=folder, work=units)


def test_estimate_goes_by_the_same_scale_first():
    known = [measured(), measured(scale="quick", seconds=20.0, work=40.0)]
    assert estimate(job_of(), "quick", known) == 100 * 20 / 40
    assert estimate(job_of(), "paper", known) == 4 + 100 * 0.5


def test_estimate_goes_by_the_same_agent_then_by_any():
    known = [measured(), measured(agent="swimmer", pace=0.25)]
    assert estimate(job_of(agent="swimmer"), "paper", known) == 4 + 100 * 0.25
    assert estimate(job_of(agent="hopper"), "paper", known) == 4 + 100 * 0.375


def test_imitation_is_planning_too():
    assert estimate(job_of(rule="imitation"), "paper", [measured()]) == 4 + 100 * 0.5


def test_what_is_short_takes_as_long_as_elsewhere_or_as_a_process_starts():
    table = job_of(rule="figure_6_table", agent="", units=1.0, folder=None)
    assert estimate(table, "paper", [measured()]) == 4
    known = [measured(), measured(rule="figure_6_table", agent="", work=1.0, seconds=2.5,
                                  start=None, pace=None)]  # fmt: skip
    assert estimate(table, "paper", known) == 2.5


def test_nothing_measured_is_unknown():
    assert estimate(job_of(), "paper", []) is None
    assert estimate(job_of(rule="trpo"), "paper", [measured()]) is None
    assert estimate(job_of(folder=None), "paper", []) is None


def benchmark(job, seconds, resumed=False, pieces=({"training": 1.0, "rollouts": 2.0},) * 3):
    finish(job)
    write(job.benchmark, f"s\th:m:s\n{seconds}\t0:00:12\n")
    facts = {"code": "x", "resumed": resumed, "seconds": list(pieces)}
    write(f"{job.folder}/provenance.json", json.dumps(facts))


def test_measurements_are_read_from_benchmarks_and_provenance(smoke):
    first, second, third = jobs_by_rule(smoke, "model_based")[:3]
    benchmark(first, 12.5)
    benchmark(second, 3.0, resumed=True)  # its last stretch only
    write(third.benchmark, "s\th:m:s\n")
    jobs = with_all_before(jobs_of(smoke).values())
    (found,) = measurements(Path("results/smoke"), "smoke", jobs)
    assert found == Measurement(
        "smoke", "model_based", first.agent, first.work, 12.5, 3.5, 9.0 / first.work
    )


JOBS = st.lists(
    st.tuples(st.floats(0, 1e6), st.lists(st.integers(0, 20), max_size=3)), min_size=1, max_size=9
)


@given(JOBS, st.integers(1, 16))
def test_time_left_lies_between_its_bounds(drawn, cores):
    jobs = []
    for index, (_, after) in enumerate(drawn):
        before = tuple(jobs[number % index] for number in after) if index else ()
        jobs.append(Job("r", str(index), "o", before))
    seconds = {job.name: length for job, (length, _) in zip(jobs, drawn, strict=True)}
    left = time_left(jobs, seconds, cores)
    total = sum(seconds.values())
    assert total / cores <= left * (1 + 1e-9)
    assert max(seconds.values()) <= left <= total * (1 + 1e-9)
    assert time_left(jobs, seconds, cores + 1) <= left
    assert time_left(jobs, seconds | {jobs[-1].name: None}, cores) is None


def test_a_chain_cannot_be_shared():
    first = Job("r", "1", "o")
    chain = [first, Job("r", "2", "o", (first,)), Job("r", "3", "o")]
    assert time_left(chain, {"1": 10.0, "2": 10.0, "3": 4.0}, 2) == 20
    assert time_left(chain, {"1": 10.0, "2": 10.0, "3": 30.0}, 2) == 30
    assert time_left(chain, {"1": 10.0, "2": 10.0, "3": 30.0}, 1) == 50


def test_work_grows_as_the_method_does():
    paper = configuration_of([])
    own = paper.agents["swimmer"].model_based

    def units(parameter, value):
        run = ModelBasedRun("swimmer", own.replaced(parameter, value), 0)
        return run_cost.of_run(run)

    base = units("planning.num_samples", 5000)
    for parameter, value in (("planning.num_samples", 10000), ("planning.horizon", 40)):
        assert units(parameter, value) / base == pytest.approx(2, rel=0.1)
    assert units("dynamics.epochs", 60) > base


def test_work_of_trpo_is_simulator_steps():
    runs = all_runs(configuration_of([]), "trpo")
    free = next(run for run in runs if run.start is None)
    assert run_cost.of_run(free) == 500 * 50000 * 15


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "unknown"), (0, "0 s"), (119.4, "119 s"), (600, "10 min"), (12600, "3.5 h"),
     (864000, "10.0 d")],
)  # fmt: skip
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_report_shows_figures_failures_and_time(smoke):
    first, second = jobs_by_rule(smoke, "model_based")[:2]
    benchmark(first, 12.5)
    write(first.handed_on)
    write(second.log, "half_cheetah seed 1: iteration 1/2\nloss is nan\n")
    text = report(smoke, 4)
    assert "smoke scale, results/smoke, time left on 4 cores" in text
    head, five = (line.split() for line in text.split("\n")[2:4])
    assert head[:2] == ["jobs", "done"]
    assert five[:2] == ["figure_5", "8"]
    assert "running" not in text
    failed = text.index("\nfailed:\n")
    assert f"results/smoke/{second.log}" in text[failed:]
    assert "    loss is nan" in text[failed:]
    assert "1 made by older code; all of them again: 3 s" in text


@pytest.mark.parametrize("scale", ["nowhere", "../config/smoke", "a/b", "", "Smoke", "smo\nke"])
def test_no_such_scale(scale):
    with pytest.raises(InputError, match=r"^--scale .*: there is no file '?config/") as caught:
        overlays_of(scale, [])
    assert len(str(caught.value).splitlines()) == 1


def test_an_overlay_elsewhere(tmp_path):
    (tmp_path / "more.yaml").write_text("scale: more\nseeds: [7]\n")
    assert configuration_of(overlays_of("paper", [tmp_path / "more.yaml"])).scale == "more"


def test_nothing_is_written(smoke, repository):
    report(smoke, os.cpu_count() or 1)
    assert [path.name for path in repository.iterdir()] == ["config"]
