"""Which runs the experiments ask for: none twice, no two at one path."""

import json
from pathlib import Path

import pytest

from mbmf.agents import get_agent
from mbmf.base.errors import InputError
from mbmf.experiments.experiment import EXPERIMENTS, Files
from mbmf.experiments.runs import SPELLED_OUT, ModelBasedRun, table_of_runs, with_sources
from mbmf.workflow.configuration import check_configuration, merge, read_yaml

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "config"
BASE = merge(read_yaml(CONFIG / "agents.yaml"), read_yaml(CONFIG / "config.yaml"))


def configured(overlay=None):
    return check_configuration([("base", BASE), ("overlay", overlay or {})])


def paths(runs):
    return ["/".join(f"{key}~{value}" for key, value in run.wildcards.items()) for run in runs]


def runs_of(configuration, kind="model_based", names=None):
    """The runs of a kind that experiments ask for, with what they rest on."""
    chosen = names or configuration.experiments
    asked = [run for name in chosen for run in configuration.experiments[name].asked_for()]
    return [run for run in with_sources(asked) if run.kind == kind]


def shown(configuration, name):
    """Paths of the runs of Algorithm 1 that one experiment shows."""
    return set(paths(runs_of(configuration, names=[name])))


def widths_points(content):
    """Likewise of Figure 6e."""
    section = content["figures"]["figure_6e"]
    points = set()
    for agent in section["agents"]:
        for widths in section["sweeps"][0]["values"]:
            own = json.loads(json.dumps(content["agents"][agent]["model_based"]))
            own["planning"] |= section["held"]["planning"]
            own["dynamics"]["hidden_layers"] = widths
            points.add((agent, json.dumps(own, sort_keys=True)))
    return points


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
    points |= widths_points(content)
    for agent in figures["figure_9"]["agents"]:
        for method in figures["figure_9"]["methods"]:
            if agent not in method.get("agents", [agent]):
                continue
            for num_samples in method["num_samples"]:
                own = json.loads(json.dumps(content["agents"][agent]["model_based"]))
                own["planning"] |= method.get("planning", {}) | {"num_samples": num_samples}
                own["dynamics"] |= method.get("dynamics", {})
                points.add((agent, json.dumps(own, sort_keys=True)))
    return points


@pytest.mark.parametrize("scale", ["paper", "quick", "smoke"])
def test_a_shared_run_stands_once(scale):
    overlay = {} if scale == "paper" else read_yaml(CONFIG / f"{scale}.yaml")
    content = merge(BASE, overlay)
    runs = runs_of(configured(overlay))
    points, further = expected_points(content), content["figures"]["figure_7"]["seeds"]
    own = {
        (agent, json.dumps(content["agents"][agent]["model_based"], sort_keys=True))
        for agent in content["figures"]["figure_7"]["agents"]
    }
    assert len(set(paths(runs))) == len(runs)
    found = {(run.agent, run.settings.model_dump_json(), run.seed) for run in runs}
    assert len(found) == len(runs)
    assert len({run[:2] for run in found}) == len({*points, *own})
    sections = [content["figures"][name] for name in ("figure_6", "figure_6e", "figure_9")]
    fewest = min((one["seeds"] or content["seeds"] for one in sections), key=len)
    for agent, settings, _ in found:
        seeds = {seed for *point, seed in found if point == [agent, settings]}
        assert seeds >= set(fewest) or agent not in sections[0]["agents"]
    assert {seed for *_, seed in found} >= set(further)


def test_every_figure_is_covered_and_nothing_else():
    hopper = {"agent": "hopper", "elements": list(get_agent("hopper").state_names[:6])}
    configuration = configured({"figures": {"figure_5": hopper, "figure_7": {"seeds": [0, 99]}}})
    figure_5, figure_6, *others, figure_7 = (
        shown(configuration, f"figure_{number}") for number in (5, 6, "6e", 9, 7)
    )
    everything = {*figure_5, *figure_6, *figure_7}.union(*others)
    assert everything == set(paths(runs_of(configuration)))
    # The agent's own settings are in both, but for the seed that only one has.
    assert {path.rpartition("/")[2] for path in figure_7 - figure_6} == {"seed~99"}
    assert len(figure_5) == len(BASE["figures"]["figure_5"]["seeds"])
    assert not figure_5 & figure_6


