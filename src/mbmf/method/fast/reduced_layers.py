"""A network of ReLU layers without gradients, its products in bfloat16."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from mbmf.method.fast.malloc import keep_freed_memory


def has_bfloat16_units(device: torch.device) -> bool:
    """Whether screening in bfloat16 saves time on a device.

    A processor multiplies bfloat16 faster than float32 with AVX512-BF16 or AMX. oneDNN computes in
    bfloat16 on others too, but there it only saves memory. A GPU has such units, and plans faster
    in float32 alone all the same (docs/performance.md).
    """
    if device.type != "cpu":
        return False
    units = torch.cpu.get_capabilities()
    fused = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return bool(fused and (units.get("avx512_bf16") or units.get("amx_bf16")))


class ReducedLayers:
    """Change of state near a given state, by affine layers with ReLU between them.

    Weights and what goes into a layer are rounded to bfloat16, which has 8 significant bits; biases
    and sums are float32. The input is the state's difference from the given one: a position of
    hundreds of metres, which bfloat16 knows to a metre, is part of the first bias.

    Args:
        weights: (outputs, inputs) of each layer, from (state, action) to the change of state.
        biases: (outputs,) of each layer.
        rows: N of most calls, which the packed weights are made for.
    """

    def __init__(self, weights: Sequence[Tensor], biases: Sequence[Tensor], rows: int) -> None:
        self.biases = list(biases)
        self._of_state = weights[0][:, : len(weights[-1])].contiguous()
        reduced = [weight.bfloat16() for weight in weights]
        keep_freed_memory()
        pack = torch.ops.mkldnn._reorder_linear_weight
        self.weights = [pack(weight, rows) for weight in reduced]

    def near(self, start: Tensor) -> Callable[[Tensor], Tensor]:
        """Change of state (N, S) from (state − start, action), (N, S + A); both float32.

        Args:
            start: (S,) float32.
        """
        biases = [torch.addmv(self.biases[0], self._of_state, start), *self.biases[1:]]
        last = len(biases) - 1

        def change(inputs: Tensor) -> Tensor:
            inputs = inputs.bfloat16()
            for i, (weight, bias) in enumerate(zip(self.weights, biases, strict=True)):
                inputs = _layer(inputs, weight, bias, "none" if i == last else "relu")
            return inputs.float()

        return change


def _layer(inputs: Tensor, weight: Tensor, bias: Tensor, activation: str) -> Tensor:
    outputs: Tensor = torch.ops.mkldnn._linear_pointwise(inputs, weight, bias, activation, [], "")
    return outputs
