"""Locks and lives of processes, tried with real ones."""

import os
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest

from mbmf.base.errors import InputError
from mbmf.workflow.process_lifetimes import (
    end_with_dvc,
    hold_alone,
    remove_checkpoints,
    remove_left_over,
)

HOLDER = """
import sys, time
from pathlib import Path
from mbmf.workflow.process_lifetimes import hold_alone, remove_left_over
held = hold_alone(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""
CHILD = """
import os, time
from mbmf.workflow.process_lifetimes import end_with
end_with(int(os.environ["PARENT"]))
print("ready", os.getpid(), flush=True)
time.sleep(60)
"""
PARENT = """
import os, subprocess, sys
environment = os.environ | {"PARENT": str(os.getpid()), "DVC_STAGE": "stage"}
# By a shell, as Snakemake and DVC do it: the child's own parent is not who must live.
subprocess.run(["bash", "-c", f"{sys.executable} -c '{sys.argv[1]}'; true"], env=environment)
"""
STAGE = """
import os, sys, time
from mbmf.workflow.process_lifetimes import end_with_dvc
print(os.getpid(), flush=True)
sys.stdin.readline()
end_with_dvc()
print("goes on", flush=True)
time.sleep(60)
"""
# They adopt orphans, as the first process of a container does.
ADOPT = """
import ctypes, os, subprocess, sys, time
PR_SET_CHILD_SUBREAPER = 36
assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
command = [sys.executable, "-c", *sys.argv[1:]]
"""
SHELL = ADOPT + """os.execvp("bash", ["bash", "-c", '"$@"; sleep 60', "bash", *command])"""
PYTHON = ADOPT + "subprocess.run(command, start_new_session=True); time.sleep(60)"
TERMINATED = """
import subprocess, sys
from mbmf.workflow.process_lifetimes import end_jobs_on_signals
end_jobs_on_signals()
job = subprocess.Popen(["sleep", "60"])
try:
    print(job.pid, flush=True)
    job.wait()
except KeyboardInterrupt:
    sys.exit(130)
"""


def start(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", *map(str, arguments)],
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def gone(pid, seconds=40):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def test_a_lock_names_its_holder_and_ends_with_a_kill(tmp_path):
    path = tmp_path / "folder" / "quick.lock"
    holder = start(HOLDER, path)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(InputError, match=rf"quick\.lock: another call \(process {holder.pid}\)"):
        hold_alone(path)
    holder.kill()
    holder.wait()
    hold_alone(path).close()


def test_a_lock_is_free_again_when_its_file_is_closed(tmp_path):
    hold_alone(tmp_path / "x.lock").close()
    hold_alone(tmp_path / "x.lock").close()


def test_a_job_ends_with_the_process_that_it_was_started_for():
    parent = start(PARENT, CHILD)
    word, pid = parent.stdout.readline().split()
    assert word == "ready"
    assert psutil.pid_exists(int(pid))
    parent.kill()
    parent.wait()
    assert gone(int(pid))


def test_a_job_whose_starter_is_gone_already_ends_at_once():
    done = start("pass")
    done.wait()
    child = subprocess.run(
        [sys.executable, "-c", CHILD], env={"PARENT": str(done.pid)}, check=False, timeout=50
    )
    assert child.returncode == 1


@pytest.fixture(
    params=[
        pytest.param(((PARENT, STAGE), {}), id="by itself"),
        pytest.param(((PARENT, STAGE), {"DVC_STAGE": "outer"}), id="within a stage"),
        pytest.param(((SHELL, PARENT, STAGE), {}), id="adopted by a shell"),
        pytest.param(((PYTHON, PARENT, STAGE), {}), id="adopted by another session"),
    ],
)
def dvc(request, monkeypatch):
    """A process that called a stage, and the stage's process, which has yet to look for it."""
    monkeypatch.delenv("DVC_STAGE", raising=False)
    arguments, environment = request.param
    outermost = start(*arguments, **environment)
    stage = psutil.Process(int(outermost.stdout.readline()))
    yield outermost, stage.parent().parent(), stage
    outermost.kill()
    with suppress(psutil.Error):  # it has ended, as it should
        stage.kill()
    outermost.communicate()


def go_on(process):
    process.stdin.write("\n")
    process.stdin.flush()


def test_a_stage_ends_with_its_dvc(dvc):
    outermost, caller, stage = dvc
    go_on(outermost)
    assert outermost.stdout.readline() == "goes on\n"
    caller.kill()
    assert gone(stage.pid)


def test_a_stage_whose_dvc_ended_before_it_looked_ends_at_once(dvc):
    outermost, caller, stage = dvc
    shell = stage.parent()
    for process in (caller, shell):
        process.kill()
        assert gone(process.pid)
    go_on(outermost)
    assert gone(stage.pid)


def test_without_dvc_there_is_nobody_to_end_with(monkeypatch):
    monkeypatch.delenv("DVC_STAGE", raising=False)
    end_with_dvc()


def test_what_a_killed_writer_left_is_removed_and_nothing_else(tmp_path):
    killed = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path\n"
            "from mbmf.storage.atomic_files import written_whole\n"
            "with written_whole(Path(sys.argv[1])) as aside:\n"
            "    aside.write_text('a part'); print(flush=True); time.sleep(60)",
            tmp_path / "run" / "curve.csv",
        ],
        stdout=subprocess.PIPE,
    )
    killed.stdout.readline()
    killed.kill()
    killed.wait()
    kept = ["run/checkpoint.safetensors", "run/.gitignore", "run/.notes.md", "run/a.7.csv"]
    for name in kept:
        (tmp_path / name).write_text("whole")
    assert len(list((tmp_path / "run").iterdir())) == len(kept) + 1
    remove_left_over(tmp_path)
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.relative_to(tmp_path).as_posix() for path in left} == set(kept)


def test_checkpoints_stay_until_snakemake_knows_that_a_run_is_finished(tmp_path):
    results, incomplete = tmp_path / "results", tmp_path / "incomplete"
    names = [
        "finished/curve.csv",
        "finished/checkpoint.safetensors",
        "stopped/checkpoint.safetensors",
    ]
    for name in names:
        path = results / "runs/trpo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("whole")

    def left():
        return [name for name in names if (results / "runs/trpo" / name).exists()]

    incomplete.mkdir()
    (incomplete / "note").touch()
    remove_checkpoints(results, incomplete)
    assert left() == names
    (incomplete / "note").unlink()
    remove_checkpoints(results, incomplete)
    assert left() == ["finished/curve.csv", "stopped/checkpoint.safetensors"]
    remove_checkpoints(tmp_path / "none", tmp_path / "none")


def test_sigterm_ends_a_process_and_its_jobs():
    process = start(TERMINATED)
    job = int(process.stdout.readline())
    process.terminate()
    assert process.wait(20) == 130
    assert gone(job)