def test_figure_5_runs_are_among_those_of_figure_6_where_agent_and_settings_agree():
    configuration = configured()
    assert shown(configuration, "figure_5") <= shown(configuration, "figure_6")


def test_every_experiment_is_found_by_its_name_and_makes_what_it_names():
    configuration = configured()
    assert set(EXPERIMENTS.names()) == set(configuration.experiments) - {"figure_6e"}
    for name, experiment in configuration.experiments.items():
        made = {path for job in experiment.tables() for path in job.outputs.values()}
        drawing = experiment.drawing()
        assert set(drawing.tables.values()) <= made, name
        assert set(experiment.shown_in().values()) <= {
            *drawing.figures,
            # Of two mazes, the one that a claim names.
            "figure_8_{number}",
        }, name
        assert set(experiment.shown_in()) == set(experiment.table_files()), name
        assert (ROOT / drawing.notebook).is_file(), name
        for caption in drawing.figures.values():
            assert (ROOT / f"workflow/report/{caption}.rst").is_file(), name
        for job in experiment.tables():
            for one in job.inputs.values():
                assert isinstance(one, Files) or one in made, name


def test_another_experiment_of_a_kind_makes_files_of_its_own():
    """Every experiment once more, under another name: not one path is the same."""
    figures = {f"another_{name}": {"experiment": name} | section
               for name, section in BASE["figures"].items()}  # fmt: skip
    figures["another_dyna"] = {"experiment": "dyna"} | BASE["dyna"]
    configuration = configured({"figures": figures})
    files = {
        name: {
            *(path for job in experiment.tables() for path in job.outputs.values()),
            *(job.rule for job in experiment.tables()),
            *experiment.drawing().figures,
            *experiment.clips(),
            *(path for path in paths(experiment.asked_for()) if "experiment~" in path),
        }
        for name, experiment in configuration.experiments.items()
    }
    for name, experiment in configuration.experiments.items():
        for other in configuration.experiments:
            assert name == other or not files[name] & files[other], (name, other)
        assert experiment.title


def test_a_value_may_have_seeds_of_its_own():
    sweep = {
        "panel": "a", "parameter": "dynamics.epochs", "values": [5, 20], "seeds": [0, 1],
        "value_seeds": [{"value": 20, "seeds": [0, 1, 2, 3]}, {"value": 30, "seeds": [7]}],
    }  # fmt: skip
    other = {"panel": "b", "parameter": "planning.horizon", "values": [5]}
    section = {"agents": ["swimmer"], "sweeps": [sweep, other], "seeds": [9]}
    experiment = configured({"figures": {"figure_6": section}}).experiments["figure_6"]
    table = table_of_runs(experiment.runs())
    varied = table.groupby(["epochs", "horizon"])["seed"].agg(set).to_dict()
    # The own setting, 30 epochs and a horizon of 20, is in both panels.
    assert varied == {(5, 20): {0, 1}, (20, 20): {0, 1, 2, 3}, (30, 20): {7, 9}, (30, 5): {9}}
    first, second = experiment.panels()
    assert (first["values"], first["seeds"]) == ([5, 20, 30], [[0, 1], [0, 1, 2, 3], [7]])
    assert (second["values"], second["seeds"]) == ([5, 20], [[9], [9]])


def test_seeds_of_a_value_may_be_of_some_agents_only():
    sweep = {
        "panel": "a", "parameter": "dynamics.epochs", "values": [5, 20],
        "value_seeds": [{"value": 20, "agents": ["swimmer"], "seeds": [0, 1, 2, 3]}],
    }  # fmt: skip
    section = {"agents": ["swimmer", "half_cheetah"], "sweeps": [sweep], "seeds": [9]}
    experiment = configured({"figures": {"figure_6": section}}).experiments["figure_6"]
    swimmer, half_cheetah = experiment.panels()
    assert (swimmer["values"], swimmer["seeds"]) == ([5, 20, 30], [[9], [0, 1, 2, 3], [9]])
    assert half_cheetah["seeds"] == [[9]] * 3


