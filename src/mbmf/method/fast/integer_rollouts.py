"""Predicted states of a network of ReLU layers, its products of 8-bit integers.

A tile of rows stays in the processor's registers and caches for the whole horizon. What is rounded:

- An input is a whole number of steps, at most 127 to either side. At each time step the size of
  its steps follows from the first tile of rows.
- A unit of the first hidden layer has 127 to 254 steps, up to the highest value that such inputs
  can give it.
- A unit of a later layer has 255. Their size follows from the first tile as well, for such a unit
  comes nowhere near the highest value that it could have.
- A weight has 127 steps to either side, whose size differs between units and between outputs. What
  the average row of the first tile loses by rounding the weights of a later layer is added to its
  biases.

The later layers' biases, the states and their changes are float32. A row with an input of more than
127 steps is no number from then on, so its sequence is predicted exactly. A later unit of more than
255 steps has 255. The sums of integers fit in 32 bits for up to 66,000 units.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

import numba
import numpy as np
import torch
from numba import types
from numba.core.registry import cpu_target
from numpy.typing import NDArray
from torch import Tensor

from mbmf.method.fast.integer_products import OUTPUTS, TILE, UNITS, hidden_units, outputs
from mbmf.method.fast.processor import has_vnni

# The 127 steps of an input reach this many times the largest one in the first tile. In a
# simulation a hundred of 5000 rows had an input beyond them with 1.5, and a few with 2.
RANGE = np.float32(2)

# The 255 steps of a later unit likewise. Coarse steps do less harm than units that end too soon:
# with 2 a third of the swimmer's plans had to predict more sequences exactly, from 3.5 to 8 a
# quarter.
UNIT_RANGE = np.float32(4)

# A number that is added to it is rounded to a whole one, and the sum's lowest bits are that number.
WHOLE = np.float32(1.5 * 2**23)

# Most steps of a unit's sum that its bias may have: it must fit in 32 bits.
LARGEST_BIAS = np.float32(1e8)

# Not zero over zero, where nothing moves.
SMALLEST = np.float32(1e-30)

# A larger input does not fit, as no larger state counts as finite. So all factors are finite.
LARGEST_INPUT = np.float32(1e15)
LARGEST_PRODUCT = np.float32(1e30)

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]


class IntegerRollouts:
    """Predicted states, by affine layers with ReLU between them.

    The input is the state's difference from the start, which is part of the first bias.

    Args:
        weights: (outputs, inputs) of each layer, from (state, action) to the change of state.
        biases: (outputs,) of each layer.
    """

    def __init__(self, weights: Sequence[Tensor], biases: Sequence[Tensor]) -> None:
        self._kernel = compiled(has_vnni() and numba_uses_vnni())
        *hidden, last = weights
        state_dim = len(last)
        self._of_state = weights[0][:, :state_dim].contiguous()
        self._biases = list(biases)
        # What is left over is zero: units that nothing follows from, outputs that are not read.
        width = up_to(max(map(len, hidden)), UNITS)
        self._first = padded(hidden[0].T, up_to(hidden[0].shape[1], 4), width)
        self._middle = np.zeros((len(hidden) - 1, width, width), np.float32)
        self._middle_biases = np.zeros((len(hidden) - 1, width), np.float32)
        for i, weight in enumerate(hidden[1:]):
            self._middle[i] = padded(weight, width, width)
            self._middle_biases[i, : len(weight)] = biases[1 + i]
        self._last = padded(last, up_to(state_dim, OUTPUTS), width)

    def __call__(self, start: Tensor, actions: Tensor) -> Tensor:
        """States (H, N, S) from a start (S,) by actions (H, N, A) in [−1, 1]."""
        horizon, rows, _ = actions.shape
        near_start = torch.addmv(self._biases[0], self._of_state, start)
        if not near_start.isfinite().all():
            return start.new_full((horizon, rows, len(start)), math.nan)
        biases = np.zeros(self._first.shape[1], np.float32)
        biases[: len(near_start)] = near_start
        tiles = math.ceil(rows / TILE)
        states = start.new_empty(horizon, len(start), tiles * TILE)
        threads = min(torch.get_num_threads(), tiles)
        share = math.ceil(tiles / threads) * TILE

        def predict(begin: int) -> None:
            self._kernel(
                start.contiguous().numpy(), actions.numpy(), self._first, biases, self._middle,
                self._middle_biases, self._last, self._biases[-1].numpy(), states.numpy(), begin,
                min(begin + share, rows),
            )  # fmt: skip

        if threads == 1:
            predict(0)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(predict, range(0, rows, share)))
        return states[:, :, :rows].transpose(1, 2)


def numba_uses_vnni() -> bool:
    """Whether numba compiles for it; a user may have told it otherwise (NUMBA_ENABLE_AVX, say)."""
    features: str = cpu_target.target_context.codegen().magic_tuple()[2]
    return "+avx512vnni" in features


def padded(weights: Tensor, rows: int, columns: int) -> Floats:
    """(rows, columns) with the weights in the corner, and else zero."""
    found = np.zeros((rows, columns), np.float32)
    found[: weights.shape[0], : weights.shape[1]] = weights
    return found


def up_to(number: int, multiple: int) -> int:
    """The next multiple."""
    return math.ceil(number / multiple) * multiple


class Quantised(NamedTuple):
    """The layers at one time step.

    Attributes:
        input_steps: (inputs,), the size of an input's step.
        first: (inputs / 4, units), four weights of a unit in each word.
        biases: (units,) of the sums, half a step of the unit among them.
        shifts: (units,), bits by which such a sum is shifted to be the unit's number of steps.
        middle: (layers, units, units), 8 bits each; units by the units before.
        middle_steps: (layers, units), the size of a step of a unit's sum.
        middle_biases: (layers, units).
        unit_steps: (layers, units), the size of a unit's step.
        last: (outputs, units), 8 bits each.
        output_steps: (outputs,), the size of a step of an output's sum.
        output_biases: (outputs,).
    """

    input_steps: Floats
    first: Integers
    biases: Integers
    shifts: Integers
    middle: NDArray[np.int8]
    middle_steps: Floats
    middle_biases: Floats
    unit_steps: Floats
    last: NDArray[np.int8]
    output_steps: Floats
    output_biases: Floats


@numba.njit()
def room(horizon: int, first: Floats, layers: int, last: Floats) -> Quantised:
    """Arrays for the layers at each of H time steps: an axis more, the first."""
    inputs, units = first.shape
    return Quantised(
        np.empty((horizon, inputs), np.float32),
        np.empty((horizon, inputs // 4, units), np.int32),
        np.empty((horizon, units), np.int32),
        np.empty((horizon, units), np.int32),
        np.empty((horizon, layers, units, units), np.int8),
        np.empty((horizon, layers, units), np.float32),
        np.empty((horizon, layers, units), np.float32),
        np.empty((horizon, layers, units), np.float32),
        np.empty((horizon, len(last), units), np.int8),
        np.empty((horizon, len(last)), np.float32),
        np.empty((horizon, len(last)), np.float32),
    )


@numba.njit()
def at_step(layers: Quantised, step: int) -> Quantised:
    """The layers at one time step, of all."""
    return Quantised(
        layers.input_steps[step],
        layers.first[step],
        layers.biases[step],
        layers.shifts[step],
        layers.middle[step],
        layers.middle_steps[step],
        layers.middle_biases[step],
        layers.unit_steps[step],
        layers.last[step],
        layers.output_steps[step],
        layers.output_biases[step],
    )


@numba.njit()
def take(actions: Floats, begin: int, end: int, values: Floats) -> None:
    """Set the actions (A, TILE) of a tile, from those of all rows (N, A)."""
    for row in range(min(TILE, end - begin)):
        for i in range(actions.shape[1]):
            values[i, row] = actions[begin + row, i]


@numba.njit()
def set_input_steps(values: Floats, state_dim: int, steps: Floats) -> None:
    """Set the steps (inputs,) by the inputs (inputs, TILE) of the first tile."""
    for i in range(state_dim):
        largest = SMALLEST
        for row in range(TILE):
            largest = max(largest, abs(values[i, row]))
        steps[i] = RANGE * min(largest, LARGEST_INPUT) / np.float32(127)
    # Actions lie in [-1, 1].
    steps[state_dim:] = np.float32(1 / 127)


@numba.njit(inline="always")
def word_of(first: int, second: int, third: int, fourth: int) -> int:
    """A word of four numbers' lowest 8 bits."""
    word = (first & 0xFF) | ((second & 0xFF) << 8)
    return word | ((third & 0xFF) << 16) | ((fourth & 0xFF) << 24)


