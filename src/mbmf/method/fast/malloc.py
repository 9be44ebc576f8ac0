"""Memory that the C library would give back to the system, only to ask for it again."""

from __future__ import annotations

import torch

# The largest block that glibc's moving threshold follows is 32 MiB on 64-bit systems
# (DEFAULT_MMAP_THRESHOLD_MAX in its malloc.c).
_FOLLOWED_BYTES = 32_000_000


def keep_freed_memory() -> None:
    """Let this process keep the memory of freed activations for the next ones.

    glibc maps large blocks afresh and gives freed ones back, above thresholds that start
    low and follow the largest block freed so far. Two layers' activations lie just beyond
    them: each pass then faults in all of its pages again, which made a planning call of
    2 x 500 units take 1.7 times as long. One large block, freed untouched, lifts the
    thresholds. Costs nothing where another allocator is in place; changes no result.
    """
    torch.empty(_FOLLOWED_BYTES, dtype=torch.uint8)
