"""Predicted states of a network of ReLU layers, its products of 16-bit integers.

A tile of rows stays in the processor's registers and caches for the whole horizon.
`mbmf.method.fast.quantised_layers` tells what is rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numba
import numpy as np
import torch
from numba import types
from numba.core.registry import cpu_target
from torch import Tensor

from mbmf.method.fast.integer_products import (
    NUMBERS,
    OUTPUTS,
    TILE,
    UNITS,
    hidden_units,
    outputs,
)
from mbmf.method.fast.processor import has_vnni
from mbmf.method.fast.quantised_layers import (
    Floats,
    Integers,
    Quantised,
    at_step,
    quantise_first,
    quantise_inputs,
    quantise_units,
    quantise_weights,
    room,
    set_biases,
    set_input_steps,
    set_unit_steps,
)


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
        self._first = padded(hidden[0].T, up_to(hidden[0].shape[1], NUMBERS), width)
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


@numba.njit()
def take(actions: Floats, begin: int, end: int, values: Floats) -> None:
    """Set the actions (A, TILE) of a tile, from those of all rows (N, A)."""
    for row in range(min(TILE, end - begin)):
        for i in range(actions.shape[1]):
            values[i, row] = actions[begin + row, i]


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
        native: whether to use the processor's instruction for 16-bit integers.
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
        native: whether to use the processor's instruction for 16-bit integers.
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
        words = np.empty((inputs // NUMBERS, TILE), np.int32)
        outside = np.empty(TILE, np.int32)
        hidden = np.empty((units // NUMBERS, TILE), np.int32)
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
