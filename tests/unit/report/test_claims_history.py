"""When the claims were last changed, and which runs' code had them, in a repository made here."""

import subprocess

import pytest

from mbmf.report.claims_history import claims_history


def git(folder, *arguments):
    identity = ["-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", folder, *identity, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """Claims and commits: before the claims were changed, the change, and after it."""
    claims = tmp_path / "config/claims.yaml"
    claims.parent.mkdir()
    git(tmp_path, "init", "-q")
    commits = []
    for text, other in [("a", "0"), ("b", "0"), ("b", "1")]:
        claims.write_text(text)
        (tmp_path / "other").write_text(other)
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-q", "-m", text)
        commits.append(git(tmp_path, "rev-parse", "--short", "HEAD"))
    return claims, commits


def test_runs_before_and_after_the_last_change(repository):
    claims, (before, change, after) = repository
    told = claims_history(claims, [before, change, after, f"{after}-dirty", None, "0" * 7])
    day = git(claims.parent, "log", "-1", "--format=%cs", change)
    assert told == (
        f"The claims were last changed on {day} (commit {change}); 3 of 6 runs were made by code "
        "that had them as they are; 1 of 6 runs were made before that; 2 of 6 runs were made by "
        "code that this clone does not know."
    )


def test_a_change_that_is_not_committed_comes_after_every_run(repository):
    claims, (*_, after) = repository
    claims.write_text("c")
    assert "differ from that commit now, so every run was made before" in claims_history(
        claims, [after]
    )


def test_without_git_nothing_is_known(tmp_path):
    claims = tmp_path / "claims.yaml"
    claims.write_text("a")
    assert claims_history(claims, []) == "Git does not say when the claims were last changed."
