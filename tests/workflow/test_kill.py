"""`kill -9` in the middle: the same command goes on, and ends in the same bytes."""

import os
import random
import re
import shutil
import signal
import subprocess
import time
from contextlib import suppress

import psutil
import pytest

pytestmark = pytest.mark.workflow

# Figure 7's table of one agent and seed: random data, Algorithm 1, imitation and TRPO.
TARGET = "results/smoke/tables/figure_7.csv"
OVERLAY = "figures: {figure_7: {agents: [swimmer], seeds: [0]}}"
COMMAND = [
    "snakemake", "--cores", "2", "--configfile", "config/smoke.yaml", "one.yaml", "--", TARGET,
]  # fmt: skip
ALL = ["snakemake", "--cores", "2", "--configfile", "config/smoke.yaml"]
REPRO = ["dvc", "repro", "workflow/dvc/smoke/dvc.yaml"]


@pytest.fixture
def small(clone):
    """A fresh clone with the overlay of one agent and seed."""
    (clone.folder / "one.yaml").write_text(OVERLAY)
    return clone


def jobs_of(pid):
    """Processes of `mbmf <step>` below a process."""
    found = []
    with suppress(psutil.Error):
        for process in psutil.Process(pid).children(recursive=True):
            with suppress(psutil.Error):  # it has ended just now
                if any(word.endswith("/mbmf") for word in process.cmdline()[:2]):
                    found.append(process)
    return found


def runs_step(pid, step):
    for job in jobs_of(pid):
        with suppress(psutil.Error):
            if step in job.cmdline():
                return True
    return False


