"""Where jobs stand, by Snakemake's answer, its records, and the files of runs."""

import os
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
import torch

from mbmf.storage.tensor_files import write_tensors
from mbmf.workflow.dag import Dag
from mbmf.workflow.job_states import FINISHED, Calls, State, read_calls, share, states

RESULTS = Path("results/smoke")
IDLE = Calls({}, None)
NAME = "trpo/agent~ant/start~random/seed~0"


@pytest.fixture(autouse=True)
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, text="", at=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if at is not None:
        os.utime(path, (at, at))


def finish(job):
    for path in job.output:
        write(path)


def checkpoint(job, done, total):
    facts = {
        "identity": {"kind": "model_free", "settings": {"trpo": {"iterations": total}}},
        "progress": {"curve": [{}] * done},
    }
    write_tensors(job.folder / "checkpoint.safetensors", {"a": torch.zeros(1)}, facts)


def state(job, calls=IDLE):
    return states(Dag(RESULTS, (job,)), calls)[job]


@pytest.fixture
def run(job):
    """Makes a run of TRPO."""
    return lambda *reasons, **facts: job(NAME, agent="ant", run=True, reasons=reasons, **facts)


def test_what_snakemake_would_not_run_is_finished_and_the_rest_is_not(run):
    for prepare in (lambda job: None, finish, lambda job: checkpoint(job, 1, 3)):
        prepare(run())
        assert state(run()) in FINISHED
        assert state(run("output files have to be generated")) not in FINISHED


@pytest.mark.parametrize(
    ("changed", "expected"),
    [("code", State.OLD), ("settings", State.OUTDATED), ("inputs", State.OUTDATED),
     ("record", State.OUTDATED)],
)  # fmt: skip
def test_a_run_with_another_record_is_of_older_code_or_outdated(run, changed, expected):
    job = run("updated input files", changed=changed)
    finish(job)
    assert state(job) == expected not in FINISHED
    # Its models are missing, as in a fresh clone.
    models = (*job.output, RESULTS / "models/trpo/policy.safetensors")
    assert state(type(job)(**{**vars(job), "output": models})) == expected
    job.output[0].unlink()
    assert state(job) == State.MISSING


def test_a_job_without_its_files_that_nothing_asks_for_is_not_needed(run, job):
    assert state(run()) == State.UNNEEDED
    assert state(job("figure_6_table")) == State.UNNEEDED
    finish(job("figure_6_table"))
    assert state(job("figure_6_table")) == State.DONE


def test_a_finished_run_stands_without_its_models(run):
    finish(run())
    whole = run()
    without = type(whole)(
        **{**vars(whole), "output": (*whole.output, RESULTS / "models/trpo/policy.safetensors")}
    )
    assert state(without) == State.DONE


def test_what_is_there_and_would_be_made_anew_is_outdated(run):
    finish(run())
    assert state(run("params have changed since last execution")) == State.OUTDATED


def test_a_begun_job_runs_if_this_call_began_it(run):
    job = run("output files have to be generated")
    begun = {job.output[0]: 100.0}
    assert state(job, Calls(begun, 99.0)) == State.RUNNING
    assert state(job, Calls(begun, 101.0)) == State.STOPPED
    assert state(job, Calls(begun, None)) == State.STOPPED
    assert state(job, Calls({}, 99.0)) == State.MISSING


def test_a_job_failed_that_printed_and_was_not_measured(run):
    job = run("output files have to be generated")
    write(job.log, "whatever it says", at=1000)
    assert state(job) == State.FAILED
    write(job.benchmark, at=999)  # of an earlier attempt
    assert state(job) == State.FAILED
    # It ended well; its outputs were deleted since.
    write(job.benchmark, at=1000)
    assert state(job) == State.MISSING


def test_progress_is_read_from_the_checkpoint(run):
    job = run("output files have to be generated")
    checkpoint(job, 3, 12)
    assert state(job) == State.STOPPED
    assert share(job, State.RUNNING) == 0.25
    assert share(job, State.MISSING) == 0
    assert share(job, State.DONE) == 1
    # A finished run keeps its checkpoint for a while; made anew, it starts from nothing.
    finish(job)
    assert share(job, State.RUNNING) == 0


@pytest.mark.parametrize("length", [1, 60, 300])
def test_snakemakes_records_name_the_files_begun(length):
    """Snakemake 9 cuts the base64 of a long name into pieces of a file name's length."""
    name = "results/smoke/" + "é/x" * length
    encoded = urlsafe_b64encode(name.encode()).decode()
    pieces = [encoded[at : at + 254] for at in range(0, len(encoded), 254)]
    record = Path(".snakemake/incomplete", *(f"@{piece}" for piece in pieces[:-1]), pieces[-1])
    write(record, "{}", at=1234)
    write(Path(".snakemake/incomplete/migration_underway"))
    assert read_calls("smoke").begun == {Path(name): 1234}


def test_the_records_are_snakemakes_own():
    """A job that Snakemake runs stands in its records while it does."""
    write(
        Path("Snakefile"), "rule a:\n  output: 'é'\n  shell: 'touch go; sleep 60; touch {output}'"
    )
    call = [sys.executable, "-m", "snakemake", "--cores", "1", "-q", "all", "--nolock"]
    process = subprocess.Popen(call, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        while not Path("go").exists():
            assert process.poll() is None
            time.sleep(0.05)
        assert list(read_calls("smoke").begun) == [Path("é")]
    finally:
        os.killpg(process.pid, 9)
        process.wait()


def test_a_call_is_at_work_while_the_process_lives_that_holds_the_lock(tmp_path_factory):
    lock = Path(".snakemake/smoke.lock")
    assert read_calls("smoke").since is None
    sleeper = [sys.executable, "-c", "input()"]
    for cwd, known in [(Path.cwd(), True), (tmp_path_factory.mktemp("elsewhere"), False)]:
        before = time.time()
        process = subprocess.Popen(sleeper, cwd=cwd, stdin=subprocess.PIPE)
        try:
            write(lock, str(process.pid))
            since = read_calls("smoke").since
            assert (since is not None) == known
            if known:
                assert abs(since - before) < 5
        finally:
            process.communicate(b"\n")
        assert read_calls("smoke").since is None
    for content in ("", "unknown", "-1"):
        write(lock, content)
        assert read_calls("smoke").since is None
