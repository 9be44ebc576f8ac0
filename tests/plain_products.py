"""Products in bfloat16 on a processor without units for them."""

import torch

from mbmf.method.fast import reduced_layers


def plain_layer(inputs, weight, bias, activation):
    outputs = inputs.mm(weight) + bias
    return (outputs.relu() if activation == "relu" else outputs).bfloat16()


def use_plain_products(monkeypatch):
    """In place of oneDNN's, in the reduced network."""
    monkeypatch.setattr(reduced_layers, "_layer", plain_layer)
    pack = torch.ops.mkldnn._reorder_linear_weight

    def packed(weight, rows):
        reduced = weight.dtype == torch.bfloat16
        return weight.t().contiguous() if reduced else pack(weight, rows)

    monkeypatch.setattr(torch.ops.mkldnn, "_reorder_linear_weight", packed)
