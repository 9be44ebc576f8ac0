"""A run of Algorithm 1 as the workflow starts it: killed, resumed, fed damaged files."""

import json
from pathlib import Path

import pandas as pd
import pytest
import torch

from mbmf.agents import get_agent
from mbmf.base.errors import InputError
from mbmf.method import algorithm_1
from mbmf.method.random_data import RandomDataSettings
from mbmf.steps.model_based import read_held_out, read_models, run_model_based
from mbmf.steps.random_data import read_random_data, write_random_data
from mbmf.storage.tensor_files import read_tensors, write_tensors

SWIMMER = get_agent("swimmer")
RESULTS = ["runs/curve.csv", "models/models.safetensors", "models/held_out.safetensors"]


@pytest.fixture
def data(tmp_path, tiny):
    path = tmp_path / "random.safetensors"
    write_random_data(SWIMMER, tiny.random_data, 5, path)
    return path


def run(folder, tiny, data, agent=SWIMMER, seed=5):
    run_model_based(agent, tiny, seed, data, folder / "runs", folder / "models", "cpu")
    return {name: (folder / name).read_bytes() for name in RESULTS}


def test_killed_and_resumed_ends_in_the_same_bytes(tmp_path, tiny, data, monkeypatch):
    undisturbed = run(tmp_path / "a", tiny, data)
    original, calls = algorithm_1.iterate, []

    def killed_in_the_second_iteration(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        original(*arguments)

    monkeypatch.setattr(algorithm_1, "iterate", killed_in_the_second_iteration)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "b", tiny, data)
    assert (tmp_path / "b/runs/checkpoint.safetensors").exists()
    assert not (tmp_path / "b" / RESULTS[0]).exists()
    assert run(tmp_path / "b", tiny, data) == undisturbed
    assert len(calls) == 2 + tiny.aggregation.iterations - 1
    assert json.loads((tmp_path / "b/runs/provenance.json").read_text())["resumed"]


def test_a_checkpoint_of_other_settings_is_not_continued(tmp_path, tiny, data, capsys):
    undisturbed = run(tmp_path / "a", tiny, data)
    checkpoint = tmp_path / "b/runs/checkpoint.safetensors"
    write_tensors(checkpoint, {"x": torch.zeros(1)}, {"identity": {"seed": 4}, "progress": {}})
    assert run(tmp_path / "b", tiny, data) == undisturbed
    assert "starting again" in capsys.readouterr().out


def test_a_truncated_checkpoint_is_refused_by_name(tmp_path, tiny, data):
    checkpoint = tmp_path / "runs/checkpoint.safetensors"
    write_tensors(checkpoint, {"x": torch.zeros(100)}, {})
    checkpoint.write_bytes(checkpoint.read_bytes()[:-50])
    with pytest.raises(InputError, match=r"checkpoint\.safetensors: not a whole"):
        run(tmp_path, tiny, data)
    assert checkpoint.exists()


def test_curve_is_tidy(tmp_path, tiny, data):
    run(tmp_path, tiny, data)
    curve = pd.read_csv(tmp_path / "runs/curve.csv")
    assert curve["iteration"].tolist() == [0, 1, 2]
    # 4 x 40 random steps, then 3 x 12 an iteration; 2 of 3 rollouts join the training set.
    assert curve["env_steps"].tolist() == [160, 196, 232]
    assert curve["training_points"].tolist() == [120, 144, 168]
    assert (curve["agent"] == "swimmer").all()
    assert (curve["planning.num_samples"] == 30).all()
    assert curve["random_error_10"].notna().all()
    assert curve["random_error_50"].isna().all()  # no rollout is that long
    models, _ = read_models(tmp_path / "models/models.safetensors", SWIMMER)
    held_out = read_held_out(tmp_path / "models/held_out.safetensors", SWIMMER)
    assert len(models) == len(held_out) == 3
    assert held_out[0].states.shape == (1, 13, 16)


OWN_PLANNER = Path(__file__).parents[3] / "examples/planner.py"


def test_a_setting_with_its_default_is_no_column_and_another_is(tmp_path, tiny, data):
    run(tmp_path / "default", tiny, data)
    own = tiny.replaced("planning.planner", str(OWN_PLANNER))
    run(tmp_path / "own", own, data)
    default, other = (pd.read_csv(tmp_path / name / RESULTS[0]) for name in ("default", "own"))
    assert [name for name in other if name not in default] == ["planning.planner"]
    assert (other["planning.planner"] == str(OWN_PLANNER)).all()
    # Another planner: other actions, and so other returns, after the same random data.
    assert other["env_steps"][0] == default["env_steps"][0]
    assert (other["return"] != default["return"]).all()
    told = [
        json.loads((tmp_path / name / "runs/provenance.json").read_text())
        for name in ("default", "own")
    ]
    assert told[0]["settings"]["planning"]["planner"] == "random_shooting"
    assert told[0]["code"] != told[1]["code"]


def test_warm_start_keeps_weights_and_normalisation(tmp_path, tiny, data):
    run(tmp_path, tiny, data)
    (first, *_, last), _ = read_models(tmp_path / "models/models.safetensors", SWIMMER)
    assert torch.equal(first.input_mean, last.input_mean)
    assert torch.equal(first.delta_std, last.delta_std)
    change = (first.layers[0].weight - last.layers[0].weight).abs().max()
    assert 0 < change < 0.3  # a new initialisation would differ by about 1


