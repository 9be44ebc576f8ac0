"""Sections of experiments, their sweeps and seeds, and their agents: right and wrong ones."""

from pathlib import Path

import pytest

from mbmf.workflow.configuration import check_configuration
from refused_overlays import BASE_LAYERS, SWEEP, SWEEPS, nested, refused_keys

ABLATION = {"agents": ["swimmer"], "sweeps": [SWEEP]}


@pytest.mark.parametrize(
    ("section", "key", "told"),
    [
        (ABLATION, "", "unknown experiment no_such_figure; should be one of dyna, figure_5,"),
        ({"experiment": "no_such"} | ABLATION, ".experiment", "unknown experiment no_such;"),
        ({"experiment": "no/such.py"}, ".experiment", "no/such.py: there is no such file"),
        ({"experiment": 6}, ".experiment", "should be the name of an experiment (found 6)"),
        ({"experiment": "figure_6", "agents": ["swimmer"]}, ".sweeps", "missing; it must be set"),
        ({"experiment": "figure_6", "sweeps": 3} | ABLATION | {"sweeps": 3}, ".sweeps", "Input"),
        (None, "", "Input should be a valid dictionary"),
    ],
)
def test_a_section_without_an_experiment(tmp_path, section, key, told):
    said = refused_keys(tmp_path, {"figures": {"no_such_figure": section}})
    assert list(said) == [f"figures.no_such_figure{key}"]
    assert said.popitem()[1].startswith(told)


def test_a_section_may_name_the_experiment_that_it_is_another_of():
    overlay = {"figures": {"longer": {"experiment": "figure_6", "seeds": [7]} | ABLATION}}
    configuration = check_configuration([*BASE_LAYERS, ("overlay", overlay)])
    experiment = configuration.experiments["longer"]
    assert experiment.seeds == [7]
    assert {run.seed for run in experiment.runs()} == {7}
    assert list(experiment.table_files()) == ["longer"]
    assert experiment.title == "Longer: design decisions"


def test_missing_parts_of_a_sweep_are_laid_to_the_file_that_left_them_out(tmp_path):
    said = refused_keys(tmp_path, nested(SWEEPS, [{"panel": "a"}]))
    assert said.keys() == {f"figures.figure_6.sweeps[0].{key}" for key in ("parameter", "values")}


def test_unknown_key_of_a_sweep(tmp_path):
    said = refused_keys(tmp_path, nested(SWEEPS, [SWEEP | {"valeus": [1]}]))
    assert list(said) == ["figures.figure_6.sweeps[0].valeus"]
    assert said.popitem()[1].endswith(": panel, parameter, values, seeds, value_seeds")


@pytest.mark.parametrize(
    ("value_seeds", "where"),
    [
        ([{"value": 6, "seeds": [0]}], "[0].value"),
        ([{"value": 5, "seeds": []}], "[0].seeds"),
        ([{"value": 5}], "[0].seeds"),
        ([{"value": 5, "agents": ["no_such_agent"], "seeds": [0]}], "[0].agents[0]"),
        ({5: [0]}, ""),
    ],
)
def test_wrong_seeds_of_a_value(tmp_path, value_seeds, where):
    said = refused_keys(tmp_path, nested(SWEEPS, [SWEEP | {"value_seeds": value_seeds}]))
    assert list(said) == [f"figures.figure_6.sweeps[0].value_seeds{where}"]


@pytest.mark.parametrize(
    ("agent_seeds", "where"),
    [
        ([{"agents": ["no_such_agent"], "seeds": [0]}], "[0].agents[0]"),
        ([{"agents": ["ant"], "seeds": []}], "[0].seeds"),
        ([{"agents": ["ant"]}], "[0].seeds"),
        ({"ant": [0]}, ""),
    ],
)
def test_wrong_seeds_of_an_agent(tmp_path, agent_seeds, where):
    said = refused_keys(tmp_path, {"figures": {"figure_7": {"agent_seeds": agent_seeds}}})
    assert list(said) == [f"figures.figure_7.agent_seeds{where}"]


