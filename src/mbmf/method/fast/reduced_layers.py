"""Predicted states of a network of ReLU layers, its products in bfloat16."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mbmf.method.fast.malloc import keep_freed_memory


class ReducedLayers:
    """Predicted states, by affine layers with ReLU between them.

    Weights and what goes into a layer are rounded to bfloat16, which has 8 significant bits; biases
    and sums are float32. The input is the state's difference from the start: a position of
    hundreds of metres, which bfloat16 knows to a metre, is part of the first bias.

    Args:
        weights: (outputs, inputs) of each layer, from (state, action) to the change of state.
        biases: (outputs,) of each layer.
        rows: of one pass, which the packed weights are made for.
    """

    def __init__(self, weights: Sequence[Tensor], biases: Sequence[Tensor], rows: int) -> None:
        self._rows = rows
        self._biases = list(biases)
        self._of_state = weights[0][:, : len(weights[-1])].contiguous()
        reduced = [weight.bfloat16() for weight in weights]
        keep_freed_memory()
        pack = torch.ops.mkldnn._reorder_linear_weight
        self._weights = [pack(weight, rows) for weight in reduced]

    def __call__(self, start: Tensor, actions: Tensor) -> Tensor:
        """States (H, N, S) from a start (S,) by actions (H, N, A)."""
        near_start = torch.addmv(self._biases[0], self._of_state, start)
        biases = [near_start, *self._biases[1:]]
        horizon, rows, action_dim = actions.shape
        states = start.new_empty(horizon, rows, len(start))
        for first in range(0, rows, self._rows):
            part = slice(first, first + self._rows)
            inputs = start.new_zeros(states[0, part].shape[0], len(start) + action_dim)
            moved = inputs[:, : len(start)]
            for step in range(horizon):
                inputs[:, len(start) :] = actions[step, part]
                moved += self._change(inputs, biases)
                torch.add(moved, start, out=states[step, part])
        return states

    def _change(self, inputs: Tensor, biases: Sequence[Tensor]) -> Tensor:
        """Change of state (N, S) from (state − start, action), (N, S + A); both float32."""
        inputs = inputs.bfloat16()
        last = len(biases) - 1
        for i, (weight, bias) in enumerate(zip(self._weights, biases, strict=True)):
            inputs = _layer(inputs, weight, bias, "none" if i == last else "relu")
        return inputs.float()


def _layer(inputs: Tensor, weight: Tensor, bias: Tensor, activation: str) -> Tensor:
    outputs: Tensor = torch.ops.mkldnn._linear_pointwise(inputs, weight, bias, activation, [], "")
    return outputs
