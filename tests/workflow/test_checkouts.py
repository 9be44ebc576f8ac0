"""The code that runs is the checkout's, wherever the package was installed from."""

import os
import shutil
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow

TABLE = "results/smoke/tables/dyna_episodes.csv"
OTHER = "raise SystemExit('code of another checkout ran')\n"


@pytest.fixture
def elsewhere(tiny, tmp_path):
    """A clone, in an environment in which another checkout's package is installed."""
    shutil.copytree(tiny.folder / "src", tmp_path / "installed")
    (tmp_path / "installed/mbmf/__init__.py").write_text(OTHER)
    tiny.variables["PYTHONPATH"] = str(tmp_path / "installed")
    assert "another checkout ran" in tiny.run("mbmf", "status").stdout
    return tiny


def test_jobs_run_the_code_of_their_checkout_by_the_python_of_snakemake(elsewhere, tmp_path):
    """Where no environment is active, another one's `mbmf` may stand first in the path."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/mbmf").write_text("#!/bin/sh\necho of another environment; exit 1\n")
    (tmp_path / "bin/mbmf").chmod(0o755)
    elsewhere.variables["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    snakemake = Path(sys.executable).with_name("snakemake")
    overlay = ("--configfile", "config/smoke.yaml")
    done = elsewhere.run(str(snakemake), "--cores", "1", *overlay, "--", TABLE)
    assert done.returncode == 0, done.stdout[-3000:]
    assert (elsewhere.folder / TABLE).is_file()


@pytest.mark.long
def test_an_experiment_of_dvc_runs_the_code_of_its_copy(elsewhere):
    stage = "workflow/dvc/smoke/dvc.yaml:dyna"
    setting = "config/smoke.yaml:dyna.runs=2"
    done = elsewhere.run("dvc", "exp", "run", "--temp", "--name", "two", stage, "-S", setting)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "two" in elsewhere.run("dvc", "exp", "list", "--name-only").stdout.split()
    assert not (elsewhere.folder / TABLE).exists()


def test_without_a_package_of_its_own_nothing_is_planned(clone):
    (clone.folder / "src").rename(clone.folder / "source")
    done = clone.snakemake("--dry-run")
    assert done.returncode == 2, done.stdout
    (line,) = (line for line in done.stdout.splitlines() if "not the package that runs" in line)
    assert line.startswith(f"{clone.folder}/src/mbmf: ")
    assert "git restore src" in line
    assert "Traceback" not in done.stdout


def test_a_run_leaves_nothing_that_git_would_add(elsewhere):
    for arguments in (["--", TABLE], ["--dry-run"], ["--summary"]):
        done = elsewhere.snakemake(*arguments)
        assert done.returncode == 0, done.stdout[-3000:]
    assert elsewhere.run("git", "status", "--porcelain").stdout == ""
