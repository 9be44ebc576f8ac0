"""Whose package runs in a checkout, and times of files in a fresh clone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mbmf.base.errors import InputError
from mbmf.workflow.checkout import level_times, refuse_other_package, require_checkout

ROOT = Path(__file__).parents[3]


def git(folder, *command):
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *identity, *command], cwd=folder, check=True)


@pytest.fixture
def repository(tmp_path):
    for number, name in enumerate(
        ["runs/curve.csv", "tables/table.csv", "notebook.ipynb", "src.py"]
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
        os.utime(path, (1000 - number, 1000 - number))
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "all")
    return tmp_path


def times(folder):
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime
        for path in folder.rglob("*.*")
        if ".git" not in path.parts and path.is_file()
    }


def test_committed_files_of_the_places_get_the_oldest_time(repository):
    level_times(repository, "runs", "tables", "notebook.ipynb")
    assert times(repository) == {
        "runs/curve.csv": 998,
        "tables/table.csv": 998,
        "notebook.ipynb": 998,
        "src.py": 997,
    }


@pytest.mark.parametrize("staged", [False, True])
def test_a_file_changed_since_keeps_its_time(repository, staged):
    (repository / "notebook.ipynb").write_text("changed")
    os.utime(repository / "notebook.ipynb", (2000, 2000))
    (repository / "tables/new.csv").write_text("new")
    os.utime(repository / "tables/new.csv", (3000, 3000))
    if staged:
        git(repository, "add", "notebook.ipynb")
    level_times(repository, "runs", "tables", "notebook.ipynb")
    found = times(repository)
    assert found["notebook.ipynb"] == 2000
    assert found["tables/new.csv"] == 3000
    assert found["runs/curve.csv"] == found["tables/table.csv"] == 999


def test_a_deleted_file_is_no_matter(repository):
    (repository / "runs/curve.csv").unlink()
    level_times(repository, "runs", "tables")
    assert not (repository / "runs/curve.csv").exists()


def test_nothing_committed_there_and_no_repository_at_all(repository, tmp_path_factory):
    before = times(repository)
    level_times(repository, "nowhere")
    assert times(repository) == before
    level_times(tmp_path_factory.mktemp("bare"), "runs")


def test_pulled_files_get_the_same_time(repository):
    (repository / "models").mkdir()
    pulled = repository / "models/models.safetensors"
    pulled.write_text("pulled")
    level_times(repository, "runs", pulled=("models", "nowhere"))
    assert times(repository)["models/models.safetensors"] == times(repository)["runs/curve.csv"]


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
