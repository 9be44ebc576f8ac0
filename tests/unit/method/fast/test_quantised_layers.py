"""What 16-bit integers stand for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbmf.method.fast.integer_products import TILE
from mbmf.method.fast.quantised_layers import (
    RANGE,
    quantise_first,
    quantise_inputs,
    quantise_units,
    quantise_weights,
    room,
    set_biases,
    set_unit_steps,
)


def in_words(numbers):
    """Words (n / 2, TILE) of the numbers (n, TILE), two of a row in each."""
    pairs = numbers.astype(np.int16).reshape(-1, 2, TILE).swapaxes(1, 2).copy()
    return pairs.view(np.int32)[..., 0]


def of_words(words):
    """Numbers (2 n, TILE) of words (n, TILE)."""
    pairs = words.view(np.int16).reshape(len(words), TILE, 2)
    return pairs.swapaxes(1, 2).reshape(-1, TILE)


def test_an_input_of_more_than_16383_steps_is_outside():
    values = np.zeros((4, TILE), np.float32)
    values[1, :6] = [16382.6, -16382.6, 16383.1, -16383.1, np.inf, np.nan]
    words, outside = np.empty((2, TILE), np.int32), np.empty(TILE, np.int32)
    quantise_inputs(values, np.ones(4, np.float32), words, outside)
    assert outside[:7].tolist() == [0, 0, 1, 1, 1, 1, 0]
    assert of_words(words)[:, :2].T.tolist() == [[0, 16383, 0, 0], [0, -16383, 0, 0]]


numbers = st.floats(-10, 10, width=32)


@given(st.data())
def test_a_unit_never_has_more_than_16383_steps(data):
    """Whatever the weights, the bias and the inputs; and it is the unit, but for rounding.

    The sum before it never leaves 32 bits.
    """
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
    whole = now.first.view(np.int16).reshape(inputs // 2, units, 2).swapaxes(1, 2)
    whole = whole.reshape(inputs, units).astype(np.int64)
    some = data.draw(st.lists(st.integers(-16383, 16383), min_size=inputs, max_size=inputs))
    for unit in range(units):
        highest = 16383 * np.sign(whole[:, unit])
        for numbers_ in (np.array(some), highest, -highest):
            total = int((whole[:, unit] * numbers_).sum()) + int(now.biases[unit])
            found = max(total, 0) >> int(now.shifts[unit])
            assert found <= 16383
            assert abs(total) < 2**31
            unrounded = near[unit].astype(float) + float(
                (weights[:, unit] * steps * numbers_).sum()
            )
            # Half a step of each weight, times its input, and one step of the unit.
            off = 0.5 * np.abs(numbers_).sum() / 2.0 ** now.shifts[unit] + 1.5
            assert abs(found * size[unit] - max(unrounded, 0.0)) <= 1.01 * off * size[unit] + 1e-6


def test_the_highest_unit_does_not_get_beyond_16383_by_rounding():
    """With biases up to the largest share of the sum, some units end just below a power of two."""
    units = 4000
    weights = np.zeros((4, units), np.float32)
    weights[0] = 1.0
    layer = room(1, weights, 0, np.zeros((4, units), np.float32))
    now = type(layer)(*(part[0] for part in layer))
    now.input_steps[:] = 1.0
    quantise_first(weights, np.linspace(0, 40_000, units, dtype=np.float32), now)
    # The word of the first two inputs, of which the second has no weight.
    whole = now.first.view(np.int16).reshape(2, units, 2)[0, :, 0].astype(np.int64)
    found = (16383 * whole + now.biases) >> now.shifts
    assert found.max() <= 16383
    assert found.max() > 16300


def test_weights_of_a_later_layer_are_whole_to_half_a_step():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(8, 12)).astype(np.float32)
    sizes = rng.uniform(0.1, 3, size=12).astype(np.float32)
    whole, steps = np.empty((8, 12), np.int16), np.empty(8, np.float32)
    quantise_weights(weights, sizes, whole, steps)
    whole = whole.astype(float)
    assert (np.abs(whole).max(axis=1) > 10_000).all()
    off = whole * steps[:, None] / sizes - weights
    assert (np.abs(off) <= 0.501 * steps[:, None] / sizes).all()


def largest_sums(weights):
    """Of units that all have 16,383 steps."""
    whole, steps = np.empty(weights.shape, np.int16), np.empty(len(weights), np.float32)
    quantise_weights(weights, np.ones(weights.shape[1], np.float32), whole, steps)
    return 16383 * np.abs(whole.astype(np.int64)).sum(axis=1)


@pytest.mark.parametrize("units", [12, 500, 18_000])
def test_no_sum_of_a_later_layer_leaves_32_bits(units):
    total = largest_sums(np.ones((4, units), np.float32))
    assert (total < 2**31).all()
    assert (total > 2**30).all()


def test_nor_does_one_whose_weights_are_all_rounded_up():
    """Of 18,000 units a weight has 6.8 steps on average: here 6.501 or 7.501."""
    weights = np.full((1, 18_000), 6.501, np.float32)
    weights[:, :5_058] = 7.501
    total = largest_sums(weights)
    assert 0.999 * 2**31 < total < 2**31


def test_the_average_row_of_the_first_tile_loses_nothing_by_rounded_weights():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(8, 12)).astype(np.float32)
    sizes = rng.uniform(0.1, 3, size=12).astype(np.float32)
    biases = rng.normal(size=8).astype(np.float32)
    whole, steps = np.empty((8, 12), np.int16), np.empty(8, np.float32)
    quantise_weights(weights, sizes, whole, steps)
    # As coarse as if they had 8 bits.
    whole &= ~0xFF
    units = rng.integers(0, 16384, size=(12, TILE))
    found = np.empty(8, np.float32)
    set_biases(biases, weights, sizes, whole, steps, in_words(units), found)
    exact = weights.astype(float) @ (units * sizes[:, None]) + biases[:, None]
    rounded = (whole.astype(float) @ units) * steps[:, None]
    assert np.abs(rounded + biases[:, None] - exact).mean(axis=1).max() > 0.5
    lost = (rounded + found[:, None] - exact).mean(axis=1)
    np.testing.assert_allclose(lost, 0, atol=1e-6 * np.abs(exact).max())


def test_units_of_a_later_layer_are_whole_to_half_a_step_and_end_at_16383():
    """The steps reach a multiple of the largest value before ReLU in the first tile."""
    rng = np.random.default_rng(0)
    sums = rng.integers(-1000, 1000, size=(8, TILE)).astype(np.int32)
    sizes = rng.uniform(0.1, 3, size=8).astype(np.float32)
    biases = rng.normal(scale=100, size=8).astype(np.float32)
    steps, hidden = np.empty(8, np.float32), np.empty((4, TILE), np.int32)
    set_unit_steps(sums, sizes, biases, steps)
    largest = np.abs(sums * sizes[:, None] + biases[:, None]).max(axis=1)
    np.testing.assert_allclose(16383 * steps, RANGE * largest, rtol=1e-5)
    sums[0, 5] = 10_000
    quantise_units(sums, sizes, biases, steps, hidden)
    whole = of_words(hidden)
    values = np.maximum(sums * sizes[:, None] + biases[:, None], 0)
    assert whole[0, 5] == 16383
    values[0, 5] = whole[0, 5] * steps[0]
    assert (np.abs(whole * steps[:, None] - values) <= 0.501 * steps[:, None]).all()