def alive(process):
    """Whether a process still runs. The system may take its time to bury one whose parent died."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing came of it"
        time.sleep(0.05)


@pytest.mark.long
@pytest.mark.xdist_group("finished")
def test_killed_again_and_again_the_same_command_ends_in_the_same_bytes(small, finished):
    for step in ("random-data", "model-based", "imitation", "trpo"):
        process = small.start(*COMMAND)
        wait_for(lambda step=step, process=process: runs_step(process.pid, step))
        jobs = jobs_of(process.pid)
        process.kill()
        process.wait()
        # No job outlives its Snakemake: it would meet the next call's at its checkpoint.
        wait_for(lambda jobs=jobs: not any(map(alive, jobs)), 20)
    done = small.run(*COMMAND)
    assert done.returncode == 0, done.stdout[-3000:]
    for pattern in ("runs/**/curve.csv", "models/**/*.safetensors", "data/**/*.safetensors"):
        found = small.files(f"results/smoke/{pattern}")
        expected = finished.files(f"results/smoke/{pattern}")
        assert found
        for path, content in found.items():
            assert content == expected[path], path


def test_a_second_call_is_refused_and_named(small):
    first = small.start(*COMMAND)
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


def test_dvc_killed_while_its_snakemake_starts(tiny):
    process = tiny.start(*REPRO)
    dvc = psutil.Process(process.pid)

    def snakemake_starts():
        with suppress(psutil.Error):  # it has ended just now
            return any("snakemake" in " ".join(each.cmdline()) for each in dvc.children())
        return False

    wait_for(snakemake_starts)
    below = dvc.children(recursive=True)
    process.kill()
    process.wait()
    wait_for(lambda: not any(map(alive, below)), 20)
    # It has not ended because it was through.
    assert not list(tiny.folder.glob("results/smoke/data/**/*.safetensors"))


# They have logs of their iterations, of which a kill may cost the one under way.
KINDS = ("model_based", "imitation", "trpo")


class Iterations:
    """How far each run of a clone has come, by the lines in its log."""

    def __init__(self, clone):
        self.folder = clone.folder / "results/smoke/logs"
        self.seen = {}
        self.reached = {}

    def check(self):
        """No run fell behind by more than it may since the last time."""
        for kind in KINDS:
            for path in self.folder.glob(f"{kind}/**/*.log"):
                text = path.read_text(errors="replace")
                found = [int(number) for number in re.findall(r"iteration (\d+)/", text)]
                if not found:
                    continue
                if not text.startswith(self.seen.get(path, "\0")):
                    reached = self.reached.get(path, 0)
                    assert found[0] >= reached, (path, reached, text)
                self.seen[path] = text
                self.reached[path] = max(found[-1], self.reached.get(path, 0))


def left_over(clone):
    """Parts of files, and checkpoints of runs that are over."""
    return [
        path
        for path in (clone.folder / "results").rglob("*")
        if path.name.startswith(".") or ("runs" in path.parts and path.suffix == ".safetensors")
    ]


def start_again(clone):
    """Nothing is left to kill: wipe what was made."""
    for path in ("results", ".snakemake", ".dvc/cache", ".dvc/tmp", "workflow/dvc/smoke/dvc.lock"):
        shutil.rmtree(clone.folder / path, ignore_errors=True)
    (clone.folder / "workflow/dvc/smoke/dvc.lock").unlink(missing_ok=True)


def kill(process, victim, draw):
    """Kill -9 the victim and say whether it was there; all of its jobs must end with it."""
    jobs = jobs_of(process.pid)
    if victim == "job":
        if not jobs:
            return False
        with suppress(psutil.Error):
            draw.choice(jobs).kill()
        return True
    if process.poll() is not None:
        return False
    below = psutil.Process(process.pid).children(recursive=True)
    if victim == "everything":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
    wait_for(lambda: not any(map(alive, below)), 20)
    return True


@pytest.mark.long
@pytest.mark.parametrize(
    ("victim", "command", "kills", "seed"),
    [
        # Two groups, for two workers.
        pytest.param("job", ALL, 10, 1, marks=pytest.mark.xdist_group("tiny"), id="job"),
        pytest.param("snakemake", ALL, 8, 2, marks=pytest.mark.xdist_group("tiny"), id="snakemake"),
        pytest.param(
            "everything", ALL, 8, 3, marks=pytest.mark.xdist_group("kill"), id="everything"
        ),
        pytest.param("dvc", REPRO, 8, 4, marks=pytest.mark.xdist_group("kill"), id="dvc"),
    ],
)
def test_killed_at_random_instants(tiny, undisturbed, victim, command, kills, seed):
    draw = random.Random(seed)
    iterations = Iterations(tiny)
    # Instants over most of the workflow, however fast the machine is.
    longest = undisturbed.seconds / 6
    while kills:
        process = tiny.start(*command)
        while kills and process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(draw.uniform(0, longest))
            kills -= kill(process, victim, draw)
        code = process.wait()
        iterations.check()
        if code == 0:
            assert tiny.digests() == undisturbed.digests()
            start_again(tiny)
            iterations = Iterations(tiny)
    done = tiny.run(*command, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:]
    iterations.check()
    assert tiny.digests() == undisturbed.digests()
    assert not left_over(tiny)
    again = tiny.run(*ALL, "--dry-run")
    assert "Nothing to be done" in again.stdout, again.stdout[-2000:]


@pytest.mark.long
@pytest.mark.xdist_group("tiny")
def test_a_machine_that_sleeps(tiny, undisturbed):
    draw = random.Random(5)
    process = tiny.start(*ALL)
    while process.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(draw.uniform(0, undisturbed.seconds / 4))
            break
        os.killpg(process.pid, signal.SIGSTOP)
        time.sleep(draw.uniform(0, 5))
        os.killpg(process.pid, signal.SIGCONT)
    assert process.wait() == 0
    assert tiny.digests() == undisturbed.digests()


@pytest.mark.parametrize("victim", ["snakemake", "dvc"])
def test_sigterm_ends_all_in_seconds_and_the_same_command_goes_on(tiny, victim):
    command = [*ALL, "--", "all_model_based"] if victim == "snakemake" else REPRO
    overlay = tiny.folder / "config/smoke.yaml"
    overlay.write_text(overlay.read_text().replace("iterations: 4,", "iterations: 100000,"))

    def log_says(words):
        found = (tiny.folder / "results/smoke/logs/model_based").rglob("*.log")
        return any(words in path.read_text() for path in found)

    for words in ("iteration 2/", "going on from there"):
        process = tiny.start(*command)
        wait_for(lambda words=words: log_says(words), 300)
        below = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        assert process.wait(20) != 0
        wait_for(lambda below=below: not any(map(alive, below)), 20)