@numba.njit()
def quantise_first(weights: Floats, near: Floats, to: Quantised) -> Floats:
    """Set the first layer, for inputs of the steps that are set.

    Args:
        weights: (inputs, units).
        near: biases (units,), of the start.
        to: what is set.

    Returns:
        (units,), the size of a unit's step.
    """
    inputs, units = weights.shape
    rounded = np.empty((4, units), np.float32)
    bits = rounded.view(np.int32)
    largest = np.maximum(np.abs(near) * (np.float32(127) / LARGEST_BIAS), SMALLEST)
    for i in range(inputs):
        for unit in range(units):
            largest[unit] = max(largest[unit], abs(weights[i, unit]) * to.input_steps[i])
    factors = np.float32(127) / np.minimum(largest, LARGEST_PRODUCT)
    total = np.zeros(units, np.float32)
    most = np.zeros(units, np.float32)
    for word in range(inputs // 4):
        for i in range(4):
            step = to.input_steps[4 * word + i]
            for unit in range(units):
                rounded[i, unit] = weights[4 * word + i, unit] * step * factors[unit] + WHOLE
                number = rounded[i, unit] - WHOLE
                total[unit] += number
                most[unit] += abs(number)
        for unit in range(units):
            word_bits = word_of(bits[0, unit], bits[1, unit], bits[2, unit], bits[3, unit])
            to.first[word, unit] = word_bits
    sizes = np.empty(units, np.float32)
    for unit in range(units):
        bias = near[unit] * factors[unit]
        highest = bias + np.float32(127) * most[unit]
        # Of 255 steps one is kept for the half that is added and for the rounding of the bias.
        shift = max(math.frexp(max(highest, np.float32(0)) / np.float32(254))[1], 0)
        half = (1 << shift) >> 1
        to.shifts[unit] = shift
        # The inputs are stored with 128 added to them.
        to.biases[unit] = math.floor(bias + np.float32(0.5)) + half - 128 * int(total[unit])
        sizes[unit] = np.float32(1 << shift) / factors[unit]
    return sizes


# Fast: the maximum is taken in any order, 16 numbers at a time.
@numba.njit(fastmath=True)
def largest_product(first: Floats, second: Floats) -> np.float32:
    """Of the absolute values of two vectors' elements; the second has no negative ones."""
    largest = np.float32(0)
    for i in range(len(first)):
        largest = max(largest, abs(first[i]) * second[i])
    return largest


@numba.njit()
def quantise_weights(
    weights: Floats, sizes: Floats, whole: NDArray[np.int8], steps: Floats
) -> None:
    """Set a later layer, for units before it whose steps have these sizes.

    Args:
        weights: (outputs, units).
        sizes: (units,).
        whole: is set to the weights (outputs, units) as integers.
        steps: is set to the size of a step of each output's sum, (outputs,).
    """
    outputs, units = weights.shape
    rounded = np.empty(units, np.float32)
    bits = rounded.view(np.int32)
    for i in range(outputs):
        largest = min(max(largest_product(weights[i], sizes), SMALLEST), LARGEST_PRODUCT)
        size = largest / np.float32(127)
        steps[i] = size
        factor = np.float32(1) / size
        for unit in range(units):
            rounded[unit] = weights[i, unit] * sizes[unit] * factor + WHOLE
        for unit in range(units):
            whole[i, unit] = bits[unit]


@numba.njit()
def average(hidden: Integers) -> Floats:
    """Average number of steps of each unit (units,) in a tile, of words (units / 4, TILE)."""
    found = np.empty(UNITS * len(hidden), np.float32)
    for unit in range(len(found)):
        total = 0
        for row in range(TILE):
            total += (hidden[unit // UNITS, row] >> (8 * (unit % UNITS))) & 0xFF
        found[unit] = np.float32(total) / np.float32(TILE)
    return found


@numba.njit()
def set_biases(
    biases: Floats,
    weights: Floats,
    sizes: Floats,
    whole: NDArray[np.int8],
    steps: Floats,
    hidden: Integers,
    to: Floats,
) -> None:
    """Set the biases of a later layer: those of the network and what its rounded weights lose.

    Args:
        biases: (outputs,).
        weights: (outputs, units).
        sizes: of the units' steps, (units,).
        whole: (outputs, units), the weights as integers.
        steps: the size of a step of each output's sum, (outputs,).
        hidden: the units of the first tile, in words.
        to: is set, (outputs,).
    """
    steps_of_units = average(hidden)
    for i in range(len(biases)):
        lost = np.float32(0)
        for unit in range(len(sizes)):
            rounded = np.float32(whole[i, unit]) * steps[i]
            lost += (weights[i, unit] * sizes[unit] - rounded) * steps_of_units[unit]
        to[i] = biases[i] + lost


@numba.njit()
def set_unit_steps(sums: Integers, sizes: Floats, biases: Floats, steps: Floats) -> None:
    """Set the steps (units,) of a later layer by the first tile.

    Args:
        sums: (units, TILE).
        sizes: of a step of each unit's sum, (units,).
        biases: (units,).
        steps: is set.
    """
    for unit in range(len(sums)):
        largest = SMALLEST
        for row in range(TILE):
            largest = max(largest, np.float32(sums[unit, row]) * sizes[unit] + biases[unit])
        steps[unit] = UNIT_RANGE * min(largest, LARGEST_PRODUCT) / np.float32(255)


@numba.njit()
def quantise_units(
    sums: Integers, sizes: Floats, biases: Floats, steps: Floats, hidden: Integers
) -> None:
    """Units of a later layer as integers from 0 to 255.

    Args:
        sums: (units, TILE).
        sizes: of a step of each unit's sum, (units,).
        biases: (units,).
        steps: the size of each unit's step, (units,).
        hidden: is set to the integers (units / 4, TILE), four of a row in each word.
    """
    rounded = np.empty((UNITS, TILE), np.float32)
    bits = rounded.view(np.int32)
    for word in range(len(hidden)):
        for i in range(UNITS):
            unit = UNITS * word + i
            factor = sizes[unit] / steps[unit]
            bias = biases[unit] / steps[unit]
            for row in range(TILE):
                number = np.float32(sums[unit, row]) * factor + bias
                number = min(max(number, np.float32(0)), np.float32(255))
                rounded[i, row] = number + WHOLE
        for row in range(TILE):
            hidden[word, row] = word_of(bits[0, row], bits[1, row], bits[2, row], bits[3, row])


@numba.njit()
def quantise_inputs(values: Floats, steps: Floats, words: Integers, outside: Integers) -> None:
    """Inputs of a tile as integers from 1 to 255; 128 is zero.

    Args:
        values: (inputs, TILE).
        steps: (inputs,).
        words: is set to the integers (inputs / 4, TILE), four of a row in each.
        outside: is set to whether a row (TILE,) has a number that does not fit.
    """
    rounded = np.empty((4, TILE), np.float32)
    bits = rounded.view(np.int32)
    outside[:] = 0
    for word in range(len(words)):
        for i in range(4):
            factor = np.float32(1) / steps[4 * word + i]
            for row in range(TILE):
                scaled = values[4 * word + i, row] * factor
                # True for NaN.
                outside[row] |= not abs(scaled) < np.float32(127.5)
                rounded[i, row] = scaled + (WHOLE + np.float32(128))
        for row in range(TILE):
            words[word, row] = word_of(bits[0, row], bits[1, row], bits[2, row], bits[3, row])


@numba.njit()
def move(values: Floats, sums: Integers, sizes: Floats, biases: Floats, outside: Integers) -> None:
    """Add the changes to the states' differences from the start, (inputs, TILE)."""
    for i in range(len(biases)):
        for row in range(TILE):
            values[i, row] += np.float32(sums[i, row]) * sizes[i] + biases[i]
    for row in range(TILE):
        if outside[row]:
            values[0, row] = np.float32(math.nan)


def later_layers(native: bool) -> Callable[..., Floats]:
    """The function that sets the units of all hidden layers but the first.

    Args:
        native: whether to use the processor's instruction for 8-bit integers.
    """
    set_outputs = outputs(native)

    @numba.njit(nogil=True)
    def later_units(
        weights: Floats,
        biases: Floats,
        now: Quantised,
        sizes: Floats,
        hidden: Integers,
        sums: Integers,
        is_first: bool,
    ) -> Floats:
        """The later hidden layers, from units of these sizes; the sizes of the last one's."""
        for i in range(len(weights)):
            steps, own = now.middle_steps[i], now.middle_biases[i]
            if is_first:
                quantise_weights(weights[i], sizes, now.middle[i], steps)
                set_biases(biases[i], weights[i], sizes, now.middle[i], steps, hidden, own)
            for unit in range(0, len(sums), OUTPUTS):
                set_outputs(now.middle[i], hidden, sums, unit)
            if is_first:
                set_unit_steps(sums, steps, own, now.unit_steps[i])
            sizes = now.unit_steps[i]
            quantise_units(sums, steps, own, sizes, hidden)
        return sizes

    function: Callable[..., Floats] = later_units
    return function


@cache
def compiled(native: bool) -> Callable[..., None]:
    """The function that sets the states of some rows; it takes seconds to compile.

    Args:
        native: whether to use the processor's instruction for 8-bit integers.
    """
    set_hidden, set_outputs = hidden_units(native), outputs(native)
    later_units = later_layers(native)
    vector, matrix = numba.float32[::1], numba.float32[:, ::1]

    # One layout of each array, so that it is compiled once.
    @numba.njit(
        types.void(
            vector, numba.float32[:, :, :], matrix, vector, numba.float32[:, :, ::1], matrix,
            matrix, vector, numba.float32[:, :, ::1], numba.int64, numba.int64,
        ),
        nogil=True,
    )  # fmt: skip
    def rollout(
        start: Floats,
        actions: Floats,
        first: Floats,
        near: Floats,
        middle: Floats,
        middle_biases: Floats,
        last: Floats,
        last_biases: Floats,
        states: Floats,
        begin: int,
        end: int,
    ) -> None:
        horizon, state_dim = len(actions), len(start)
        inputs, units = first.shape
        layers = room(horizon, first, len(middle), last)
        values = np.zeros((inputs, TILE), np.float32)
        words = np.empty((inputs // 4, TILE), np.int32)
        outside = np.empty(TILE, np.int32)
        hidden = np.empty((units // UNITS, TILE), np.int32)
        unit_sums = np.empty((units, TILE), np.int32)
        sums = np.empty((len(last), TILE), np.int32)
        sizes = np.empty(units, np.float32)
        for tile in range(begin, end, TILE):
            values[:] = 0
            for step in range(horizon):
                take(actions[step], tile, end, values[state_dim:])
                now = at_step(layers, step)
                if tile == begin:
                    set_input_steps(values, state_dim, now.input_steps)
                    sizes = quantise_first(first, near, now)
                quantise_inputs(values, now.input_steps, words, outside)
                for group in range(units // UNITS):
                    set_hidden(now.first, words, now.biases, now.shifts, hidden, group)
                sizes = later_units(
                    middle, middle_biases, now, sizes, hidden, unit_sums, tile == begin
                )
                if tile == begin:
                    steps = now.output_steps
                    quantise_weights(last, sizes, now.last, steps)
                    set_biases(last_biases, last, sizes, now.last, steps, hidden, now.output_biases)
                for output in range(0, len(last), OUTPUTS):
                    set_outputs(now.last, hidden, sums, output)
                move(values, sums, now.output_steps, now.output_biases[:state_dim], outside)
                for i in range(state_dim):
                    states[step, i, tile : tile + TILE] = start[i] + values[i]

    function: Callable[..., None] = rollout
    return function
