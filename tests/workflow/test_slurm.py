"""The workflow on a Slurm of one node, started here."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.slurm,
    pytest.mark.long,
    # There is one /etc/slurm/slurm.conf.
    pytest.mark.xdist_group("slurm"),
]

# The executor plugin drops Slurm's variables, SLURM_CONF too.
CONFIGURATION = Path("/etc/slurm/slurm.conf")
TEXT = """
ClusterName=mbmf
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerParameters=batch_sched_delay=0,sched_interval=1
KillWait=5
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=8000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
COMMAND = [
    "snakemake", "--profile", "workflow/profiles/slurm", "--configfile", "config/smoke.yaml",
    # The profile's 40 seconds are kind to the queue of a real cluster.
    "--slurm-init-seconds-before-status-checks", "2",
]  # fmt: skip


def free_ports(count):
    with_sockets = [socket.socket() for _ in range(count)]
    for each in with_sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in with_sockets]
    for each in with_sockets:
        each.close()
    return ports


def call(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing came of it"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """A Slurm of this machine's name, with two cores and 8 GB of memory."""
    folder = tmp_path_factory.mktemp("slurm")
    before = CONFIGURATION.read_bytes() if CONFIGURATION.exists() else None
    if before and b"ClusterName=mbmf" in before:
        # Left by tests that were killed: every Snakemake would wait ten seconds for its Slurm.
        before = None
    for name in ("state", "spool"):
        (folder / name).mkdir()
    CONFIGURATION.parent.mkdir(exist_ok=True)
    CONFIGURATION.write_text(
        TEXT.format(host=socket.gethostname(), folder=folder, ports=free_ports(2))
    )
    os.environ["PATH"] += ":/usr/sbin"
    try:
        call("mungekey", "--create", f"--keyfile={folder}/munge.key")
        call(
            "munged", "--force", f"--key-file={folder}/munge.key",
            *(f"--{name}-file={folder}/munge.{name}" for name in ("log", "pid", "seed")),
            f"--socket={folder}/munge.socket",
        )  # fmt: skip
        call("slurmctld", "-c")
        call("slurmd", "-c")
        wait_for(lambda: "idle" in call("sinfo", "--noheader"), 60)
        yield folder
    finally:
        for name in ("slurmd.pid", "slurmctld.pid", "munge.pid"):
            with suppress(OSError, ValueError):
                os.kill(int((folder / name).read_text()), 15)
        if before is None:
            CONFIGURATION.unlink()
        else:
            CONFIGURATION.write_bytes(before)


# Random data, two runs of Algorithm 1, and their table.
TARGET = "results/smoke/tables/figure_6.csv"


@pytest.fixture(scope="module")
def expected(make_tiny, tmp_path_factory):
    """Digests of what this machine makes without Slurm."""
    clone = make_tiny(tmp_path_factory.mktemp("expected") / "mbmf")
    done = clone.snakemake("--", TARGET)
    assert done.returncode == 0, done.stdout[-3000:]
    return clone.digests()


@pytest.fixture
def on_slurm(tiny, slurm):  # noqa: ARG001
    """The smallest clone, and nothing in Slurm's queue before and after."""
    yield tiny
    call("scancel", "--user=root")
    wait_for(lambda: not call("squeue", "--noheader"), 60)


def running(name):
    """Slurm's jobs that run a rule."""
    lines = call("squeue", "--noheader", "--states=R", "--format=%i|%k").splitlines()
    return [line.split("|")[0] for line in lines if f"rule_{name}" in line]


def test_jobs_in_arrays_and_what_slurm_cancels_is_tried_again(on_slurm, expected):
    snakemake = on_slurm.start(*COMMAND, "--", TARGET)
    wait_for(lambda: running("model_based"), 600)
    call("scancel", running("model_based")[0])
    assert snakemake.wait(3000) == 0
    assert on_slurm.digests() == expected
    log = "".join(path.read_text() for path in (on_slurm.folder / ".snakemake/log").iterdir())
    assert "SLURM status is: 'CANCELLED'" in log
    assert "Trying to restart job" in log
    assert "array job" in log


def test_each_rule_has_threads_memory_and_time(on_slurm):
    """What Slurm was told of a job."""
    snakemake = on_slurm.start(*COMMAND, "--", "all_model_based")
    wait_for(lambda: running("model_based"), 600)
    job = call("scontrol", "show", "job", running("model_based")[0])
    snakemake.terminate()
    assert snakemake.wait(120) != 0
    for part in ("NumCPUs=1 ", "TimeLimit=12:00:00", "mem=200"):
        assert part in job, job
    # SIGTERM took the jobs out of the queue.
    wait_for(lambda: not call("squeue", "--noheader"), 60)


def test_jobs_of_a_killed_snakemake_do_not_meet_those_of_the_next(on_slurm, expected):
    first = on_slurm.start(*COMMAND, "--", "all_model_based")
    wait_for(lambda: running("model_based"), 600)
    left = call("squeue", "--noheader", "--format=%i").split()
    first.kill()
    first.wait()
    assert call("squeue", "--noheader", "--format=%i").split() == left
    done = on_slurm.run(*COMMAND, "--", TARGET, timeout=3000)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "Cancelling what an earlier call left in Slurm's queue" in done.stdout
    assert on_slurm.digests() == expected


def test_a_slurm_that_does_not_answer(tiny):
    """Told in one line, before anything is computed."""
    if CONFIGURATION.exists():
        shutil.move(CONFIGURATION, f"{CONFIGURATION}.aside")
    try:
        done = tiny.run(*COMMAND)
    finally:
        if Path(f"{CONFIGURATION}.aside").exists():
            shutil.move(f"{CONFIGURATION}.aside", CONFIGURATION)
    assert done.returncode != 0
    assert "Slurm does not answer" in done.stdout
    assert not (tiny.folder / "results").exists()
