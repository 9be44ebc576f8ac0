"""The commit that a provenance names holds the code that ran."""

import subprocess

import pytest

import mbmf
from mbmf.storage.provenance import git_commit, provenance


def git(folder, *arguments):
    settings = ["-c", "user.name=someone", "-c", "user.email=someone@example.org"]
    done = subprocess.run(
        ["git", *settings, "-C", str(folder), *arguments],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def package(tmp_path):
    """A package's folder in a repository of its own, all committed."""
    git(tmp_path, "init", "-q")
    write(tmp_path / "src/package/__init__.py", "")
    write(tmp_path / "src/package/steps/run.py", "x = 1\n")
    write(tmp_path / "src/package/page.html.j2", "page\n")
    write(tmp_path / "results/curve.csv", "1\n")
    write(tmp_path / ".gitignore", "__pycache__/\n")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "-q", "-m", "all")
    return tmp_path / "src/package"


def head(package):
    return git(package, "rev-parse", "--short", "HEAD")


def test_a_clean_checkout_is_its_commit(package):
    assert git_commit(package) == head(package)
    git(package, "tag", "v1")  # a tag's name may move to another commit
    assert git_commit(package) == head(package)


@pytest.mark.parametrize(
    "path",
    [
        "results/curve.csv",
        "results/run/provenance.json",
        "dvc.lock",
        "tests/test_new.py",
        "src/package/__pycache__/run.cpython-311.pyc",
        "src/package/notes.txt",
    ],
)
def test_what_is_no_code_makes_nothing_dirty(package, path):
    write(package.parents[1] / path, "written by the running workflow\n")
    assert git_commit(package) == head(package)


@pytest.mark.parametrize("path", ["steps/run.py", "page.html.j2", "new.py", "steps/new.py"])
def test_changed_and_new_code_is_dirty(package, path):
    write(package / path, "x = 2\n")
    assert git_commit(package) == f"{head(package)}-dirty"
    git(package, "add", "--all", ".")
    assert git_commit(package) == f"{head(package)}-dirty"
    git(package, "commit", "-q", "-m", "more")
    assert git_commit(package) == head(package)


def test_missing_code_is_dirty(package):
    (package / "steps/run.py").unlink()
    assert git_commit(package) == f"{head(package)}-dirty"


def test_no_repository_no_commit(tmp_path, package):
    write(tmp_path / "venv/package/__init__.py", "")
    write(tmp_path / ".gitignore", "venv/\n")
    # Installed into an environment within somebody's repository, whose commits say nothing of it.
    assert git_commit(tmp_path / "venv/package") is None
    (tmp_path / ".git").rename(tmp_path / "no-git")
    assert git_commit(package) is None


def test_no_git_no_commit(package, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert git_commit(package) is None


def test_a_provenance_names_the_packages_own(monkeypatch):
    asked = []
    monkeypatch.setattr("mbmf.storage.provenance.git_commit", asked.append)
    provenance("cpu", [], resumed=False)
    assert [str(path / "__init__.py") for path in asked] == [mbmf.__file__]
