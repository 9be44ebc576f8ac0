"""How configuration files are merged, and what bad ones are answered with."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mbmf.base.errors import InputError
from mbmf.workflow.configuration import check_configuration, load_configuration, merge, read_yaml

CONFIG = Path(__file__).parents[3] / "config"
BASE = [CONFIG / "agents.yaml", CONFIG / "config.yaml"]
BASE_LAYERS = [(str(path), read_yaml(path)) for path in BASE]

SWIMMER = ("agents", "swimmer", "model_based")
SWEEPS = ("figures", "figure_6", "sweeps")
SWEEP = {"panel": "a", "parameter": "dynamics.epochs", "values": [5]}


def nested(keys, value):
    for key in reversed(keys):
        value = {key: value}
    return value


def refusal(tmp_path, text, below=BASE):
    """Lines of the InputError that an overlay is answered with, without its file's name."""
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_configuration([*below, overlay])
    lines = str(caught.value).split("\n")
    for line in lines:
        assert line.startswith(f"{overlay}: "), line
        assert line.isprintable(), line
    return [line.removeprefix(f"{overlay}: ") for line in lines]


def refused_keys(tmp_path, overlay, below=BASE):
    """{dotted key: what is said about it}, from an overlay given as values."""
    said = {}
    for line in refusal(tmp_path, yaml.safe_dump(overlay), below):
        match = re.fullmatch(r"([^:]+): (\S.*)", line)
        assert match, line
        said[match[1]] = match[2]
    return said


def test_merge_replaces_lists_and_leaves_its_arguments_alone():
    base = {"a": {"b": [1, 2], "c": 3}, "d": 4}
    overlay = {"a": {"b": [5]}, "e": {"f": 6}}
    assert merge(base, overlay) == {"a": {"b": [5], "c": 3}, "d": 4, "e": {"f": 6}}
    assert base == {"a": {"b": [1, 2], "c": 3}, "d": 4}
    assert overlay == {"a": {"b": [5]}, "e": {"f": 6}}


ALLOWED = {
    (): "scale, seeds, agents, figures, dyna",
    ("agents", "swimmer"): "task, model_based, policy, imitation, fine_tuning, model_free",
    SWIMMER: "random_data, dynamics, planning, aggregation",
    (*SWIMMER, "planning"): "planner, horizon, num_samples",
    (*SWIMMER, "dynamics"): "model, learning_rate, batch_size, epochs, on_policy_fraction, noise, "
    "hidden_layers",
    (*SWIMMER, "random_data"): "rollouts, validation_rollouts, steps",
    ("figures", "figure_5"): "seeds, agent, steps, starts, elements, experiment",
    ("figures", "figure_6"): "seeds, agents, sweeps, experiment",
    ("figures", "figure_7"): "seeds, agents, agent_seeds, experiment",
    ("dyna",): "runs, discount, exploration, figure_8_2, figure_8_4, figure_8_5",
    ("dyna", "figure_8_2"): "episodes, step_size, planning_steps, sweeping",
    ("dyna", "figure_8_2", "sweeping"): "step_size, planning_steps, threshold",
    ("dyna", "figure_8_4"): "steps, change, step_size, planning_steps, bonus",
}


@pytest.mark.parametrize("keys", ALLOWED, ids=".".join)
def test_unknown_key_is_answered_with_the_allowed_ones(tmp_path, keys):
    said = refused_keys(tmp_path, nested(keys, {"horizn": 3}))
    assert list(said) == [".".join((*keys, "horizn"))]
    (message,) = said.values()
    assert "unknown key" in message
    assert message.endswith(f": {ALLOWED[keys]}")


def test_unknown_key_of_a_sweep(tmp_path):
    said = refused_keys(tmp_path, nested(SWEEPS, [SWEEP | {"valeus": [1]}]))
    assert list(said) == ["figures.figure_6.sweeps[0].valeus"]
    assert said.popitem()[1].endswith(": panel, parameter, values, seeds, value_seeds")


@pytest.mark.parametrize("key", ["a\nb", "a\rb", "\x1b[2J", " ", "", 3, None, True, 1.5])
@pytest.mark.parametrize("place", [(), ("agents",), ("agents", "swimmer"), (*SWIMMER, "planning")])
def test_an_odd_key_is_told_in_one_line(tmp_path, place, key):
    lines = refusal(tmp_path, yaml.safe_dump(nested(place, {key: 1})))
    assert all(line.startswith(".".join(place)) for line in lines)


