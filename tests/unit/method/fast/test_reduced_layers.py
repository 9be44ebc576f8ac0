"""The reduced network beside the network."""

import pytest
import torch

from mbmf.method.fast.reduced_layers import ReducedLayers, has_bfloat16_units
from mbmf.method.models.mlp import Model
from plain_products import use_plain_products

CPU = torch.device("cpu")


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("hidden", [(500,), (60, 70)])
@pytest.mark.parametrize("fused", [True, False])
def test_change_near_a_state_is_the_models(hidden, fused, monkeypatch):
    """To the 8 bits of bfloat16: 1/256 of a change, and what the layers' roundings add up to."""
    if not fused:
        use_plain_products(monkeypatch)
    elif not has_bfloat16_units(CPU):
        pytest.skip("no bfloat16 units")
    model = Model(16, 2, hidden, draws())
    model.input_mean.fill_(3.0)
    model.delta_std.fill_(0.5)
    model.delta_mean.fill_(-0.1)
    start = torch.randn(16, generator=draws(1)) + 3
    moved = 0.3 * torch.randn(400, 16, generator=draws(2))
    actions = torch.rand(400, 2, generator=draws(3)) * 2 - 1
    layers = ReducedLayers(*model._folded(), 400)
    with torch.inference_mode():
        found = layers.near(start)(torch.cat([moved, actions], dim=1))
        expected = model(start + moved, actions) - start - moved
    assert found.dtype == torch.float32
    spread = expected.std().item()
    assert (found - expected).abs().max().item() < 0.08 * spread
    assert (found - expected).square().mean().sqrt().item() < 0.02 * spread


def test_a_processor_without_onednn_has_none(monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert not has_bfloat16_units(CPU)


def test_a_gpu_plans_in_float32_alone():
    assert not has_bfloat16_units(torch.device("cuda"))


@pytest.mark.parametrize("unit", ["avx512_bf16", "amx_bf16"])
def test_units_are_those_that_the_processor_names(unit, monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {unit: True})
    assert has_bfloat16_units(CPU)
    # Other processors have other keys.
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"architecture": "aarch64"})
    assert not has_bfloat16_units(CPU)
