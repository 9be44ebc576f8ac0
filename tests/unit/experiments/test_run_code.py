"""A run's code: its step, and its own task, planner and model."""

import json
from pathlib import Path

import pytest

from mbmf.base.errors import InputError
from mbmf.experiments.run_code import code_of, code_of_clip, code_of_random_data
from mbmf.experiments.runs import (
    ImitationRun,
    ModelBasedRun,
    OpenLoopRun,
    TrpoRun,
    defaults_left_out,
    with_sources,
)
from mbmf.storage.code_digest import code_digest, source_files
from mbmf.workflow.configuration import load_configuration

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "config"
CONFIGURATION = load_configuration([CONFIG / "agents.yaml", CONFIG / "config.yaml"])
OWN_PLANNER = str(ROOT / "examples/planner.py")


def runs():
    """A run of each kind, of the swimmer."""
    all_runs = with_sources(
        run for one in CONFIGURATION.experiments.values() for run in one.asked_for()
    )
    return {
        "model_based": next(r for r in all_runs if isinstance(r, ModelBasedRun)),
        "imitation": next(r for r in all_runs if isinstance(r, ImitationRun)),
        "Mf": next(r for r in all_runs if isinstance(r, TrpoRun) and not r.start),
        "Mb-Mf": next(r for r in all_runs if isinstance(r, TrpoRun) and r.start),
        "open loop": next(r for r in all_runs if isinstance(r, OpenLoopRun)),
    }


RUNS = runs()
PLANNER, MODEL = "mbmf.method.planners.random_shooting", "mbmf.method.models.mlp"


@pytest.mark.parametrize(
    ("kind", "planner", "model"),
    [
        ("model_based", True, True),
        ("imitation", True, True),
        ("Mf", False, False),
        ("Mb-Mf", True, True),
        ("open loop", False, True),
    ],
)
def test_a_run_rests_on_its_own_planner_and_model(kind, planner, model):
    files = {path.as_posix() for path in source_files(*code_of(RUNS[kind]))}
    tasks = {path for path in files if "/agents/tasks/" in path}
    assert [Path(path).stem for path in tasks if "__init__" not in path] == [RUNS[kind].agent]
    names = {Path(path).name for path in files}
    assert ("random_shooting.py" in names) is planner
    assert ("mlp.py" in names) is model


def test_mb_mf_rests_on_imitation_too():
    before = RUNS["Mb-Mf"].start
    assert set(code_of(before)) < set(code_of(RUNS["Mb-Mf"]))
    assert set(code_of(before)[1:]) < set(code_of_clip(RUNS["Mb-Mf"]))


def test_another_planner_is_another_digest():
    run = RUNS["model_based"]
    other = ModelBasedRun(
        run.agent, run.settings.replaced("planning.planner", OWN_PLANNER), run.seed
    )
    assert OWN_PLANNER in code_of(other)
    assert PLANNER not in code_of(other)
    assert MODEL in code_of(other)
    assert code_digest(*code_of(run)) != code_digest(*code_of(other))


def test_random_data_rests_on_its_task():
    swimmer, hopper = (code_digest(*code_of_random_data(t)) for t in ("swimmer", "hopper"))
    assert swimmer != hopper


def test_an_unknown_task_is_refused():
    with pytest.raises(InputError, match="unknown task nothing_of_that_name"):
        code_of_random_data("nothing_of_that_name")


def test_a_default_is_no_part_of_a_path_and_anything_else_is():
    run = RUNS["model_based"]
    named = run.settings.replaced("planning.planner", "random_shooting")
    assert ModelBasedRun(run.agent, named, run.seed).wildcards == run.wildcards
    other = run.settings.replaced("planning.planner", OWN_PLANNER)
    assert ModelBasedRun(run.agent, other, run.seed).wildcards != run.wildcards


def test_folders_of_finished_runs_are_still_those_of_the_shipped_configuration():
    """Committed at paper scale; a change that renames them would make them all anew."""
    folder = ROOT / "results/paper/runs/model_based"
    finished = [path.parent.relative_to(folder) for path in folder.rglob("curve.csv")]
    assert finished
    seeds = {int(path.name.removeprefix("seed~")) for path in finished}
    asked = [run for one in CONFIGURATION.experiments.values() for run in one.asked_for()]
    # Of the agents that no figure shows yet, their own settings.
    own = [
        ModelBasedRun(agent, settings.model_based, seed)
        for agent, settings in CONFIGURATION.agents.items()
        for seed in seeds
    ]
    planned = {
        "/".join(f"{key}~{value}" for key, value in run.wildcards.items())
        for run in [*asked, *own]
        if isinstance(run, ModelBasedRun)
    }
    assert {path.as_posix() for path in finished} <= planned


def test_a_setting_that_one_run_leaves_out_has_its_default_in_the_table():
    run = RUNS["model_based"]
    other = ModelBasedRun(
        run.agent, run.settings.replaced("planning.planner", OWN_PLANNER), run.seed
    )
    assert defaults_left_out([run, run]) == {}
    assert defaults_left_out([run, other]) == {"planning.planner": "random_shooting"}


def test_a_table_of_runs_with_and_without_a_setting(mbmf, tmp_path):
    (tmp_path / "a.csv").write_text("seed,return\n0,1.5\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text(
        "planning.planner,seed,return\nown.py,1,2.5\n", encoding="utf-8"
    )
    defaults = json.dumps({"planning.planner": "random_shooting"})
    assert mbmf("tabulate", "a.csv", "b.csv", "--output", "c.csv", "--defaults", defaults)[0] == 0
    assert (tmp_path / "c.csv").read_text(encoding="utf-8") == (
        "seed,return,planning.planner\n0,1.5,random_shooting\n1,2.5,own.py\n"
    )
