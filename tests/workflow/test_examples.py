"""What examples/ adds, from a folder outside of the package: new jobs alone, by its own name."""

import shutil
from pathlib import Path

import pytest
import yaml

from mbmf.workflow.configuration import merge

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("finished")]

EXAMPLES = Path(__file__).parents[2] / "examples"


def plan_with(clone, overlay):
    return clone.planned("--configfile", "config/smoke.yaml", str(overlay))


def test_an_ablation_is_new_runs_a_table_and_a_figure(finished, tmp_path):
    overlay = tmp_path / "ablation.yaml"
    shutil.copy(EXAMPLES / overlay.name, overlay)
    ((name, section),) = yaml.safe_load(overlay.read_text())["figures"].items()
    values = sum(len(sweep["values"]) for sweep in section["sweeps"])
    # The agent's own settings, which its panels show too, are finished runs of Figure 6.
    new = values * len(section["agents"]) * len(seeds_of(finished))
    assert plan_with(finished, overlay) == {"model_based": new, f"{name}_table": 1, name: 1}


def overlay_of(folder, content):
    """An overlay in a folder outside of the clone."""
    overlay = folder / "mine.yaml"
    overlay.write_text(yaml.safe_dump(content))
    return overlay


def copied(name, folder):
    """Path of an example's copy."""
    return str(shutil.copy(EXAMPLES / name, folder))


def seeds_of(clone):
    return yaml.safe_load((clone.folder / "config/smoke.yaml").read_text())["seeds"]


def test_a_planner_of_ones_own_is_its_runs_and_what_shows_them(finished, tmp_path):
    planning = {"planner": copied("planner.py", tmp_path)}
    method = {"name": "mine", "planning": planning, "num_samples": [20]}
    section = {"experiment": "figure_9", "agents": ["swimmer"], "methods": [method]}
    overlay = overlay_of(tmp_path, {"figures": {"planners": section}})
    assert plan_with(finished, overlay) == {
        "model_based": len(seeds_of(finished)),
        "planners_table": 1,
        "planners_times": 1,
        "planners": 1,
    }


def test_a_task_of_ones_own_is_its_data_its_runs_and_what_shows_them(finished, tmp_path):
    of_swimmer = {}
    for name in ("agents", "smoke"):
        content = yaml.safe_load((finished.folder / f"config/{name}.yaml").read_text())
        of_swimmer = merge(of_swimmer, content["agents"]["swimmer"])
    agent = of_swimmer | {"task": copied("pendulum.py", tmp_path)}
    section = {"experiment": copied("figure.py", tmp_path), "agents": ["pendulum"]}
    overlay = overlay_of(
        tmp_path, {"agents": {"pendulum": agent}, "figures": {"swing_up": section}}
    )
    seeds = len(seeds_of(finished))
    assert plan_with(finished, overlay) == {
        "random_data": seeds,
        "model_based": seeds,
        "swing_up_table": 1,
        "swing_up": 1,
    }


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
