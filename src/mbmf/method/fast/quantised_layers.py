"""The layers of a network and what goes into them as 16-bit integers, functions for numba.

What is rounded:

- An input is a whole number of steps, at most 16,383 to either side. At each time step the size of
  its steps follows from the first tile of rows.
- A unit of the first hidden layer has 8191 to 16,382 steps, up to the highest value that such
  inputs can give it. Where a bias turns it off for nearly all inputs, it has fewer.
- A unit of a later layer has 16,383. Their size follows from the first tile as well, for such a
  unit comes nowhere near the highest value that it could have.
- A weight has as many steps as it can, at most 32,767 to either side, so that no sum of products
  leaves 32 bits. Their size differs between units and between outputs. What the average row of the
  first tile loses by rounding the weights of a later layer is added to its biases.

The later layers' biases, the states and their changes are float32. A row with an input of more than
16,383 steps is no number from then on, so its sequence is predicted exactly. A later unit that
would have more is cut to 16,383. Networks have up to 18,000 units a layer: rounding the weights of
more could bring a sum beyond 32 bits.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from mbmf.method.fast.integer_products import BITS, NUMBERS, TILE

# Most steps of an input to either side, and of a unit. With more of them, weights have fewer. The
# screen's errors were largest with 4095, half as large with 8191, a third with 16,383, and larger
# again with 32,767.
STEPS = np.float32(16383)

# Most steps of a weight to either side, for it has 16 bits.
WEIGHT_STEPS = np.float32(32767)

# Most steps of a sum of products. It leaves room in 32 bits for what rounding 18,000 weights adds.
LARGEST_SUM = np.float32(2e9)

# The steps of an input reach this many times the largest one in the first tile. Those of a later
# unit do so likewise, by its largest value before ReLU, whatever its sign.
RANGE = np.float32(4)

# A number that is added to it is rounded to a whole one, and the sum's lowest bits are that number.
WHOLE = np.float32(1.5 * 2**23)

# Not zero over zero, where nothing moves.
SMALLEST = np.float32(1e-30)

# A larger input does not fit, as no larger state counts as finite. So all factors are finite.
LARGEST_INPUT = np.float32(1e15)
LARGEST_PRODUCT = np.float32(1e30)

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]


class Quantised(NamedTuple):
    """The layers at one time step.

    Attributes:
        input_steps: (inputs,), the size of an input's step.
        first: (inputs / NUMBERS, units), two weights of a unit in each word.
        biases: (units,) of the sums, half a step of the unit among them.
        shifts: (units,), bits by which such a sum is shifted to be the unit's number of steps.
        middle: (layers, units, units), 16 bits each; units by the units before.
        middle_steps: (layers, units), the size of a step of a unit's sum.
        middle_biases: (layers, units).
        unit_steps: (layers, units), the size of a unit's step.
        last: (outputs, units), 16 bits each.
        output_steps: (outputs,), the size of a step of an output's sum.
        output_biases: (outputs,).
    """

    input_steps: Floats
    first: Integers
    biases: Integers
    shifts: Integers
    middle: NDArray[np.int16]
    middle_steps: Floats
    middle_biases: Floats
    unit_steps: Floats
    last: NDArray[np.int16]
    output_steps: Floats
    output_biases: Floats


@numba.njit()
def room(horizon: int, first: Floats, layers: int, last: Floats) -> Quantised:
    """Arrays for the layers at each of H time steps: an axis more, the first."""
    inputs, units = first.shape
    return Quantised(
        np.empty((horizon, inputs), np.float32),
        np.empty((horizon, inputs // NUMBERS, units), np.int32),
        np.empty((horizon, units), np.int32),
        np.empty((horizon, units), np.int32),
        np.empty((horizon, layers, units, units), np.int16),
        np.empty((horizon, layers, units), np.float32),
        np.empty((horizon, layers, units), np.float32),
        np.empty((horizon, layers, units), np.float32),
        np.empty((horizon, len(last), units), np.int16),
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
def set_input_steps(values: Floats, state_dim: int, steps: Floats) -> None:
    """Set the steps (inputs,) by the inputs (inputs, TILE) of the first tile."""
    for i in range(state_dim):
        largest = SMALLEST
        for row in range(TILE):
            largest = max(largest, abs(values[i, row]))
        steps[i] = RANGE * min(largest, LARGEST_INPUT) / STEPS
    # Actions lie in [-1, 1].
    steps[state_dim:] = np.float32(1) / STEPS


@numba.njit(inline="always")
def word_of(first: int, second: int) -> int:
    """A word of two numbers' lowest 16 bits."""
    return (first & 0xFFFF) | (second << BITS)


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
    rounded = np.empty((NUMBERS, units), np.float32)
    bits = rounded.view(np.int32)
    largest = np.full(units, SMALLEST, np.float32)
    most = np.abs(near) / STEPS
    for i in range(inputs):
        for unit in range(units):
            size = abs(weights[i, unit]) * to.input_steps[i]
            largest[unit] = max(largest[unit], size)
            most[unit] += size
    factors = np.empty(units, np.float32)
    for unit in range(units):
        size = max(largest[unit] / WEIGHT_STEPS, most[unit] * (STEPS / LARGEST_SUM))
        factors[unit] = np.float32(1) / min(size, LARGEST_PRODUCT)
    most[:] = 0
    for word in range(inputs // NUMBERS):
        for i in range(NUMBERS):
            step = to.input_steps[NUMBERS * word + i]
            for unit in range(units):
                scaled = weights[NUMBERS * word + i, unit] * step * factors[unit]
                rounded[i, unit] = scaled + WHOLE
                most[unit] += abs(rounded[i, unit] - WHOLE)
        for unit in range(units):
            to.first[word, unit] = word_of(bits[0, unit], bits[1, unit])
    sizes = np.empty(units, np.float32)
    for unit in range(units):
        bias = near[unit] * factors[unit]
        highest = bias + STEPS * most[unit]
        # Of its steps one is kept for the half that is added and for the rounding of the bias.
        shift = max(math.frexp(max(highest, np.float32(0)) / (STEPS - np.float32(1)))[1], 0)
        half = (1 << shift) >> 1
        to.shifts[unit] = shift
        to.biases[unit] = math.floor(bias + np.float32(0.5)) + half
        sizes[unit] = np.float32(1 << shift) / factors[unit]
    return sizes


# Fast: in any order, 16 numbers at a time.
@numba.njit(fastmath=True)
def step_of(weights: Floats, sizes: Floats) -> np.float32:
    """The size of a step of an output's sum: of its weights (units,) and units of these sizes."""
    largest = total = np.float32(0)
    for i in range(len(weights)):
        size = abs(weights[i]) * sizes[i]
        largest = max(largest, size)
        total += size
    return max(largest / WEIGHT_STEPS, total * (STEPS / LARGEST_SUM))


@numba.njit()
def quantise_weights(
    weights: Floats, sizes: Floats, whole: NDArray[np.int16], steps: Floats
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
        size = min(max(step_of(weights[i], sizes), SMALLEST), LARGEST_PRODUCT)
        steps[i] = size
        factor = np.float32(1) / size
        for unit in range(units):
            rounded[unit] = weights[i, unit] * sizes[unit] * factor + WHOLE
        for unit in range(units):
            whole[i, unit] = bits[unit]


@numba.njit()
def average(hidden: Integers) -> Floats:
    """Average number of steps of each unit (units,) in a tile, of words (units / NUMBERS, TILE)."""
    found = np.empty(NUMBERS * len(hidden), np.float32)
    for unit in range(len(found)):
        total = 0
        for row in range(TILE):
            total += (hidden[unit // NUMBERS, row] >> (BITS * (unit % NUMBERS))) & 0xFFFF
        found[unit] = np.float32(total) / np.float32(TILE)
    return found


# Fast: the sum is taken in any order, 16 numbers at a time.
@numba.njit(fastmath={"reassoc"})
def set_biases(
    biases: Floats,
    weights: Floats,
    sizes: Floats,
    whole: NDArray[np.int16],
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
            # Of a unit that is off as well, for other rows may turn it on.
            largest = max(largest, abs(np.float32(sums[unit, row]) * sizes[unit] + biases[unit]))
        steps[unit] = RANGE * min(largest, LARGEST_PRODUCT) / STEPS


@numba.njit()
def quantise_units(
    sums: Integers, sizes: Floats, biases: Floats, steps: Floats, hidden: Integers
) -> None:
    """Units of a later layer as integers.

    Args:
        sums: (units, TILE).
        sizes: of a step of each unit's sum, (units,).
        biases: (units,).
        steps: the size of each unit's step, (units,).
        hidden: is set to the integers (units / NUMBERS, TILE), two of a row in each word.
    """
    rounded = np.empty((NUMBERS, TILE), np.float32)
    bits = rounded.view(np.int32)
    for word in range(len(hidden)):
        for i in range(NUMBERS):
            unit = NUMBERS * word + i
            factor = sizes[unit] / steps[unit]
            bias = biases[unit] / steps[unit]
            for row in range(TILE):
                number = np.float32(sums[unit, row]) * factor + bias
                number = min(max(number, np.float32(0)), STEPS)
                rounded[i, row] = number + WHOLE
        for row in range(TILE):
            hidden[word, row] = word_of(bits[0, row], bits[1, row])


@numba.njit()
def quantise_inputs(values: Floats, steps: Floats, words: Integers, outside: Integers) -> None:
    """Inputs of a tile as integers.

    Args:
        values: (inputs, TILE).
        steps: (inputs,).
        words: is set to the integers (inputs / NUMBERS, TILE), two of a row in each.
        outside: is set to whether a row (TILE,) has a number that does not fit.
    """
    rounded = np.empty((NUMBERS, TILE), np.float32)
    bits = rounded.view(np.int32)
    outside[:] = 0
    for word in range(len(words)):
        for i in range(NUMBERS):
            factor = np.float32(1) / steps[NUMBERS * word + i]
            for row in range(TILE):
                scaled = values[NUMBERS * word + i, row] * factor
                # True for NaN.
                outside[row] |= not abs(scaled) <= STEPS
                rounded[i, row] = scaled + WHOLE
        for row in range(TILE):
            words[word, row] = word_of(bits[0, row], bits[1, row])
