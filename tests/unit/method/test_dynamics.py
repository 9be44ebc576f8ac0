"""The dynamics model against closed forms and an independent NumPy computation."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mbmf.base.errors import NonFiniteError
from mbmf.method.dynamics import (
    TrainingData,
    add_noise,
    minibatch_shares,
    open_loop,
    step_errors,
    train,
    validation_error,
)
from mbmf.method.models.base import DynamicsModel
from mbmf.method.models.mlp import MlpSettings, Model


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def settings(**changes):
    values = {
        "hidden_layers": [32],
        "learning_rate": 1e-3,
        "batch_size": 64,
        "epochs": 3,
        "on_policy_fraction": 0.9,
        "noise": 0.01,
    }
    return MlpSettings(**(values | changes))


def random_model(state_dim=3, action_dim=2, hidden=(16, 8), seed=0):
    model = Model(state_dim, action_dim, hidden, generator(seed))
    states = torch.randn(50, state_dim, generator=generator(1)) * 3 + 1
    actions = torch.rand(50, action_dim, generator=generator(2)) * 2 - 1
    model.fit_normalisation(states, actions, torch.randn(50, state_dim, generator=generator(3)))
    return model


def test_prediction_equals_an_independent_computation():
    model = random_model()
    state, action = np.array([[0.5, -2.0, 1.0]]), np.array([[0.3, -0.9]])
    weights = {name: value.double().numpy() for name, value in model.state_dict().items()}
    x = (np.concatenate([state, action], axis=1) - weights["input_mean"]) / weights["input_std"]
    for layer in range(3):
        x = x @ weights[f"layers.{layer}.weight"].T + weights[f"layers.{layer}.bias"]
        if layer < 2:
            x = np.maximum(x, 0)
    expected = state + x * weights["delta_std"] + weights["delta_mean"]
    predicted = model(torch.tensor(state).float(), torch.tensor(action).float())
    np.testing.assert_allclose(predicted.detach().numpy(), expected, rtol=1e-5)


def test_weights_start_xavier_normal_and_biases_at_zero():
    model = Model(16, 2, [500], generator())
    assert model.layers[0].weight.std().item() == pytest.approx((2 / 518) ** 0.5, rel=0.03)
    assert model.layers[1].weight.std().item() == pytest.approx((2 / 516) ** 0.5, rel=0.03)
    assert all(layer.bias.eq(0).all() for layer in model.layers)


def test_training_loss_is_equation_2():
    predicted = torch.tensor([[1.0, 2.0], [0.0, 0.0]])
    target = torch.tensor([[1.0, 0.0], [3.0, 1.0]])
    # (1/2) (0 + 4) and (1/2) (9 + 1), averaged

    class Fixed(DynamicsModel):
        def normalised_forward(self, _inputs):
            return predicted

    assert Fixed(2, 1).loss(torch.zeros(2, 3), target).item() == pytest.approx((2 + 5) / 2)


def test_normalisation_takes_each_dimension_and_leaves_constant_ones_unscaled():
    model = Model(2, 1, [4], generator())
    states = torch.tensor([[1.0, 7.0], [3.0, 7.0 + 1e-9]])
    model.fit_normalisation(states, torch.tensor([[-1.0], [1.0]]), torch.tensor([[0.0, 0.0]] * 2))
    assert model.input_mean.tolist() == [2.0, 7.0, 0.0]
    assert model.input_std.tolist() == [1.0, 1.0, 1.0]
    assert model.delta_std.tolist() == [1.0, 1.0]


@given(batch=st.integers(1, 1024), fraction=st.floats(0, 1), size=st.integers(0, 5000))
def test_minibatch_shares_fill_the_batch(batch, fraction, size):
    from_random, from_policy = minibatch_shares(batch, fraction, size)
    assert from_random + from_policy == batch
    assert 0 <= from_policy <= min(size, batch * fraction)
    assert from_policy in (size, int(batch * fraction))


def test_shares_of_the_paper():
    assert minibatch_shares(512, 0.9, 0) == (512, 0)
    assert minibatch_shares(512, 0.9, 100) == (412, 100)
    assert minibatch_shares(512, 0.9, 3000) == (52, 460)
    assert minibatch_shares(512, 1.0, 3000) == (0, 512)


def test_noise_has_the_spread_of_each_mean_also_where_it_is_negative():
    data = torch.tensor([2.0, -50.0, 0.0]).repeat(20000, 1)
    noise = add_noise(data, 0.01, generator()) - data
    np.testing.assert_allclose(noise.std(dim=0).numpy(), [0.02, 0.5, 0], rtol=0.03)
    assert noise.mean(dim=0).abs().max() < 0.02


def linear_data(model, count, seed):
    """s' − s = linear in (s, a): what one hidden layer learns in a few epochs."""
    states = torch.randn(count, 3, generator=generator(seed))
    actions = torch.rand(count, 2, generator=generator(seed + 1)) * 2 - 1
    mixing = torch.randn(5, 3, generator=generator(99))
    inputs = torch.cat([states, actions], dim=1)
    deltas = inputs @ mixing
    model.fit_normalisation(states, actions, deltas)
    return TrainingData(model, inputs, deltas)


