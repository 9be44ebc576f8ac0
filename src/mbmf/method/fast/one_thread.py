"""Sampling leaves the cores to the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Keep torch to one thread.

    Idle threads of torch wait for their next work by spinning, and so take the cores from the
    simulator's threads: with two of each, a whole iteration took 1.6 times as long.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
