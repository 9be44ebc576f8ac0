"""What the processor is said to multiply fast."""

import pytest
import torch

from mbmf.method.fast.processor import has_bfloat16_units, has_vnni


def test_a_processor_without_onednn_has_no_bfloat16(monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert not has_bfloat16_units()


@pytest.mark.parametrize("unit", ["avx512_bf16", "amx_bf16"])
def test_units_are_those_that_the_processor_names(unit, monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {unit: True})
    assert has_bfloat16_units()
    assert not has_vnni()
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_vnni": True})
    assert has_vnni()
    # Other processors have other keys.
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"architecture": "aarch64"})
    assert not has_bfloat16_units()
    assert not has_vnni()