def test_training_learns_a_linear_system_almost_exactly():
    model = Model(3, 2, [64], generator())
    data = linear_data(model, 2000, 5)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    empty = TrainingData(model, torch.zeros(0, 5), torch.zeros(0, 3))
    losses = train(model, optimizer, data, empty, settings(epochs=60), generator(7))
    # Targets have unit variance: a model that predicts nothing has a loss of 3 / 2.
    assert losses[0] > 0.3
    assert losses[-1] < 0.005


@pytest.mark.parametrize("fraction", [0.0, 0.5, 1.0])
def test_on_policy_data_is_used_as_far_as_the_fraction_says(fraction):
    """D_RAND and D_RL contradict each other, so what is learned shows the mixture."""
    model = Model(1, 1, [8], generator())
    inputs = torch.randn(640, 2, generator=generator(1))
    random_data = TrainingData(model, inputs, torch.zeros(640, 1))
    on_policy = TrainingData(model, inputs, torch.ones(640, 1))
    train(
        model,
        torch.optim.Adam(model.parameters(), lr=1e-2),
        random_data,
        on_policy,
        settings(on_policy_fraction=fraction, epochs=40),
        generator(2),
    )
    learned = model.normalised_forward(inputs).mean().item()
    assert learned == pytest.approx(fraction, abs=0.06)


class CountingAdam(torch.optim.Adam):
    """Adam that counts its steps."""

    steps = 0

    def step(self, closure=None):
        self.steps += 1
        return super().step(closure)


@pytest.mark.parametrize(
    ("random_points", "on_policy_points", "fraction", "minibatches"),
    [
        # [C]: one pass over D_RAND, as many points at a time as a minibatch of 64 takes of it.
        (640, 0, 0.9, 10),  # D_RL is empty: 64
        (640, 1000, 0.0, 10),  # 64
        (640, 1000, 0.5, 20),  # 32
        (640, 1000, 0.9, 91),  # 7, for int(57.6) of D_RL join them
        (640, 20, 0.9, 14),  # 44, for D_RL has but 20
        (40, 1000, 0.0, 1),  # fewer than a minibatch: all of them
        # Nothing of D_RAND: one pass over D_RL.
        (640, 1000, 1.0, 15),
    ],
)
def test_minibatches_of_an_epoch(random_points, on_policy_points, fraction, minibatches):
    model = Model(1, 1, [8], generator())
    sets = [
        TrainingData(model, torch.randn(count, 2), torch.zeros(count, 1))
        for count in (random_points, on_policy_points)
    ]
    optimizer = CountingAdam(model.parameters(), lr=1e-3)
    given = settings(on_policy_fraction=fraction, epochs=2, batch_size=64)
    train(model, optimizer, *sets, given, generator())
    assert optimizer.steps == 2 * minibatches


def test_training_repeats_bit_for_bit():
    weights = []
    for _ in range(2):
        model = Model(3, 2, [16], generator())
        data = linear_data(model, 300, 5)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
        train(model, optimizer, data, data, settings(), generator(7))
        weights.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    assert torch.equal(*weights)


def test_training_that_turns_non_finite_is_stopped_with_the_reason():
    model = Model(3, 2, [16], generator())
    data = linear_data(model, 300, 5)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e30)
    with pytest.raises(NonFiniteError, match=r"epoch 1 of 3.*learning_rate"):
        train(model, optimizer, data, data, settings(learning_rate=1e30), generator(7))


def test_open_loop_applies_the_model_to_its_own_predictions():
    model = random_model()
    start = torch.tensor([[0.5, -2.0, 1.0], [0.0, 1.0, 0.0]])
    actions = torch.rand(2, 3, 2, generator=generator(4))
    path = open_loop(model, start, actions)
    assert torch.equal(path[:, 0], start)
    state = start
    for step in range(3):
        state = model(state, actions[:, step])
        torch.testing.assert_close(path[:, step + 1], state)


def test_step_errors_are_in_units_of_the_normalised_state():
    model = random_model()
    start = torch.zeros(4, 3)
    actions = torch.rand(4, 5, 2, generator=generator(4))
    states = open_loop(model, start, actions).clone()
    assert step_errors(model, states, actions).max() == 0
    states[:, 3] += 2 * model.state_std  # two spreads off in each element
    errors = step_errors(model, states, actions)
    np.testing.assert_allclose(errors[:, 2].numpy(), 4.0, rtol=1e-5)
    assert errors[:, [0, 1, 3, 4]].max() == 0
    # Eqn. 3 averages over the horizon: only one step of three is wrong.
    assert validation_error(errors, 3) == pytest.approx(0.5 * 4 / 3, rel=1e-5)
    assert validation_error(errors, 2) == 0
