"""Tests that need a GPU or programs of the system are left out without them, and named."""

import os
import shutil
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from mbmf.base.errors import InputError
from mbmf.workflow.checkout import refuse_other_package

# Threads of several workers that spin wait for one another: training took nine times as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# No test is timed: the first call of torch in a process takes half a second on a busy machine.
settings.register_profile("mbmf", deadline=None)
settings.load_profile("mbmf")

SYSTEM_PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
# Marker: programs that its tests start, and whether they must be root.
NEEDS = {
    "slurm": (("slurmctld", "slurmd", "munged", "mungekey", "sbatch", "squeue"), True),
    "ssh": (("sshd", "ssh-keygen"), False),
    "tmpfs": (("mount", "umount"), True),
    "chromium": (("chromium",), False),
}


def pytest_configure():
    """Tests of one checkout say nothing about the code of another."""
    try:
        refuse_other_package(Path(__file__).parents[1])
    except InputError as error:
        raise pytest.UsageError(str(error)) from None


def no_gpu():
    """Whether torch finds none; it is asked only where there is a driver, for it loads slowly."""
    if not shutil.which("nvidia-smi", path=SYSTEM_PATH):
        return True
    import torch

    return not torch.cuda.is_available()


@cache
def no_drawing():
    """Whether MuJoCo can draw in no way here."""
    from mbmf.agents.gl_backends import working_backend

    return working_backend() is None


def why_left_out(marker):
    """What the tests of a marker lack here; None if nothing."""
    programs, root = NEEDS[marker]
    missing = [name for name in programs if not shutil.which(name, path=SYSTEM_PATH)]
    if missing:
        return f"{marker}: no {', '.join(missing)} on this system"
    if root and os.geteuid() != 0:
        return f"{marker}: must be run as root"
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if item.get_closest_marker("gpu") and no_gpu():
        pytest.skip("gpu: none on this system")
    if item.get_closest_marker("drawing") and no_drawing():
        pytest.skip("drawing: neither EGL nor OSMesa on this system")
    for marker in NEEDS:
        if item.get_closest_marker(marker) and (why := why_left_out(marker)):
            pytest.skip(why)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    # CI must not call a test passed that it never ran; a GPU it cannot install.
    nothing = not item.get_closest_marker("gpu")
    if report.skipped and nothing and os.environ.get("MBMF_NOTHING_LEFT_OUT"):
        report.outcome = "failed"
        report.longrepr = f"left out, though nothing may be: {reason(report)}"
    return report


def reason(report):
    """Why a test was skipped."""
    return report.longrepr[2].removeprefix("Skipped: ")


def pytest_terminal_summary(terminalreporter, config):
    left_out = Counter(reason(report) for report in terminalreporter.stats.get("skipped", []))
    lines = [f"{count} for {why}" for why, count in sorted(left_out.items())]
    if config.option.markexpr == "not long":
        lines.append("those marked long: `make test-all` runs them too")
    if lines:
        terminalreporter.section("tests left out")
        for line in lines:
            terminalreporter.line(line)
