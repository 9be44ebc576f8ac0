"""What every dynamics model does, those of examples/ included."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from mbmf.agents import get_agent
from mbmf.method.doors import MODELS
from mbmf.method.dynamics import TrainingData, train
from mbmf.method.models.base import model_class, new_model
from mbmf.method.random_data import RandomDataSettings, generate
from mbmf.steps.model_based import read_models, run_model_based
from mbmf.steps.random_data import write_random_data

DOOR = MODELS
SWIMMER = get_agent("swimmer")
TRAINING = {
    "learning_rate": 1e-3,
    "batch_size": 64,
    "epochs": 15,
    "on_policy_fraction": 0.5,
    "noise": 0.0,
}
# Small values of the settings that a model has no default for.
OWN = {"mlp": {"hidden_layers": [32]}, "probabilistic_ensemble": {"hidden_layers": [32]}}


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


def settings(name):
    return model_class(name).Settings(model=name, **OWN.get(name, {}), **TRAINING)


def data():
    sizes = RandomDataSettings(rollouts=6, validation_rollouts=1, steps=60)
    states, actions, nexts = map(
        torch.from_numpy, generate(SWIMMER, sizes, 0).training.transitions()
    )
    return states, actions, nexts - states


def fitted(name, seed=0):
    model = new_model(SWIMMER.state_dim, SWIMMER.action_dim, settings(name), draws(seed))
    model.fit_normalisation(*data())
    return model


def trained(name):
    model = fitted(name)
    states, actions, deltas = data()
    inputs = torch.cat([states, actions], dim=1)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    sets = [TrainingData(model, inputs[:n], deltas[:n]) for n in (len(inputs), 0)]
    losses = train(model, optimizer, *sets, settings(name), draws(1))
    return model, losses


def test_normalisation_is_that_of_the_data(name):
    model, (states, actions, deltas) = fitted(name), data()
    inputs = torch.cat([states, actions], dim=1)
    np.testing.assert_allclose(model.input_mean, inputs.mean(0), rtol=1e-4, atol=1e-5)
    moving = inputs.std(0) > 1e-4
    spread = inputs.std(0, correction=0)[moving]
    np.testing.assert_allclose(model.input_std[moving], spread, rtol=1e-4)
    np.testing.assert_allclose(model.delta_mean, deltas.mean(0), rtol=1e-4, atol=1e-5)
    assert (model.input_std > 0).all()
    assert (model.delta_std > 0).all()


def test_training_lowers_the_loss_and_beats_no_change(name):
    model, losses = trained(name)
    assert losses[-1] < 0.7 * losses[0]
    states, actions, deltas = (part.float() for part in data())
    with torch.no_grad():
        errors = (model(states, actions) - states - deltas) / model.delta_std
    assert errors.square().mean() < (deltas / model.delta_std).square().mean()


def test_prediction_keeps_the_shape_of_the_state(name):
    model = fitted(name)
    for shape in [(), (5,), (2, 3)]:
        states, actions = torch.zeros(*shape, 16), torch.zeros(*shape, 2)
        assert model(states, actions).shape == (*shape, 16)


def test_planning_predicts_what_the_model_does(name):
    model, (states, actions, _) = fitted(name), data()
    states, actions = states.float(), actions.float()
    with torch.inference_mode():
        expected = model(states, actions) - states
        found = model.for_planning(100)(torch.cat([states, actions], dim=1))
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_the_seed_gives_the_weights(name):
    first, same, other = (fitted(name, seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(value, same[key]) for key, value in first.items())
    assert any(not torch.equal(value, other[key]) for key, value in first.items())


def test_a_run_writes_it_and_reads_it_again(name, tiny, tmp_path):
    content = tiny.model_dump()
    content["dynamics"] = settings(name).model_copy(update={"epochs": 2}).model_dump()
    chosen = type(tiny).model_validate(content)
    path = tmp_path / "random.safetensors"
    write_random_data(SWIMMER, chosen.random_data, 0, path)
    run_model_based(SWIMMER, chosen, 0, path, tmp_path, tmp_path, "cpu")
    models, _ = read_models(tmp_path / "models.safetensors", SWIMMER)
    assert len(models) == chosen.aggregation.iterations
    assert type(models[-1]) is model_class(name)
    states, actions, _ = (part.float() for part in data())
    with torch.no_grad():
        assert models[-1](states, actions).isfinite().all()
    again, _ = read_models(tmp_path / "models.safetensors", SWIMMER)
    for one, other in zip(models, again, strict=True):
        assert all(torch.equal(v, other.state_dict()[k]) for k, v in one.state_dict().items())


def test_unknown_settings_are_refused(name):
    with pytest.raises(ValidationError, match="Extra inputs"):
        model_class(name).Settings(
            model=name, **OWN.get(name, {}), **TRAINING, setting_that_cannot_exist=1
        )