@pytest.mark.parametrize("section", ["scale", "seeds", "figures"])
def test_missing_section(tmp_path, section):
    content = {key: value for key, value in BASE_LAYERS[1][1].items() if key != section}
    said = refused_keys(tmp_path, content, BASE[:1])
    assert said == {section: "missing; it must be set"}


def test_wrong_element_of_a_list(tmp_path):
    keys = (*SWIMMER, "dynamics", "hidden_layers")
    assert list(refused_keys(tmp_path, nested(keys, [500, 0]))) == [".".join(keys) + "[1]"]


def test_missing_parts_of_a_sweep_are_laid_to_the_file_that_left_them_out(tmp_path):
    said = refused_keys(tmp_path, nested(SWEEPS, [{"panel": "a"}]))
    assert said.keys() == {f"figures.figure_6.sweeps[0].{key}" for key in ("parameter", "values")}


def test_missing_part_of_an_agent_of_its_own_file(tmp_path):
    agents = {"agents": {"ant": {"model_based": {"planning": {"horizon": 5}}}}}
    said = refused_keys(tmp_path, agents, BASE[1:])
    where = "agents.ant.model_based"
    assert said.keys() == {
        f"{where}.planning.num_samples",
        *(f"{where}.{key}" for key in ("random_data", "dynamics", "aggregation")),
        *(f"agents.ant.{key}" for key in ("imitation", "fine_tuning", "model_free")),
    }


COUNTS = [
    (*SWIMMER, "planning", "num_samples"),
    (*SWIMMER, "planning", "horizon"),
    (*SWIMMER, "dynamics", "epochs"),
    (*SWIMMER, "dynamics", "batch_size"),
    (*SWIMMER, "aggregation", "iterations"),
    (*SWIMMER, "aggregation", "steps"),
    (*SWIMMER, "random_data", "rollouts"),
    ("agents", "swimmer", "imitation", "expert_rollouts"),
    ("agents", "swimmer", "imitation", "epochs"),
    ("agents", "swimmer", "fine_tuning", "iterations"),
    ("agents", "swimmer", "model_free", "batch_size"),
    ("figures", "figure_5", "steps"),
    ("figures", "figure_5", "starts"),
    ("dyna", "runs"),
    ("dyna", "figure_8_2", "episodes"),
    ("dyna", "figure_8_2", "sweeping", "planning_steps"),
    ("dyna", "figure_8_4", "planning_steps"),
]


@pytest.mark.parametrize("keys", COUNTS, ids=".".join)
@pytest.mark.parametrize(
    "value", [0, -1, "5", 5.0, 5.5, True, None, [5], {"five": 5}, float("nan")]
)
def test_counts_are_positive_integers(tmp_path, keys, value):
    said = refused_keys(tmp_path, nested(keys, value))
    assert list(said) == [".".join(keys)]
    if not isinstance(value, list | dict):
        assert f"(found {value!r})" in said.popitem()[1]


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        *(("dynamics", "on_policy_fraction", value) for value in (-0.1, 1.1, "0.5", True, None)),
        *(("dynamics", "on_policy_fraction", float(value)) for value in ("nan", "inf", "-inf")),
        *(("dynamics", "learning_rate", value) for value in (0, -0.001, float("inf"), "1e-3")),
        *(("dynamics", "noise", value) for value in (-0.01, float("nan"), False, 10**400)),
        ("aggregation", "action_noise", -1),
        ("dynamics", "hidden_layers", []),
        ("dynamics", "hidden_layers", 500),
        ("dynamics", "hidden_layers", "500"),
    ],
)
def test_numbers_out_of_range(tmp_path, section, key, value):
    said = refused_keys(tmp_path, nested((*SWIMMER, section, key), value))
    assert list(said) == [".".join((*SWIMMER, section, key))]


