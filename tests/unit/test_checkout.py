"""Times of files in a fresh clone."""

import os
import subprocess

import pytest

from mbmf.checkout import level_times


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
