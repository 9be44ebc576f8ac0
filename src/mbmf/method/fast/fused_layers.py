"""A network of ReLU layers without gradients, each layer one kernel."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mbmf.method.fast.malloc import keep_freed_memory


class FusedLayers:
    """Affine layers with ReLU between them.

    oneDNN's fused layers are about twice as fast as addmm on x86: torch sends float32 addmm to
    MKL, which leaves AVX-512 unused on some processors. Elsewhere addmm and ReLU are one operation
    of torch.

    Args:
        weights: (outputs, inputs) of each layer.
        biases: (outputs,) of each layer.
        rows: N of most calls, which the packed weights are made for.
    """

    def __init__(self, weights: Sequence[Tensor], biases: Sequence[Tensor], rows: int) -> None:
        self.biases = list(biases)
        on_cpu = weights[0].device.type == "cpu"
        self.fused = on_cpu and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        if self.fused:
            keep_freed_memory()
            pack = torch.ops.mkldnn._reorder_linear_weight
            self.weights = [pack(weight, rows) for weight in weights]
        else:
            self.weights = [weight.t().contiguous() for weight in weights]

    def __call__(self, inputs: Tensor) -> Tensor:
        """(N, outputs of the last) from (N, inputs of the first)."""
        last = len(self.weights) - 1
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            if self.fused:
                activation = "none" if i == last else "relu"
                inputs = torch.ops.mkldnn._linear_pointwise(
                    inputs, weight, bias, activation, [], ""
                )
            elif i == last:
                inputs = torch.addmm(bias, inputs, weight)
            else:
                inputs = torch._addmm_activation(bias, inputs, weight)
        return inputs
