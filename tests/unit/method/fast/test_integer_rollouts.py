"""The network in 8-bit integers beside the network."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mbmf.method.fast import integer_rollouts
from mbmf.method.fast.integer_products import TILE
from mbmf.method.fast.integer_rollouts import (
    RANGE,
    UNIT_RANGE,
    IntegerRollouts,
    quantise_first,
    quantise_inputs,
    quantise_units,
    quantise_weights,
    room,
    set_biases,
    set_unit_steps,
)
from mbmf.method.fast.processor import has_vnni
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
    """To 127 steps of an input, 255 of a unit and 127 of a weight, over five time steps.

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
    assert inside.float().mean() > 0.98
    moved = (expected - start).square().mean().sqrt()
    errors = (found - expected)[:, inside]
    assert errors.abs().max() < 0.15 * len(units) * moved
    assert errors.square().mean().sqrt() < 0.03 * len(units) * moved


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
    assert (found[0] - found[1]).square().mean().sqrt() < 0.02 * len(units) * found[0].std()


def test_a_row_beyond_the_range_is_no_number_from_then_on():
    """All move alike but row 100, which goes three times as far as the range at the third step."""
    weights = [torch.tensor([[0.0, 1.0], [0.0, -1.0]]), torch.tensor([[1.0, -1.0]])]
    rollouts = IntegerRollouts(weights, [torch.zeros(2), torch.zeros(1)])
    actions = torch.full((6, 200, 1), 0.125)
    actions[1, 100] = 0.95
    with torch.inference_mode():
        states = rollouts(torch.zeros(1), actions)[:, :, 0]
    others = torch.arange(200) != 100
    steps = 0.125 * torch.arange(1, 7)
    torch.testing.assert_close(states[:, others], steps[:, None].expand(-1, 199), rtol=0.02, atol=0)
    assert states[1, 100].item() == pytest.approx(1.075, rel=0.02)
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
        states, torch.full((1, 70, 1), 0.3 * 2 + 0.5 * 1.5), rtol=0.01, atol=0
    )


def test_an_input_of_more_than_127_steps_is_outside():
    values = np.zeros((4, TILE), np.float32)
    values[1, :6] = [127.4, -127.4, 127.6, -127.6, np.inf, np.nan]
    words, outside = np.empty((1, TILE), np.int32), np.empty(TILE, np.int32)
    quantise_inputs(values, np.ones(4, np.float32), words, outside)
    assert outside[:7].tolist() == [0, 0, 1, 1, 1, 1, 0]
    assert words.view(np.uint8).reshape(TILE, 4)[:2].tolist() == [
        [128, 255, 128, 128],
        [128, 1, 128, 128],
    ]


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
    actions = (torch.rand(1, 5000, 1, generator=draws()) * 2 - 1).double().float()
    with torch.inference_mode():
        errors = rollouts(torch.zeros(1), actions)[0, :, 0] - (actions[0, :, 0] + 1.5)
    assert errors.abs().mean() > 1e-4
    assert abs(errors.mean()) < 0.1 * errors.abs().mean()


numbers = st.floats(-10, 10, width=32)