def test_random_data_is_nested_in_the_number_of_rollouts(tmp_path, data, tiny):
    more = RandomDataSettings(rollouts=5, validation_rollouts=1, steps=40)
    write_random_data(SWIMMER, more, 5, tmp_path / "more.safetensors")
    small = read_random_data(data, SWIMMER, tiny.random_data, 5)
    large = read_random_data(tmp_path / "more.safetensors", SWIMMER, more, 5)
    assert (small.training.states == large.training.states[:3]).all()
    assert (small.validation.states == large.validation.states).all()
    assert (small.training.states[0] != small.validation.states[0]).any()


def test_random_actions_fill_the_box(tmp_path):
    settings = RandomDataSettings(rollouts=20, validation_rollouts=1, steps=100)
    write_random_data(SWIMMER, settings, 0, tmp_path / "x.safetensors")
    actions = read_random_data(tmp_path / "x.safetensors", SWIMMER, settings, 0).training.actions
    assert abs(actions.mean()) < 0.03
    assert actions.var() == pytest.approx(1 / 3, rel=0.05)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path, tensors, facts: path.write_bytes(path.read_bytes()[:-7]), "not a whole"),
        (lambda path, tensors, facts: path.write_bytes(b"junk"), "not a whole"),
        (lambda path, tensors, facts: path.unlink(), "no such file"),
        (
            lambda path, tensors, facts: write_tensors(path, tensors, facts | {"agent": "ant"}),
            "agent is ant, but this run needs swimmer",
        ),
        (
            lambda path, tensors, facts: write_tensors(path, tensors, facts | {"seed": 6}),
            "seed is 6, but this run needs 5",
        ),
        (
            lambda path, tensors, facts: write_tensors(
                path, tensors | {"training.states": tensors["training.states"][:2]}, facts
            ),
            r"training\.states has the shape \(2, 41, 16\), should be \(3, 41, 16\)",
        ),
        (
            lambda path, tensors, facts: write_tensors(
                path,
                tensors | {"validation.actions": tensors["validation.actions"] * torch.nan},
                facts,
            ),
            r"validation\.actions holds values that are not finite",
        ),
    ],
)
def test_damaged_random_data_is_refused_and_left_alone(tmp_path, tiny, data, damage, message):
    damage(data, *read_tensors(data))
    before = data.read_bytes() if data.exists() else None
    with pytest.raises(InputError, match=message) as caught:
        run(tmp_path, tiny, data)
    assert str(caught.value).startswith(str(data))
    assert (data.read_bytes() if data.exists() else None) == before
    assert not (tmp_path / "runs").exists()


def test_models_of_another_agent_are_refused(tmp_path, tiny, data):
    run(tmp_path, tiny, data)
    with pytest.raises(InputError, match="a model of swimmer, but this run needs hopper"):
        read_models(tmp_path / "models/models.safetensors", get_agent("hopper"))


def test_training_that_diverges_names_the_iteration(tmp_path, tiny, data):
    wild = tiny.replaced("dynamics.learning_rate", 1e30)
    with pytest.raises(ArithmeticError, match=r"iteration 0 of swimmer, seed 5.*epoch 1 of 2"):
        run(tmp_path, wild, data)


def damaged(path, change):
    """Rewrite a safetensors file with its tensors and facts changed."""
    tensors, facts = read_tensors(path)
    change(tensors, facts)
    write_tensors(path, tensors, facts)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _, facts: facts.pop("iterations"), "'iterations' is missing"),
        (lambda _, facts: facts.pop("hidden_layers"), "'hidden_layers' is missing"),
        (lambda _, facts: facts.update(hidden_layers=[17]), "size mismatch"),
        (lambda _, facts: facts.update(agent="ant"), "a model of ant, but this run needs swimmer"),
        (lambda t, _: t["0.layers.0.weight"].fill_(torch.nan), "layers.0.weight holds values"),
    ],
)
def test_damaged_models_are_refused_by_name(tmp_path, tiny, data, change, message):
    run(tmp_path, tiny, data)
    path = tmp_path / "models/models.safetensors"
    damaged(path, change)
    with pytest.raises(InputError, match=rf"models\.safetensors: .*{message}"):
        read_models(path, SWIMMER)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _, facts: facts.pop("iterations"), "'iterations' is missing"),
        (lambda t, _: t.pop("1.rewards"), "'1.rewards' is missing"),
        (lambda t, _: t.update({"1.states": t["1.states"][:, 1:]}), "1.states has the shape"),
        (lambda t, _: t["2.actions"].fill_(torch.inf), "2.actions holds values"),
        (lambda _, facts: facts.update(agent="ant"), "rollouts of ant, but this run needs swimmer"),
    ],
)
def test_damaged_held_out_rollouts_are_refused_by_name(tmp_path, tiny, data, change, message):
    run(tmp_path, tiny, data)
    path = tmp_path / "models/held_out.safetensors"
    damaged(path, change)
    with pytest.raises(InputError, match=rf"held_out\.safetensors: .*{message}"):
        read_held_out(path, SWIMMER)


def test_a_file_that_may_not_be_read_is_told(tmp_path, tiny, data, monkeypatch):
    def denied(*_arguments, **_options):
        raise PermissionError

    monkeypatch.setattr("mbmf.storage.tensor_files.safe_open", denied)
    with pytest.raises(InputError, match=r"random\.safetensors: cannot be read"):
        run(tmp_path, tiny, data)
