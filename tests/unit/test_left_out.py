"""What pytest says of tests whose programs are missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TEST = """
import pytest

@pytest.mark.chromium
def test_page():
    raise AssertionError("ran without the program")

def test_plain():
    pass

@pytest.mark.long
def test_long():
    pass

@pytest.mark.gpu
def test_kernel():
    raise AssertionError("ran without a GPU")
"""


@pytest.fixture
def suite(tmp_path):
    (tmp_path / "conftest.py").write_bytes((Path(__file__).parents[1] / "conftest.py").read_bytes())
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    chromium\n    gpu\n    long\n")
    (tmp_path / "test_it.py").write_text(TEST)

    def run(*arguments, **variables):
        names = set(os.environ) - {"MBMF_NOTHING_LEFT_OUT", "PYTEST_XDIST_WORKER"}
        environment = (
            {name: os.environ[name] for name in names}
            | {"PATH": "/nowhere", "CUDA_VISIBLE_DEVICES": ""}
            | variables
        )
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("processes", [[], ["-n", "2"]])
def test_a_missing_program_is_named_at_the_end(suite, processes):
    done = suite(*processes, "-m", "not long")
    assert done.returncode == 0, done.stdout
    end = done.stdout[done.stdout.index("tests left out") :]
    assert "1 for chromium: no chromium on this system" in end
    assert "those marked long: `make test-all` runs them too" in end
    assert "1 for gpu: none on this system" in end
    assert "1 passed, 2 skipped" in end


def test_nothing_is_said_when_nothing_was_left_out(suite):
    done = suite("-k", "plain or long")
    assert done.returncode == 0, done.stdout
    assert "left out" not in done.stdout
    assert "2 passed" in done.stdout


@pytest.mark.parametrize("processes", [[], ["-n", "2"]])
def test_where_nothing_may_be_left_out_a_missing_program_fails(suite, processes):
    done = suite(*processes, MBMF_NOTHING_LEFT_OUT="1")
    assert done.returncode == 1, done.stdout
    assert "left out, though nothing may be: chromium: no chromium" in done.stdout
    assert "though nothing may be: gpu" not in done.stdout
    assert "2 passed, 1 skipped, 1 error" in done.stdout
