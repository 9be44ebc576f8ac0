"""A clone of the repository in which tests run Snakemake and DVC as a user does."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IDENTITY = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
PIPELINE = "workflow/dvc/smoke/dvc.yaml"


def tracked(folder: Path) -> list[Path]:
    """Files that git tracks."""
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=folder, capture_output=True, text=True, check=True
    )
    return [Path(name) for name in done.stdout.split("\0") if name]


class Clone:
    """A copy of the repository under git, with its own package on the path.

    `variables` are laid over those of its environment.
    """

    seconds: float

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.variables: dict[str, str] = {}

    @classmethod
    def of_tree(cls, folder: Path, smoke: Path | None = None, tree: Path = ROOT) -> "Clone":
        """Copy what git tracks, as it stands, but results; `smoke` replaces config/smoke.yaml.

        What a workflow has left in the working tree is of no clone.
        """
        self = cls(folder)
        for path in tracked(tree):
            if path.parts[0] != "results" and (tree / path).exists():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(tree / path, folder / path, follow_symlinks=False)
        if smoke:
            shutil.copy(smoke, folder / "config/smoke.yaml")
        self.git("init", "-q")
        self.commit("copy")
        return self

    def cloned(self, folder: Path) -> "Clone":
        """Clone what is committed, as git does it."""
        subprocess.run(["git", "clone", "-q", self.folder, folder], check=True)
        return Clone(folder)

    def git(self, *command: str) -> None:
        """Run git in the clone."""
        subprocess.run(["git", *IDENTITY, *command], cwd=self.folder, check=True)

    def commit(self, message: str) -> None:
        """Commit all that git does not ignore."""
        self.git("add", "-A")
        self.git("commit", "-qm", message)

    @property
    def environment(self) -> dict[str, str]:
        """The package of the copy, not the one that is installed: tests change its source."""
        return os.environ | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.folder / "src"),
            **self.variables,
        }

    def run(self, *command: str, timeout: float = 400) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment in the clone; stdout and stderr together."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            timeout=timeout,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a command in a process group of its own."""
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def snakemake(
        self, *arguments: str, scale: str = "smoke", timeout: float = 400
    ) -> subprocess.CompletedProcess[str]:
        """Run Snakemake at a scale."""
        overlay = [] if scale == "paper" else ["--configfile", f"config/{scale}.yaml"]
        return self.run("snakemake", "--cores", "2", *overlay, *arguments, timeout=timeout)

    def planned(self, *arguments: str) -> dict[str, int]:
        """How many jobs of each rule Snakemake would run at smoke scale."""
        dry = self.snakemake("--dry-run", *arguments)
        assert dry.returncode == 0, dry.stdout[-3000:]
        if "Nothing to be done" in dry.stdout:
            return {}
        table = dry.stdout.split("Job stats:")[1].split("total")[0]
        counts = {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, re.M)}
        counts.pop("all", None)
        return counts

    def files(self, pattern: str) -> dict[str, bytes]:
        """Content of the files that match, by path."""
        found = sorted(path for path in self.folder.glob(pattern) if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}

    def digests(self) -> dict[str, str]:
        """Digests of all results that must be the same bytes whenever they are made."""
        parts = ("data", "models", "divergence", "tables", "figures")
        patterns = [*(f"{part}/**/*" for part in parts), "runs/**/curve.csv", "*.json"]
        return {
            path: hashlib.sha256(content).hexdigest()
            for pattern in patterns
            for path, content in self.files(f"results/smoke/{pattern}").items()
        }


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A clone in which Snakemake has finished the smoke scale. Tests must not change it.

    DVC takes the results over in seconds: `dvc repro` would start Snakemake once for each stage.
    """
    clone = Clone.of_tree(tmp_path_factory.mktemp("finished") / "mbmf")
    for done in (
        clone.snakemake(timeout=900),
        clone.run("dvc", "commit", "--force", PIPELINE),
    ):
        assert done.returncode == 0, done.stdout[-3000:]
    return clone


@pytest.fixture
def clone(tmp_path):
    """A fresh clone that a test may do anything with."""
    return Clone.of_tree(tmp_path / "mbmf")


TINY = Path(__file__).with_name("tiny.yaml")


@pytest.fixture(scope="session")
def make_tiny():
    """Makes a clone in a folder whose smoke scale is as small as it gets."""
    return lambda folder: Clone.of_tree(folder, TINY)


@pytest.fixture
def tiny(make_tiny, tmp_path):
    """Such a clone that a test may do anything with."""
    return make_tiny(tmp_path / "mbmf")


@pytest.fixture(scope="session")
def undisturbed(make_tiny, tmp_path_factory):
    """Such a clone in which `dvc repro` has finished, and the `seconds` that it took.

    Tests must not change it.
    """
    clone = make_tiny(tmp_path_factory.mktemp("undisturbed") / "mbmf")
    started = time.monotonic()
    done = clone.run("dvc", "repro", PIPELINE, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:]
    clone.seconds = time.monotonic() - started
    assert len(clone.digests()) > 40
    return clone