@pytest.mark.parametrize(
    ("keys", "value", "where"),
    [
        ((*SWIMMER, "dynamics", "noise"), [], ".".join(SWIMMER) + ".dynamics.noise"),
        (("seeds",), [], "seeds"),
        (("seeds",), 3, "seeds"),
        (("seeds",), "0", "seeds"),
        (("seeds",), {"first": 0}, "seeds"),
        (("seeds",), [0, 1, 0], "seeds"),
        (("seeds",), [0, -1], "seeds[1]"),
        (("seeds",), [True], "seeds[0]"),
        (("seeds",), [0.0], "seeds[0]"),
        (("seeds",), [2**32], "seeds[0]"),
        (("seeds",), list(range(1001)), "seeds"),
        (("agents",), [], "agents"),
        (("agents",), None, "agents"),
        (("agents", "swimmer"), [1], "agents.swimmer"),
        (SWIMMER, "fast", ".".join(SWIMMER)),
        ((*SWIMMER, "planning"), [20, 5000], ".".join(SWIMMER) + ".planning"),
        (("figures",), 6, "figures"),
        (("figures", "figure_6"), None, "figures.figure_6"),
        (("figures", "figure_5", "agent"), "no_such_agent", "figures.figure_5.agent"),
        (("figures", "figure_5", "agent"), 3, "figures.figure_5.agent"),
        (("figures", "figure_5", "agent"), "swimmer", "figures.figure_5"),
        (("figures", "figure_5", "elements"), ["rootx [m]"], "figures.figure_5.elements"),
        (
            ("figures", "figure_6", "agents"),
            ["swimmer", "no_such_agent"],
            "figures.figure_6.agents[1]",
        ),
        (("figures", "figure_6", "agents"), ["swimmer", "swimmer"], "figures.figure_6.agents"),
        (("figures", "figure_6", "agents"), [], "figures.figure_6.agents"),
        (("figures", "figure_6", "agents"), "swimmer", "figures.figure_6.agents"),
        (("dyna",), 30, "dyna"),
        (("dyna", "discount"), 1.01, "dyna.discount"),
        (("dyna", "exploration"), float("nan"), "dyna.exploration"),
        (("dyna", "figure_8_2", "step_size"), 0.0, "dyna.figure_8_2.step_size"),
        (("dyna", "figure_8_2", "step_size"), 1.5, "dyna.figure_8_2.step_size"),
        (("dyna", "figure_8_2", "planning_steps"), [], "dyna.figure_8_2.planning_steps"),
        (("dyna", "figure_8_2", "planning_steps"), [5, 5], "dyna.figure_8_2.planning_steps"),
        (("dyna", "figure_8_2", "planning_steps"), [0, -1], "dyna.figure_8_2.planning_steps[1]"),
        (("dyna", "figure_8_2", "sweeping", "threshold"), 0.0,
         "dyna.figure_8_2.sweeping.threshold"),
        (("dyna", "figure_8_4", "change"), 3000, "dyna.figure_8_4"),
        (("dyna", "figure_8_5", "bonus"), 0.0, "dyna.figure_8_5.bonus"),
        (SWEEPS, [], "figures.figure_6.sweeps"),
        (SWEEPS, {"a": SWEEP}, "figures.figure_6.sweeps"),
        (SWEEPS, [3], "figures.figure_6.sweeps[0]"),
    ],
)  # fmt: skip
def test_wrong_value_is_laid_to_its_key(tmp_path, keys, value, where):
    assert list(refused_keys(tmp_path, nested(keys, value))) == [where]


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
    assert said
    assert all(key.startswith("figures.figure_6.sweeps[0].values[0]") for key in said)


def test_no_rollout_left_to_validate(tmp_path):
    said = refused_keys(tmp_path, nested((*SWIMMER, "aggregation", "training_rollouts"), 10))
    ((where, message),) = said.items()
    assert where == ".".join(SWIMMER) + ".aggregation"
    assert "training_rollouts (10) must be less than rollouts (10)" in message


@pytest.mark.parametrize(
    "scale",
    ["..", "a/b", "/tmp", "a b", "$(ls)", "a;b", "`ls`", "a|b", "quick\n", "", "Quick", "é",
     "a" * 41, 3, None, True, ["quick"]],
)  # fmt: skip
def test_scale_is_a_plain_folder_name(tmp_path, scale):
    assert list(refused_keys(tmp_path, {"scale": scale})) == ["scale"]


def test_every_problem_is_told_at_once(tmp_path):
    overlay = {
        "scale": "..",
        "seeds": [],
        "agents": nested(SWIMMER[1:], {"planning": {"horizon": 0}}),
    }
    said = refused_keys(tmp_path, overlay)
    assert said.keys() == {"scale", "seeds", "agents.swimmer.model_based.planning.horizon"}


