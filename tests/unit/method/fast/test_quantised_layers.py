"""What 8-bit integers stand for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mbmf.method.fast.integer_products import TILE
from mbmf.method.fast.quantised_layers import (
    UNIT_RANGE,
    quantise_first,
    quantise_inputs,
    quantise_units,
    quantise_weights,
    room,
    set_biases,
    set_unit_steps,
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


def test_the_highest_unit_does_not_reach_256_by_rounding():
    """127 times 127 steps and 250 of the bias: 255.9 of 64 each, and half of one is added."""
    weights = np.zeros((4, 4), np.float32)
    weights[0] = 1.0
    layer = room(1, weights, 0, weights)
    now = type(layer)(*(part[0] for part in layer))
    now.input_steps[:] = 1.0
    quantise_first(weights, np.full(4, 250 / 127, np.float32), now)
    # The word is of an input of 127 steps, stored as 255, and three of none.
    whole = now.first.view(np.int8).reshape(4, 4).astype(int)
    total = whole @ np.array([255, 128, 128, 128]) + now.biases
    assert (total >> now.shifts <= 255).all()


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
