"""Whose package runs in a checkout."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mbmf.base.errors import InputError
from mbmf.workflow.checkout import refuse_other_package, require_checkout

ROOT = Path(__file__).parents[3]


@pytest.fixture
def other(tmp_path):
    """Another checkout, as far as it matters here."""
    package = tmp_path / "other/src/mbmf"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    return tmp_path / "other"


def test_the_checkout_of_the_running_package_is_the_one_to_work_in(tmp_path):
    refuse_other_package(ROOT)
    require_checkout(ROOT)
    (tmp_path / "link").symlink_to(ROOT)
    refuse_other_package(tmp_path / "link")
    require_checkout(tmp_path / "link")


def test_another_checkout_is_refused_with_both_packages_and_what_to_do(other):
    for refuse, told in (
        (refuse_other_package, f"PYTHONPATH={other}/src"),
        (require_checkout, "change to it"),
    ):
        with pytest.raises(InputError) as caught:
            refuse(other)
        line = str(caught.value)
        assert "\n" not in line
        assert line.startswith(str(other))
        assert str(ROOT / "src/mbmf") in line
        assert told in line


def test_a_folder_that_is_no_checkout_is_good_for_a_step_only(tmp_path):
    refuse_other_package(tmp_path)
    with pytest.raises(InputError, match="should be the root of the checkout"):
        require_checkout(tmp_path)
    with pytest.raises(InputError, match="should be the root of the checkout"):
        require_checkout(ROOT / "src")


def test_tests_of_another_checkout_do_not_begin(other):
    (other / "tests").mkdir()
    shutil.copy(ROOT / "tests/conftest.py", other / "tests")
    (other / "tests/test_it.py").write_text("def test_it(): pass")
    command = [sys.executable, "-m", "pytest", "tests"]
    done = subprocess.run(command, cwd=other, capture_output=True, text=True, check=False)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"{other}/src/mbmf: is not the package that runs" in done.stderr
    assert "passed" not in done.stdout