def test_the_file_named_is_the_one_that_set_the_value(tmp_path):
    wrong, later = tmp_path / "wrong.yaml", tmp_path / "later.yaml"
    wrong.write_text("agents: {swimmer: {model_based: {planning: {horizon: 0}}}}")
    later.write_text("agents: {swimmer: {model_based: {planning: {num_samples: 5}}}}")
    with pytest.raises(InputError) as caught:
        load_configuration([*BASE, wrong, later])
    assert str(caught.value).startswith(f"{wrong}: agents.swimmer.model_based.planning.horizon: ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n- b\n",
        "scale",
        "3",
        "scale: [quick",
        "scale: quick\n\tseeds: [0]",
        "scale: quick\nscale: smoke",
        "agents: {swimmer: {model_based: {planning: {horizon: 1, horizon: 2}}}}",
        "scale: !!python/object/apply:os.system ['touch hacked']",
        "!!python/object:pathlib.Path {}",
        "scale: *nowhere",
        "scale: quick\n---\nscale: smoke",
        "? [a, b]\n: c",
        "? {a: b}\n: c",
        "scale: 2001-13-45",
        "scale: !!int quick",
        "scale: !!float quick",
        "scale: !!bool quick",
        "scale: !!timestamp quick",
        "scale: !!map [a]",
        "scale: !!map a",
        "scale: !!set [a]",
        "seeds: [" + "9" * 5000 + "]",
        "scale: " + "[" * 3000,
        "scale: \x00",
    ],
)  # fmt: skip
def test_what_is_no_mapping_in_plain_yaml(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    (line,) = refusal(tmp_path, text)
    assert line
    assert [path.name for path in tmp_path.iterdir()] == ["overlay.yaml"]


def test_a_huge_number_is_refused(tmp_path):
    (line,) = refusal(tmp_path, "seeds: [0x" + "f" * 5000 + "]")
    assert line.startswith("seeds[0]: ")


@pytest.mark.parametrize(
    "text", ["&all\nagents: *all", "seeds: &all [*all]", "figures: &f {figure_5: *f}"]
)
def test_a_structure_that_holds_itself_is_refused(tmp_path, text):
    assert refusal(tmp_path, text)


@pytest.mark.parametrize(
    "content", [b"\x80\x04\x95binary\xff\xfe", b"\x89PNG\r\n\x1a\n\x00", b"\xff" * 99]
)
def test_binary_file(tmp_path, content):
    path = tmp_path / "overlay.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=re.escape(str(path))) as caught:
        load_configuration([*BASE, path])
    assert "\n" not in str(caught.value)


def test_missing_file_and_folder(tmp_path):
    missing = tmp_path / "nowhere.yaml"
    with pytest.raises(InputError, match=rf"^{re.escape(str(missing))}: no such"):
        load_configuration([*BASE, missing])
    with pytest.raises(InputError, match=rf"^{re.escape(str(tmp_path))}: cannot be read"):
        load_configuration([*BASE, tmp_path])


def places(content, above=()):
    yield above
    if isinstance(content, dict):
        for key, value in content.items():
            yield from places(value, (*above, key))


PLACES = sorted({place for _, content in BASE_LAYERS for place in places(content)})
KNOWN_KEYS = sorted({key for place in PLACES for key in place})
KEYS = st.sampled_from(KNOWN_KEYS) | st.text(max_size=5) | st.integers() | st.none()
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([*KNOWN_KEYS, "dynamics.epochs", "a", 1, 0.5])
)
JUNK = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(PLACES), st.none() | KEYS, JUNK)
def test_junk_anywhere_works_or_is_an_input_error(place, key, junk):
    overlay = nested(place if key is None else (*place, key), junk)
    if not isinstance(overlay, dict):
        return  # refused by read_yaml, tested above
    layers = [*BASE_LAYERS, ("overlay.yaml", overlay)]
    names = tuple(f"{name}: " for name, _ in layers)
    said = ""
    try:
        check_configuration(layers)
    except InputError as error:
        said = str(error)
    assert all(line.startswith(names) for line in said.splitlines()), said


@settings(max_examples=150)
@given(text=st.text(alphabet="ab:-{}[]!&*?|>'\"#%,<= \n\t019.é\x00", max_size=30) | st.text())
def test_any_text_is_read_or_is_an_input_error(text, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    said = f"{path}: fine"
    try:
        assert isinstance(read_yaml(path), dict)
    except InputError as error:
        said = str(error)
    assert said.startswith(f"{path}: ")
    assert len(said.splitlines()) == 1
