"""The reduced network beside the network."""

import pytest
import torch

from mbmf.method.fast.processor import has_bfloat16_units
from mbmf.method.fast.reduced_layers import ReducedLayers
from mbmf.method.models.mlp import Model
from plain_products import use_plain_products


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("hidden", [(500,), (60, 70)])
@pytest.mark.parametrize("fused", [True, False])
def test_states_are_the_models(hidden, fused, monkeypatch):
    """To the 8 bits of bfloat16: 1/256 of a change, and what the layers' roundings add up to.

    More rows than a pass has, and not a multiple of them.
    """
    if not fused:
        use_plain_products(monkeypatch)
    elif not has_bfloat16_units():
        pytest.skip("no bfloat16 units")
    model = Model(16, 2, hidden, draws())
    model.input_mean.fill_(3.0)
    model.delta_std.fill_(0.2)
    start = torch.randn(16, generator=draws(1)) + 3
    actions = torch.rand(5, 1000, 2, generator=draws(3)) * 2 - 1
    with torch.inference_mode():
        found = ReducedLayers(*model._folded(), 400)(start, actions)
        states = start.expand(1000, 16)
        for step in range(5):
            states = model(states, actions[step])
            errors = found[step] - states
            moved = (states - start).square().mean().sqrt()
            assert errors.abs().max() < 0.05 * moved
            assert errors.square().mean().sqrt() < 0.01 * moved
    assert found.dtype == torch.float32
