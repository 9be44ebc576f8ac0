"""What wrong keys and values of a configuration are answered with."""

import pytest
import yaml

from refused_overlays import (
    BASE,
    BASE_LAYERS,
    SWEEP,
    SWEEPS,
    SWIMMER,
    nested,
    refusal,
    refused_keys,
)

ALLOWED = {
    (): "scale, seeds, agents, figures, dyna",
    ("agents", "swimmer"): "task, model_based, policy, imitation, fine_tuning, model_free",
    SWIMMER: "random_data, dynamics, planning, aggregation",
    (*SWIMMER, "planning"): "planner, horizon, num_samples",
    (*SWIMMER, "dynamics"): "model, learning_rate, batch_size, epochs, on_policy_fraction, noise, "
    "hidden_layers",
    (*SWIMMER, "random_data"): "rollouts, validation_rollouts, steps",
    ("figures", "figure_5"): "seeds, agent, steps, starts, elements, experiment",
    ("figures", "figure_6"): "seeds, agents, held, sweeps, experiment",
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
