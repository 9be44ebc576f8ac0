"""`kill -9` in the middle: the same command goes on, and ends in the same bytes."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.workflow

# Figure 7's table of one agent and seed: random data, Algorithm 1, imitation and TRPO.
TARGET = "results/smoke/tables/figure_7.csv"
OVERLAY = "figures: {figure_7: {agents: [swimmer], seeds: [0]}}"
COMMAND = [
    "snakemake", "--cores", "2", "--configfile", "config/smoke.yaml", "one.yaml", "--", TARGET,
]  # fmt: skip


@pytest.fixture
def small(clone):
    """A fresh clone with the overlay of one agent and seed."""
    (clone.folder / "one.yaml").write_text(OVERLAY)
    return clone


def jobs_of(pid):
    found = []
    for process in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.Error):  # it has ended just now
            if "mbmf" in " ".join(process.cmdline()):
                found.append(process)
    return found


def runs_step(pid, step):
    for job in jobs_of(pid):
        with suppress(psutil.Error):
            if step in job.cmdline():
                return True
    return False


def start(clone, *command):
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(clone.folder / "src"),
    }
    return subprocess.Popen(
        command, cwd=clone.folder, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing came of it"
        time.sleep(0.05)


@pytest.mark.xdist_group("kill")
def test_killed_again_and_again_the_same_command_ends_in_the_same_bytes(small, finished):
    for step in ("random-data", "model-based", "imitation", "trpo"):
        process = start(small, *COMMAND)
        wait_for(lambda step=step, process=process: runs_step(process.pid, step))
        jobs = jobs_of(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()
        # No job outlives its Snakemake: it would meet the next call's at its checkpoint.
        _, alive = psutil.wait_procs(jobs, timeout=10)
        assert not alive
    done = small.run(*COMMAND)
    assert done.returncode == 0, done.stdout[-3000:]
    for pattern in ("runs/**/curve.csv", "models/**/*.safetensors", "data/**/*.safetensors"):
        found = small.files(f"results/smoke/{pattern}")
        expected = finished.files(f"results/smoke/{pattern}")
        assert found
        for path, content in found.items():
            assert content == expected[path], path


def test_a_second_call_is_refused_and_named(small):
    first = start(small, *COMMAND)
    lock = small.folder / ".snakemake" / "smoke.lock"
    wait_for(lambda: lock.exists() and lock.read_text() and jobs_of(first.pid))
    second = small.run(*COMMAND)
    assert second.returncode == 2
    assert f"another call (process {first.pid}) is at work on these results" in second.stdout
    assert "Traceback" not in second.stdout
    dry = small.run(*COMMAND[:3], "--dry-run", *COMMAND[3:])
    assert dry.returncode == 0, dry.stdout[-2000:]
    first.kill()
    first.wait()
