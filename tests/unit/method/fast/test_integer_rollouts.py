"""The network in 16-bit integers beside the network."""

import numpy as np
import pytest
import torch

from mbmf.method.fast import integer_rollouts
from mbmf.method.fast.integer_products import TILE
from mbmf.method.fast.integer_rollouts import IntegerRollouts
from mbmf.method.fast.processor import has_vnni
from mbmf.method.fast.quantised_layers import RANGE
from mbmf.method.models.mlp import Model


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


def model_of(state_dim, action_dim, *units):
    model = Model(state_dim, action_dim, units, draws())
    model.input_mean.fill_(3.0)
    model.delta_std.fill_(0.2)
    return model


def exact(model, start, actions):
    """States (H, N, S)."""
    states = [start.expand(actions.shape[1], -1)]
    for some in actions:
        states.append(model(states[-1], some))
    return torch.stack(states[1:])


@pytest.fixture(params=[True, False], ids=["native", "portable"])
def products(request, monkeypatch):
    """By the processor's instruction, and by products that any processor has."""
    if request.param and not has_vnni():
        pytest.skip("no AVX512-VNNI")
    monkeypatch.setattr(integer_rollouts, "has_vnni", lambda: request.param)


# Inputs, units and outputs that fill the words and those that do not; rows likewise.
SHAPES = [
    (16, 2, [500], 1000),
    (24, 6, [500], 640),
    (16, 2, [500, 500], 1000),
    (6, 2, [130, 61, 97], 300),
    (5, 2, [131], 1),
    (3, 1, [7], TILE + 1),
]


@pytest.mark.usefixtures("products")
@pytest.mark.parametrize(("state_dim", "action_dim", "units", "rows"), SHAPES)
def test_states_are_the_models(state_dim, action_dim, units, rows):
    """To 16,383 steps of an input and of a unit, over five time steps.

    Each further layer adds about as much.
    """
    model = model_of(state_dim, action_dim, *units)
    start = torch.randn(state_dim, generator=draws(1)) + 3
    actions = torch.rand(5, rows, action_dim, generator=draws(3)) * 2 - 1
    with torch.inference_mode():
        found = IntegerRollouts(*model._folded())(start, actions)
        expected = exact(model, start, actions)
    assert found.shape == expected.shape
    inside = ~found[-1].isnan().any(dim=1)
    assert inside.float().mean() > 0.99
    moved = (expected - start).square().mean().sqrt()
    errors = (found - expected)[:, inside]
    assert errors.abs().max() < 0.01 * len(units) * moved
    assert errors.square().mean().sqrt() < 0.002 * len(units) * moved


@pytest.mark.skipif(not has_vnni(), reason="no AVX512-VNNI")
@pytest.mark.parametrize("units", [[500], [200, 150]])
def test_any_processor_finds_the_same_bits(monkeypatch, units):
    model = model_of(16, 2, *units)
    start = torch.randn(16, generator=draws(1))
    actions = torch.rand(8, 300, 2, generator=draws(2)) * 2 - 1
    found = []
    for native in (True, False):
        monkeypatch.setattr(integer_rollouts, "has_vnni", lambda kind=native: kind)
        with torch.inference_mode():
            found.append(IntegerRollouts(*model._folded())(start, actions).numpy())
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("units", [[64], [64, 64]])
def test_threads_share_the_rows(units):
    """Each has a first tile of its own, so the last bits may differ."""
    model = model_of(6, 2, *units)
    start = torch.zeros(6)
    actions = torch.rand(4, 1000, 2, generator=draws(2)) * 2 - 1
    threads = torch.get_num_threads()
    found = []
    try:
        for number in (1, 3):
            torch.set_num_threads(number)
            with torch.inference_mode():
                found.append(IntegerRollouts(*model._folded())(start, actions).nan_to_num())
    finally:
        torch.set_num_threads(threads)
    assert (found[0] - found[1]).square().mean().sqrt() < 0.001 * len(units) * found[0].std()


def test_a_row_beyond_the_range_is_no_number_from_then_on():
    """All move alike but row 100, which goes farther than the range at the second step."""
    weights = [torch.tensor([[0.0, 1.0], [0.0, -1.0]]), torch.tensor([[1.0, -1.0]])]
    rollouts = IntegerRollouts(weights, [torch.zeros(2), torch.zeros(1)])
    actions = torch.full((6, 200, 1), 0.125)
    actions[1, 100] = 0.95
    with torch.inference_mode():
        states = rollouts(torch.zeros(1), actions)[:, :, 0]
    others = torch.arange(200) != 100
    steps = 0.125 * torch.arange(1, 7)
    torch.testing.assert_close(states[:, others], steps[:, None].expand(-1, 199), rtol=5e-4, atol=0)
    assert states[1, 100].item() == pytest.approx(1.075, rel=5e-4)
    assert states[1, 100] > RANGE * states[1, 0]
    assert states[2:, 100].isnan().all()


def test_actions_of_the_whole_range_fit():
    model = model_of(4, 2, 32)
    actions = torch.ones(3, 130, 2)
    actions[:, ::2] = -1.0
    with torch.inference_mode():
        assert IntegerRollouts(*model._folded())(torch.zeros(4), actions)[0].isfinite().all()


def test_a_unit_that_no_input_moves_keeps_its_value():
    """The change is 0.3 times a unit of 2 and 0.5 times one that follows the action."""
    weights = [torch.tensor([[0.0, 0.0], [0.0, 1.0]]), torch.tensor([[0.3, 0.5]])]
    rollouts = IntegerRollouts(weights, [torch.tensor([2.0, 1.0]), torch.zeros(1)])
    with torch.inference_mode():
        states = rollouts(torch.zeros(1), torch.full((1, 70, 1), 0.5))
    torch.testing.assert_close(
        states, torch.full((1, 70, 1), 0.3 * 2 + 0.5 * 1.5), rtol=5e-4, atol=0
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_action_that_is_no_number_spoils_its_row_alone(value):
    """Of a later tile; in the first it may change the steps."""
    model = model_of(4, 2, 32)
    actions = torch.rand(3, 130, 2, generator=draws()) * 2 - 1
    with torch.inference_mode():
        before = IntegerRollouts(*model._folded())(torch.zeros(4), actions)
        actions[0, 100] = value
        after = IntegerRollouts(*model._folded())(torch.zeros(4), actions)
    assert after[:, 100].isnan().any(dim=1).all()
    others = torch.arange(130) != 100
    torch.testing.assert_close(after[:, others], before[:, others], rtol=0, atol=0)


def test_steps_round_to_the_nearest():
    """A sum that is shifted would lose half a step on average if it were not rounded."""
    weights = [torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0]])]
    rollouts = IntegerRollouts(weights, [torch.tensor([1.5]), torch.zeros(1)])
    actions = torch.rand(1, 5000, 1, generator=draws()) * 2 - 1
    with torch.inference_mode():
        errors = rollouts(torch.zeros(1), actions)[0, :, 0] - (actions[0, :, 0] + 1.5)
    assert errors.abs().mean() > 1e-5
    assert abs(errors.mean()) < 0.1 * errors.abs().mean()