def test_seeds_of_an_agent_twice(tmp_path):
    twice = [{"agents": ["ant"], "seeds": [0]}, {"agents": ["hopper", "ant"], "seeds": [1]}]
    said = refused_keys(tmp_path, {"figures": {"figure_7": {"agent_seeds": twice}}})
    assert list(said) == ["figures.figure_7.agent_seeds"]
    assert "ant is listed twice" in said["figures.figure_7.agent_seeds"]


@pytest.mark.parametrize(
    ("own", "key"),
    [({"task": "no_such_task"}, ".task"), ({"task": 3}, ".task"), ({}, "")],
)
def test_an_agent_needs_a_task(tmp_path, own, key):
    swimmer = BASE_LAYERS[0][1]["agents"]["swimmer"]
    said = refused_keys(tmp_path, {"agents": {"no_such_agent": swimmer | own}})
    assert list(said) == [f"agents.no_such_agent{key}"]


def test_a_task_may_be_a_file():
    path = str(Path(__file__).parents[3] / "examples" / "pendulum.py")
    swimmer = BASE_LAYERS[0][1]["agents"]["swimmer"]
    overlay = {
        "agents": {"pendulum": swimmer | {"task": path}},
        "figures": {"figure_7": {"agents": ["pendulum"], "seeds": [0]}},
    }
    configuration = check_configuration([*BASE_LAYERS, ("overlay", overlay)])
    assert {run.task for run in configuration.experiments["figure_7"].curves()} == {path}


def test_an_agent_may_be_called_otherwise_than_its_task():
    swimmer = BASE_LAYERS[0][1]["agents"]["swimmer"]
    overlay = {
        "agents": {"slow_swimmer": swimmer | {"task": "swimmer"}},
        "figures": {"figure_7": {"agents": ["slow_swimmer", "swimmer"], "seeds": [0]}},
    }
    configuration = check_configuration([*BASE_LAYERS, ("overlay", overlay)])
    slow, own = configuration.experiments["figure_7"].curves()[:2]
    assert (slow.agent, slow.task) == ("slow_swimmer", "swimmer")
    assert slow.wildcards["settings"] != own.wildcards["settings"]


@pytest.mark.parametrize("agent", ["no_such_agent", "Swimmer", "../ant"])
def test_unknown_agent_under_agents(tmp_path, agent):
    own = BASE_LAYERS[0][1]["agents"]["swimmer"]
    said = refused_keys(tmp_path, {"agents": {agent: own}})
    assert list(said) == [f"agents.{agent}"]
    assert "ant, half_cheetah, hopper, swimmer" in said.popitem()[1]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"parameter": "dynamics.epoch"}, ".parameter"),
        ({"parameter": "nowhere.epochs"}, ".parameter"),
        ({"parameter": "epochs"}, ".parameter"),
        ({"parameter": "dynamics.epochs.first"}, ".parameter"),
        ({"parameter": "dynamics.on_policy_fraction", "values": [0.5, 2]}, ""),
        ({"parameter": "dynamics.on_policy_fraction", "values": [float("nan")]}, ""),
        ({"parameter": "planning.horizon", "values": [0]}, ""),
        ({"parameter": "planning.horizon", "values": [2.5]}, ""),
        ({"parameter": "aggregation.training_rollouts", "values": [11]}, ""),
        ({"parameter": "dynamics.hidden_layers", "values": [500]}, ""),
        ({"values": [5, 5]}, ".values"),
        ({"values": [5, 5.0]}, ".values"),
        ({"values": []}, ".values"),
        ({"values": 5}, ".values"),
        ({"panel": "A/../b"}, ".panel"),
        ({"panel": ""}, ".panel"),
    ],
)
def test_wrong_sweep(tmp_path, change, part):
    said = refused_keys(tmp_path, nested(SWEEPS, [SWEEP, SWEEP | {"panel": "b"} | change]))
    assert list(said) == [f"figures.figure_6.sweeps[1]{part}"]


@pytest.mark.parametrize("value", ["5", True, None, [5]])
def test_wrong_type_among_sweep_values(tmp_path, value):
    said = refused_keys(tmp_path, nested(SWEEPS, [SWEEP | {"values": [value]}]))
    # A list of widths is a value, but none of the parameter.
    place = "figures.figure_6.sweeps[0]"
    assert list(said) == [place if isinstance(value, list) else f"{place}.values[0]"]