@given(st.data())
def test_a_unit_never_has_more_than_255_steps(data):
    """Whatever the weights, the bias and the inputs; and it is the unit to one step and a half."""
    inputs, units = 8, 4
    floats = st.lists(numbers, min_size=inputs * units, max_size=inputs * units)
    weights = np.array(data.draw(floats), np.float32).reshape(inputs, units)
    near = np.array(data.draw(st.lists(numbers, min_size=units, max_size=units)), np.float32)
    sizes = st.floats(2**-10, 8, width=32)
    steps = np.array(data.draw(st.lists(sizes, min_size=inputs, max_size=inputs)), np.float32)
    layer = room(1, weights, 0, np.zeros((4, units), np.float32))
    now = type(layer)(*(part[0] for part in layer))
    now.input_steps[:] = steps
    size = quantise_first(weights, near, now)
    whole = now.first.view(np.int8).reshape(inputs // 4, units, 4).swapaxes(1, 2)
    whole = whole.reshape(inputs, units).astype(np.int64)
    some = data.draw(st.lists(st.integers(-127, 127), min_size=inputs, max_size=inputs))
    for unit in range(units):
        highest = 127 * np.sign(whole[:, unit])
        for numbers_ in (np.array(some), highest, -highest):
            total = int((whole[:, unit] * (numbers_ + 128)).sum()) + int(now.biases[unit])
            found = max(total, 0) >> int(now.shifts[unit])
            assert found <= 255
            unrounded = near[unit].astype(float) + float(
                (weights[:, unit] * steps * numbers_).sum()
            )
            # Half a step of each weight, times its input, and one step of the unit.
            off = 0.5 * np.abs(numbers_).sum() / 2.0 ** now.shifts[unit] + 1.5
            assert abs(found * size[unit] - max(unrounded, 0.0)) <= 1.01 * off * size[unit] + 1e-6


def test_weights_of_a_later_layer_are_whole_to_half_a_step():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(8, 12)).astype(np.float32)
    sizes = rng.uniform(0.1, 3, size=12).astype(np.float32)
    whole, steps = np.empty((8, 12), np.int8), np.empty(8, np.float32)
    quantise_weights(weights, sizes, whole, steps)
    whole = whole.astype(float)
    assert (np.abs(whole).max(axis=1) == 127).all()
    off = whole * steps[:, None] / sizes - weights
    assert (np.abs(off) <= 0.501 * steps[:, None] / sizes).all()


def test_the_average_row_of_the_first_tile_loses_nothing_by_rounded_weights():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(8, 12)).astype(np.float32)
    sizes = rng.uniform(0.1, 3, size=12).astype(np.float32)
    biases = rng.normal(size=8).astype(np.float32)
    whole, steps = np.empty((8, 12), np.int8), np.empty(8, np.float32)
    quantise_weights(weights, sizes, whole, steps)
    units = rng.integers(0, 256, size=(12, TILE))
    hidden = units.astype(np.uint8).reshape(3, 4, TILE).swapaxes(1, 2).copy().view(np.int32)
    found = np.empty(8, np.float32)
    set_biases(biases, weights, sizes, whole, steps, hidden.reshape(3, TILE), found)
    exact = weights.astype(float) @ (units * sizes[:, None]) + biases[:, None]
    rounded = (whole.astype(float) @ units) * steps[:, None]
    assert np.abs(rounded + biases[:, None] - exact).mean(axis=1).max() > 0.5
    lost = (rounded + found[:, None] - exact).mean(axis=1)
    np.testing.assert_allclose(lost, 0, atol=2e-3)


def test_units_of_a_later_layer_are_whole_to_half_a_step_and_end_at_255():
    """The steps reach a multiple of the largest value of the first tile; none is below zero."""
    rng = np.random.default_rng(0)
    sums = rng.integers(-1000, 1000, size=(8, TILE)).astype(np.int32)
    sizes = rng.uniform(0.1, 3, size=8).astype(np.float32)
    biases = rng.normal(scale=100, size=8).astype(np.float32)
    steps, hidden = np.empty(8, np.float32), np.empty((2, TILE), np.int32)
    set_unit_steps(sums, sizes, biases, steps)
    sums[0, 5] = 10_000
    quantise_units(sums, sizes, biases, steps, hidden)
    whole = hidden.view(np.uint8).reshape(2, TILE, 4).swapaxes(1, 2).reshape(8, TILE)
    values = np.maximum(sums * sizes[:, None] + biases[:, None], 0)
    assert whole[0, 5] == 255
    values[0, 5] = whole[0, 5] * steps[0]
    assert (np.abs(whole * steps[:, None] - values) <= 0.501 * steps[:, None]).all()
    others = np.arange(TILE) != 5
    np.testing.assert_allclose(255 * steps, UNIT_RANGE * values[:, others].max(axis=1), rtol=0.02)
