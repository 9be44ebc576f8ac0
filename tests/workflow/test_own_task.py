"""A task of one's own, from a wheel in an empty folder: the whole pipeline, without a checkout."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import yaml

pytestmark = [pytest.mark.workflow, pytest.mark.long]

ROOT = Path(__file__).parents[2]
SHIPPED = ("src/mbmf", "workflow", "examples", "pyproject.toml", "README.md", "LICENSE")
TINY = {
    "scale": "tiny",
    "seeds": [0],
    "agents": {
        "pendulum": {
            "model_based": {
                "random_data": {"rollouts": 3, "steps": 40},
                "dynamics": {"hidden_layers": [16], "batch_size": 32, "epochs": 2},
                "planning": {"horizon": 5, "num_samples": 20},
                "aggregation": {
                    "iterations": 2, "rollouts": 2, "training_rollouts": 1, "steps": 30
                },
            },
            "policy": {"hidden_layers": [8]},
            "imitation": {
                "expert_rollouts": 2, "epochs": 2, "iterations": 1, "rollouts": 1,
                "evaluation_rollouts": 1,
            },
            **{
                name: {"iterations": 2, "batch_size": 120, "bodies": 2, "episode_steps": 30}
                for name in ("fine_tuning", "model_free")
            },
        }
    },
}  # fmt: skip


def called(*command, folder, check=True):
    """A command in a folder, without this checkout's package."""
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [*map(str, command)], cwd=folder, env=clean, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 or not check, done.stdout[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The Python of an environment with the wheel, and the packages of this one."""
    folder = tmp_path_factory.mktemp("installed")
    tree = folder / "tree"
    for name in SHIPPED:
        source, target = ROOT / name, tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    called(*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, tree, folder=folder)
    environment = folder / "environment"
    called(sys.executable, "-m", "venv", environment, folder=folder)
    own = environment / "bin/python"
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    # nbconvert looks for its templates in the environment.
    (environment / "share").mkdir(exist_ok=True)
    templates = Path(sysconfig.get_path("data")) / "share/jupyter"
    (environment / "share/jupyter").symlink_to(templates)
    (wheel,) = folder.glob("*.whl")
    called(own, "-m", "pip", "install", "--no-deps", "--no-index", wheel, folder=folder)
    where = called(own, "-c", "import mbmf; print(mbmf.__file__)", folder=folder)
    assert where.startswith(str(environment))
    return own


def test_the_pipeline_runs_from_a_wheel_in_an_empty_folder(python, tmp_path):
    mbmf = python.parent / "mbmf"
    called(mbmf, "new", "own", folder=tmp_path)
    folder = tmp_path / "own"
    (folder / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    files = ("--configfile", "tiny.yaml")
    snakemake = (python, "-m", "snakemake", "--cores", "1", *files)
    called(*snakemake, folder=folder)
    called(mbmf, "report", "--cores", "1", *files, folder=folder)
    results = folder / "results/tiny"
    for name in ("figure_6", "figure_7", "claims"):
        assert (results / f"figures/{name}.svg").is_file()
    verdicts = json.loads((results / "claims.json").read_text())
    assert {one["id"] for one in verdicts} == {
        "long_horizon.pendulum",
        "sample_efficiency.pendulum",
    }
    assert not any(one["refused"] for one in verdicts)
    report = (results / "report.html").read_text(encoding="utf-8")
    assert all(f"claim-{one['id']}" in report for one in verdicts)
    assert "Pendulum" in (results / "figures/figure_7.svg").read_text(encoding="utf-8")
    assert "Nothing to be done" in called(*snakemake, folder=folder)

    task = folder / "pendulum.py"
    task.write_text(task.read_text().replace(".sum(-1)", ""))
    done = called(*snakemake, folder=folder, check=False)
    assert done.splitlines()[-1].startswith(
        "config/agents.yaml: agents.pendulum.task: pendulum.py: reward of NumPy arrays"
    )