def test_layer_widths_can_be_varied_and_other_settings_held():
    sweep = {
        "panel": "e", "parameter": "dynamics.hidden_layers", "values": [[500, 500], [64]],
        "value_seeds": [{"value": [64], "seeds": [7]}],
    }  # fmt: skip
    section = {"agents": ["swimmer"], "sweeps": [sweep], "seeds": [0, 1]}
    section["held"] = {"planning": {"num_samples": 1000}}
    experiment = configured({"figures": {"figure_6": section}}).experiments["figure_6"]
    runs = experiment.runs()
    assert {run.settings.planning.num_samples for run in runs} == {1000}
    found = [(run.settings.dynamics.hidden_layers, run.seed) for run in runs]
    assert found == [([64], 7), ([500], 0), ([500], 1), ([500, 500], 0), ([500, 500], 1)]
    (panel,) = experiment.panels()
    assert panel["values"] == ["64", "500", "500x500"]  # as in the curves
    assert panel["default"] == "500"
    assert experiment.drawing().parameters["held"] == section["held"]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"held": {"planning": {"samples": 5}}}, r"figure_6\.held\.planning\.samples: unknown key"),
        ({"held": {"plan": {"horizon": 5}}}, r"figure_6\.held\.plan: unknown key"),
        ({"held": {"planning": {"horizon": 0}}}, r"figure_6\.held\.planning\.horizon: .*than 0"),
        ({"held": {"planning": 5}}, r"figure_6\.held\.planning: .*dictionary"),
        ({"values": [[500, 0]]}, r"values\[0\]: should be a number, or a list of widths"),
        ({"values": ["x"]}, r"values\[0\]: should be a number.* \(found 'x'\)$"),
        ({"values": [500]}, r"sweeps\[0\]: 500 is no value for dynamics\.hidden_layers"),
        ({"values": [[5], [5]]}, r"\[5\] is listed twice"),
    ],
)
def test_what_is_wrong_with_widths_and_held_settings_is_told(section, message):
    sweep = {"panel": "e", "parameter": "dynamics.hidden_layers", "values": [[64]]}
    sweep["values"] = section.get("values", sweep["values"])
    held = {"held": section["held"]} if "held" in section else {}
    with pytest.raises(InputError, match=message):
        configured({"figures": {"figure_6": {"sweeps": [sweep]} | held}})


OWN = configured().agents["swimmer"].model_based
CHANGED = {
    key: [500, 500]
    if isinstance(value, str)
    else value - (key == "aggregation.training_rollouts") * 2 + 1
    if isinstance(value, int)
    else value / 2
    for key, value in OWN.flat(defaults=False).items()
}


@pytest.mark.parametrize("parameter", CHANGED)
def test_any_changed_setting_is_a_new_path(parameter):
    changed = OWN.replaced(parameter, CHANGED[parameter])
    before, after = (ModelBasedRun("swimmer", own, 0).wildcards for own in (OWN, changed))
    assert before != after
    label = SPELLED_OUT.get(parameter, "settings")
    assert {key for key in before if before[key] != after[key]} == {label}


def test_agent_and_seed_are_in_the_path():
    runs = [ModelBasedRun(agent, OWN, seed) for agent in ("swimmer", "ant") for seed in (0, 1)]
    assert len(set(paths(runs))) == 4


def test_layer_widths_are_not_run_together():
    widths = [[50, 5], [505], [5, 505], [55, 5]]
    runs = [ModelBasedRun("ant", OWN.replaced("dynamics.hidden_layers", w), 0) for w in widths]
    assert len(set(paths(runs))) == len(widths)


