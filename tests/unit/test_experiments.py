"""The table of runs: no run twice, no two runs at one path."""

import json
from pathlib import Path

import pytest

from mbmf import experiments
from mbmf.agents import get_agent
from mbmf.configuration import check_configuration, merge, read_yaml
from mbmf.experiments import ModelBasedRun

CONFIG = Path(__file__).parents[2] / "config"
BASE = merge(read_yaml(CONFIG / "agents.yaml"), read_yaml(CONFIG / "config.yaml"))


def configured(overlay=None):
    return check_configuration([("base", BASE), ("overlay", overlay or {})])


def paths(runs):
    return ["/".join(f"{key}~{value}" for key, value in run.wildcards.items()) for run in runs]


def expected_points(content):
    """Every (agent, settings) that the figures show, from the plain files alone."""
    points = set()

    def add(agent, section=None, key=None, value=None):
        own = json.loads(json.dumps(content["agents"][agent]["model_based"]))
        if section:
            own[section][key] = value
        points.add((agent, json.dumps(own, sort_keys=True)))

    figures = content["figures"]
    add(figures["figure_5"]["agent"])
    for agent in figures["figure_6"]["agents"]:
        add(agent)
        for sweep in figures["figure_6"]["sweeps"]:
            for value in sweep["values"]:
                add(agent, *sweep["parameter"].split("."), value)
    return points


@pytest.mark.parametrize("scale", ["paper", "quick", "smoke"])
def test_a_shared_run_stands_once(scale):
    overlay = {} if scale == "paper" else read_yaml(CONFIG / f"{scale}.yaml")
    content = merge(BASE, overlay)
    runs = experiments.model_based_runs(configured(overlay))
    assert len(runs) == len(expected_points(content)) * len(content["seeds"])
    assert len(set(paths(runs))) == len(runs)
    found = {(run.agent, run.settings.model_dump_json(), run.seed) for run in runs}
    assert len(found) == len(runs)


def test_number_of_runs_at_paper_scale():
    # Swimmer's own epochs (30) are not in the sweep, all other own values are:
    # 1 + 5 + 4 + 3 + 3 + 3 for the swimmer, 1 + 4 + 4 + 3 + 3 + 3 for the half-cheetah.
    assert len(experiments.model_based_runs(configured())) == (19 + 18) * 3


def test_both_figures_are_covered_and_nothing_else():
    hopper = {"agent": "hopper", "elements": list(get_agent("hopper").state_names[:6])}
    configuration = configured({"figures": {"figure_5": hopper}})
    table = set(paths(experiments.model_based_runs(configuration)))
    figure_5 = set(paths(experiments.figure_5_runs(configuration)))
    figure_6 = set(paths(experiments.figure_6_runs(configuration)))
    assert figure_5 | figure_6 == table
    assert len(figure_5) == 3
    assert not figure_5 & figure_6


def test_figure_5_runs_are_among_those_of_figure_6_where_agent_and_settings_agree():
    configuration = configured()
    assert set(paths(experiments.figure_5_runs(configuration))) <= set(
        paths(experiments.figure_6_runs(configuration))
    )


OWN = configured().agents["swimmer"].model_based
CHANGED = {
    key: [500, 500]
    if isinstance(value, str)
    else value + 1
    if isinstance(value, int)
    else value / 2
    for key, value in OWN.flat().items()
}


@pytest.mark.parametrize("parameter", CHANGED)
def test_any_changed_setting_is_a_new_path(parameter):
    changed = OWN.replaced(parameter, CHANGED[parameter])
    before, after = (ModelBasedRun("swimmer", own, 0).wildcards for own in (OWN, changed))
    assert before != after
    label = experiments.SPELLED_OUT.get(parameter, "settings")
    assert {key for key in before if before[key] != after[key]} == {label}


def test_agent_and_seed_are_in_the_path():
    runs = [ModelBasedRun(agent, OWN, seed) for agent in ("swimmer", "ant") for seed in (0, 1)]
    assert len(set(paths(runs))) == 4


def test_layer_widths_are_not_run_together():
    widths = [[50, 5], [505], [5, 505], [55, 5]]
    runs = [ModelBasedRun("ant", OWN.replaced("dynamics.hidden_layers", w), 0) for w in widths]
    assert len(set(paths(runs))) == len(widths)


def test_an_added_seed_only_adds_runs():
    before = paths(experiments.model_based_runs(configured({"seeds": [0, 1]})))
    after = paths(experiments.model_based_runs(configured({"seeds": [0, 1, 7]})))
    assert set(before) < set(after)
    assert len(after) == len(before) // 2 * 3
    assert all(path.endswith("seed~7") for path in set(after) - set(before))


def test_a_changed_swept_value_changes_only_its_runs():
    sweeps = json.loads(json.dumps(BASE["figures"]["figure_6"]["sweeps"]))
    sweeps[0]["values"][0] = 6
    before = set(paths(experiments.model_based_runs(configured())))
    overlay = {"figures": {"figure_6": {"sweeps": sweeps}}}
    after = set(paths(experiments.model_based_runs(configured(overlay))))
    assert {path.replace("epochs~6/", "epochs~5/") for path in after - before} == before - after
    assert len(after - before) == 2 * 3


def test_sweeps_hold_the_agents_own_value():
    sweeps = experiments.figure_6_sweeps(configured())
    assert len(sweeps) == 2 * 5
    own = {(sweep["agent"], sweep["parameter"]): sweep for sweep in sweeps}
    swimmer = own["swimmer", "dynamics.epochs"]
    assert swimmer["default"] == 30
    assert swimmer["values"] == [5, 20, 30, 40, 60, 80]
    cheetah = own["half_cheetah", "dynamics.epochs"]
    assert cheetah["default"] == 60
    assert cheetah["values"] == [5, 20, 40, 60, 80]
    assert all(sweep["default"] in sweep["values"] for sweep in sweeps)


def test_sweeps_and_runs_name_the_same_values():
    configuration = configured()
    table = experiments.table_of_runs(experiments.figure_6_runs(configuration))
    for sweep in experiments.figure_6_sweeps(configuration):
        label = experiments.SPELLED_OUT[sweep["parameter"]]
        shown = set(table.loc[table["agent"] == sweep["agent"], label])
        assert shown == set(sweep["values"])
