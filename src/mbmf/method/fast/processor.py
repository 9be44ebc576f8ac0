"""What the processor multiplies faster than float32."""

from __future__ import annotations

import torch


def has_vnni() -> bool:
    """Whether one instruction multiplies two pairs of 16-bit integers and adds up (AVX512-VNNI)."""
    return bool(torch.cpu.get_capabilities().get("avx512_vnni"))