def test_an_added_seed_only_adds_runs():
    # Figures 5, 6, 7 and 9 without seeds of their own.
    sweeps = [
        {key: sweep[key] for key in ("panel", "parameter", "values")}
        for sweep in BASE["figures"]["figure_6"]["sweeps"]
    ]
    figures = {"figure_5": {"seeds": None}, "figure_6": {"seeds": None, "sweeps": sweeps}}
    figures |= {name: {"seeds": None} for name in ("figure_6e", "figure_7", "figure_9")}
    before = paths(runs_of(configured({"seeds": [0, 1], "figures": figures})))
    after = paths(runs_of(configured({"seeds": [0, 1, 7], "figures": figures})))
    assert set(before) < set(after)
    assert len(after) == len(before) // 2 * 3
    assert all(path.endswith("seed~7") for path in set(after) - set(before))


def test_a_changed_swept_value_changes_only_its_runs():
    sweeps = json.loads(json.dumps(BASE["figures"]["figure_6"]["sweeps"]))
    sweeps[0]["values"][0] = 6
    before = set(paths(runs_of(configured())))
    overlay = {"figures": {"figure_6": {"sweeps": sweeps}}}
    after = set(paths(runs_of(configured(overlay))))
    assert {path.replace("epochs~6/", "epochs~5/") for path in after - before} == before - after
    figure_6 = BASE["figures"]["figure_6"]
    assert len(after - before) == len(figure_6["agents"]) * len(figure_6["seeds"])


def test_panels_hold_the_agents_own_value():
    configuration = configured()
    panels = configuration.experiments["figure_6"].panels()
    section = BASE["figures"]["figure_6"]
    assert len(panels) == len(section["agents"]) * len(section["sweeps"])
    for panel in panels:
        part, key = panel["parameter"].split(".")
        own = BASE["agents"][panel["agent"]]["model_based"][part][key]
        (sweep,) = (one for one in section["sweeps"] if one["panel"] == panel["panel"])
        assert panel["default"] == own
        assert panel["values"] == sorted({*sweep["values"], own})


def test_panels_and_runs_name_the_same_values():
    experiment = configured().experiments["figure_6"]
    table = table_of_runs(experiment.runs())
    for panel in experiment.panels():
        label = SPELLED_OUT[panel["parameter"]]
        assert set(table.loc[table["agent"] == panel["agent"], label]) == set(panel["values"])


def changed(section, key, value):
    """Configuration with one of the swimmer's settings changed."""
    return configured({"agents": {"swimmer": {section: {key: value}}}})


def test_an_agent_of_figure_7_may_have_seeds_of_its_own():
    section = {
        "agents": ["swimmer", "ant", "hopper"],
        "seeds": [3, 5],
        "agent_seeds": [{"agents": ["ant", "half_cheetah"], "seeds": [7]}],
    }
    experiment = configured({"figures": {"figure_7": section}}).experiments["figure_7"]
    seeds: dict[str, set[int]] = {}
    for run in experiment.runs():
        seeds.setdefault(run.agent, set()).add(run.seed)
    assert seeds == {"swimmer": {3, 5}, "ant": {7}, "hopper": {3, 5}}
    assert {run.agent: run.seed for run in experiment.clips().values()} == {
        "swimmer": 3, "ant": 7, "hopper": 3,
    }  # fmt: skip


def test_each_agent_and_seed_of_figure_7_is_imitated_and_trained_both_ways():
    section = {"agents": ["swimmer", "ant"], "seeds": [3, 5], "agent_seeds": []}
    configuration = configured({"figures": {"figure_7": section}})
    imitated = runs_of(configuration, "imitation")
    assert {(run.agent, run.seed) for run in imitated} == {
        (agent, seed) for agent in ("swimmer", "ant") for seed in (3, 5)
    }
    trained = runs_of(configuration, "trpo")
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
        trained = runs_of(configuration, "trpo")
        return {
            "imitation": paths(runs_of(configuration, "imitation")),
            "fine_tuning": paths([run for run in trained if run.start]),
            "model_free": paths([run for run in trained if not run.start]),
        }

    before, after = by_kind(configured()), by_kind(changed(section, key, value))
    assert {kind for kind in before if not set(before[kind]) & set(after[kind])} == kinds
    assert {kind for kind in before if before[kind] != after[kind]} == kinds
