"""The network as planning uses it: the same function, without gradients."""

import math

import pytest
import torch

from mbmf.base.errors import NonFiniteError
from mbmf.method.models.mlp import MlpSettings, Model
from mbmf.method.predicted_returns import CHUNK_ROWS, rollout_returns


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def normalised_model(hidden=(500,), state_dim=16, action_dim=2):
    model = Model(state_dim, action_dim, hidden, generator())
    data = torch.randn(100, state_dim + action_dim, generator=generator(1)) * 5 + 2
    deltas = torch.randn(100, state_dim, generator=generator(2)) * 0.3 - 1
    model.fit_normalisation(data[:, :state_dim], data[:, state_dim:], deltas)
    return model


@pytest.mark.parametrize("hidden", [(500,), (500, 500), (7,)])
@pytest.mark.parametrize("fused", [True, False])
def test_planning_form_equals_the_model(hidden, fused, monkeypatch):
    if not fused:
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    model = normalised_model(hidden)
    states = torch.randn(300, 16, generator=generator(3)) * 5
    actions = torch.rand(300, 2, generator=generator(4)) * 2 - 1
    expected = (model(states, actions) - states).detach()
    found = model.for_planning(CHUNK_ROWS)(torch.cat([states, actions], dim=1))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("layer", [0, 1])
def test_a_model_whose_weights_are_not_finite_plans_nothing(layer, fused, monkeypatch):
    """The fused ReLU turns a hidden unit that is not a number into zero: it must not get there."""
    if not fused:
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    model = normalised_model((7,))
    with torch.no_grad():
        model.layers[layer].weight[0, 0] = math.nan
    with pytest.raises(NonFiniteError, match="weights that are not finite"):
        model.for_planning(CHUNK_ROWS)


@pytest.mark.parametrize("fused", [True, False])
def test_a_state_that_would_overflow_the_network_is_never_chosen(fused, monkeypatch):
    """With the real network: sequences that blow up have return minus infinity."""
    if not fused:
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    model = normalised_model((7,), state_dim=2, action_dim=1)
    with torch.no_grad():
        for layer in model.linear_layers:
            layer.weight *= 1e6
    actions = torch.rand(8, 20, 1, generator=generator()) * 2 - 1
    returns = rollout_returns(
        model.for_planning(CHUNK_ROWS), lambda s, a: 0 * a[:, 0], None, torch.ones(20, 2), actions
    )
    assert (returns == -math.inf).all()


def test_products_are_the_weights_of_its_layers():
    training = {"learning_rate": 1e-3, "batch_size": 1, "epochs": 1}
    settings = MlpSettings(hidden_layers=[7, 5], on_policy_fraction=0.5, noise=0.0, **training)
    weights = sum(layer.weight.numel() for layer in Model(3, 2, [7, 5]).linear_layers)
    assert settings.products(3, 2) == weights
