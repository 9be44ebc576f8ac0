"""What the processor is said to multiply fast."""

import torch

from mbmf.method.fast.processor import has_vnni


def test_the_unit_is_the_one_that_the_processor_names(monkeypatch):
    for capabilities, expected in [
        ({"avx512_vnni": True}, True),
        ({"avx512_vnni": False}, False),
        # Other processors have other keys.
        ({"architecture": "aarch64"}, False),
    ]:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=capabilities: found)
        assert has_vnni() == expected
