"""What the processor multiplies faster than float32."""

from __future__ import annotations

import torch


def has_vnni() -> bool:
    """Whether one instruction multiplies four 8-bit integers and adds up (AVX512-VNNI)."""
    return bool(torch.cpu.get_capabilities().get("avx512_vnni"))


def has_bfloat16_units() -> bool:
    """Whether oneDNN multiplies bfloat16 faster than float32, with AVX512-BF16 or AMX.

    It computes in bfloat16 on other processors too, but there it only saves memory.
    """
    units = torch.cpu.get_capabilities()
    fused = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return bool(fused and (units.get("avx512_bf16") or units.get("amx_bf16")))
