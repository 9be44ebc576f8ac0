"""A clone of the repository in which tests run Snakemake and DVC as a user does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IGNORED = shutil.ignore_patterns(
    ".venv*", ".snakemake", "results", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info"
)


class Clone:
    """A copy of the working tree under git, with its own package on the path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT, folder, ignore=IGNORED, symlinks=True)
        shutil.rmtree(folder / ".git")
        for name in ("cache", "tmp"):
            shutil.rmtree(folder / ".dvc" / name, ignore_errors=True)
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "copy"]):
            subprocess.run(["git", *command], cwd=folder, check=True)

    def run(self, *command: str, timeout: float = 400) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment in the clone; stdout and stderr together."""
        # The package of the copy, not the one that is installed: tests change its source.
        environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.folder / "src"),
        }
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            timeout=timeout,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )

    def snakemake(self, *arguments: str, scale: str = "smoke") -> subprocess.CompletedProcess[str]:
        """Run Snakemake at a scale."""
        overlay = [] if scale == "paper" else ["--configfile", f"config/{scale}.yaml"]
        return self.run("snakemake", "--cores", "2", *overlay, *arguments)

    def files(self, pattern: str) -> dict[str, bytes]:
        """Content of the files that match, by path."""
        found = sorted(path for path in self.folder.glob(pattern) if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A clone in which `dvc repro` has finished the smoke scale. Tests must not change it."""
    clone = Clone(tmp_path_factory.mktemp("finished") / "mbmf")
    done = clone.run("dvc", "repro", "workflow/dvc/smoke/dvc.yaml", timeout=600)
    assert done.returncode == 0, done.stdout[-3000:]
    return clone


@pytest.fixture
def clone(tmp_path):
    """A fresh clone that a test may do anything with."""
    return Clone(tmp_path / "mbmf")
