"""The table of runs: no run twice, no two runs at one path."""

import json
from pathlib import Path

import pytest

from mbmf.agents import get_agent
from mbmf.experiments import runs as experiments
from mbmf.experiments.runs import ModelBasedRun
from mbmf.workflow.configuration import check_configuration, merge, read_yaml

CONFIG = Path(__file__).parents[3] / "config"
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
    points, further = expected_points(content), content["figures"]["figure_7"]["seeds"]
    own = {
        (agent, json.dumps(content["agents"][agent]["model_based"], sort_keys=True))
        for agent in content["figures"]["figure_7"]["agents"]
    }
    expected = {(*point, seed) for point in points for seed in content["seeds"]}
    expected |= {(*point, seed) for point in own for seed in further}
    assert len(runs) == len(expected)
    assert len(set(paths(runs))) == len(runs)
    found = {(run.agent, run.settings.model_dump_json(), run.seed) for run in runs}
    assert len(found) == len(runs)


def test_number_of_runs_at_paper_scale():
    # Swimmer's own epochs (30) are not in the sweep, all other own values are:
    # 1 + 5 + 4 + 3 + 3 + 3 for the swimmer, 1 + 4 + 4 + 3 + 3 + 3 for the half-cheetah.
    # Figure 7 has two more seeds of the swimmer.
    assert len(experiments.model_based_runs(configured())) == (19 + 18) * 3 + 2


def test_every_figure_is_covered_and_nothing_else():
    hopper = {"agent": "hopper", "elements": list(get_agent("hopper").state_names[:6])}
    configuration = configured({"figures": {"figure_5": hopper}})
    table = set(paths(experiments.model_based_runs(configuration)))
    figure_5 = set(paths(experiments.figure_5_runs(configuration)))
    figure_6 = set(paths(experiments.figure_6_runs(configuration)))
    figure_7 = set(paths(experiments.figure_7_runs(configuration)))
    assert figure_5 | figure_6 | figure_7 == table
    assert len(figure_7 - figure_6) == 2
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
    else value - (key == "aggregation.training_rollouts") * 2 + 1
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


def changed(section, key, value):
    """Configuration with one of the swimmer's settings changed."""
    return configured({"agents": {"swimmer": {section: {key: value}}}})


def test_each_agent_and_seed_of_figure_7_is_imitated_and_trained_both_ways():
    overlay = {"figures": {"figure_7": {"agents": ["swimmer", "ant"], "seeds": [3, 5]}}}
    configuration = configured(overlay)
    imitated = experiments.imitation_runs(configuration)
    assert {(run.agent, run.seed) for run in imitated} == {
        (agent, seed) for agent in ("swimmer", "ant") for seed in (3, 5)
    }
    trained = experiments.trpo_runs(configuration)
    assert len(set(paths(trained))) == len(trained) == 8
    for run in trained:
        own = configuration.agents[run.agent]
        assert run.settings.trpo == (own.fine_tuning if run.start else own.model_free)
        if run.start:
            assert (run.start.agent, run.start.seed) == (run.agent, run.seed)
            assert run.start.settings.expert.planning == own.model_based.planning


@pytest.mark.parametrize(
    ("section", "key", "value", "kinds"),
    [
        ("model_based", "planning", {"horizon": 19}, {"imitation", "fine_tuning"}),
        ("model_based", "dynamics", {"epochs": 29}, {"imitation", "fine_tuning"}),
        ("imitation", "epochs", 69, {"imitation", "fine_tuning"}),
        ("policy", "absolute_position", False, {"imitation", "fine_tuning", "model_free"}),
        ("fine_tuning", "kl", 0.04, {"fine_tuning"}),
        ("model_free", "kl", 0.04, {"model_free"}),
    ],
)
def test_a_changed_setting_is_a_new_path_of_all_that_rests_on_it(section, key, value, kinds):
    def by_kind(configuration):
        trained = experiments.trpo_runs(configuration)
        return {
            "imitation": paths(experiments.imitation_runs(configuration)),
            "fine_tuning": paths([run for run in trained if run.start]),
            "model_free": paths([run for run in trained if not run.start]),
        }

    before, after = by_kind(configured()), by_kind(changed(section, key, value))
    assert {kind for kind in before if not set(before[kind]) & set(after[kind])} == kinds
    assert {kind for kind in before if before[kind] != after[kind]} == kinds
