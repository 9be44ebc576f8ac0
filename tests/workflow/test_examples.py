"""What examples/ adds, from a folder outside of the package: new jobs alone, by its own name."""

import shutil
from pathlib import Path

import pytest
import yaml

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("finished")]

EXAMPLES = Path(__file__).parents[2] / "examples"


def plan_with(clone, overlay):
    return clone.planned("--configfile", "config/smoke.yaml", str(overlay))


def test_an_ablation_is_new_runs_a_table_and_a_figure(finished, tmp_path):
    overlay = tmp_path / "ablation.yaml"
    shutil.copy(EXAMPLES / overlay.name, overlay)
    ((name, section),) = yaml.safe_load(overlay.read_text())["figures"].items()
    seeds = yaml.safe_load((finished.folder / "config/smoke.yaml").read_text())["seeds"]
    values = sum(len(sweep["values"]) for sweep in section["sweeps"])
    # The agent's own settings, which its panels show too, are finished runs of Figure 6.
    new = values * len(section["agents"]) * len(seeds)
    assert plan_with(finished, overlay) == {"model_based": new, f"{name}_table": 1, name: 1}


@pytest.fixture
def figure(tmp_path):
    """examples/figure.py elsewhere, and an overlay that names it."""
    shutil.copy(EXAMPLES / "figure.py", tmp_path / "figure.py")
    section = {"experiment": str(tmp_path / "figure.py"), "agents": ["swimmer"]}
    overlay = tmp_path / "figure.yaml"
    overlay.write_text(yaml.safe_dump({"figures": {"learning_curve": section}}))
    return overlay


def test_a_figure_of_ones_own_is_a_table_and_a_figure(finished, figure):
    assert plan_with(finished, figure) == {"learning_curve_table": 1, "learning_curve": 1}


def test_a_figure_of_ones_own_is_drawn_and_then_done(finished, figure, tmp_path):
    copy = type(finished)(tmp_path / "mbmf")
    shutil.copytree(finished.folder, copy.folder, symlinks=True)
    overlays = ("--configfile", "config/smoke.yaml", str(figure))
    done = copy.run("snakemake", "--cores", "1", *overlays, "--", "learning_curve")
    assert done.returncode == 0, done.stdout[-3000:]
    drawn = copy.folder / "results/smoke/figures/learning_curve.svg"
    assert "Learning curve (smoke scale, 2 seeds)" in drawn.read_text()
    assert plan_with(copy, figure) == {}
    # Its own file is its code; nothing else depends on it.
    source = figure.with_name("figure.py")
    source.write_text(source.read_text() + "\nCHANGED = True\n")
    assert plan_with(copy, figure) == {"learning_curve": 1}
