"""CUDA graphs: a function's launches, recorded once and sent to the GPU as one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

Tensors = tuple[Tensor, ...]
Recording = tuple[torch.cuda.CUDAGraph, Tensors, Tensors]


@cache
def _stream(device: torch.device) -> torch.cuda.Stream:
    """One for each GPU: cuBLAS keeps a workspace for every stream that it meets."""
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


class Replayed:
    """A function of tensors on a GPU, recorded at its first call with each set of shapes.

    A plan of 20 steps is 260 to 400 operations, none of them long, and a gradient step is of many
    short ones, too: one by one, their launches may take longer than they do.

    Args:
        function: of tensors, giving tensors, all on one GPU. It must neither wait for the GPU
            nor touch another device's tensors, and whatever else it reads must stay in place.
            Each call applies its changes once.
    """

    def __init__(self, function: Callable[..., Tensors]) -> None:
        self._function = function
        self._recorded: dict[tuple[torch.Size, ...], Recording] = {}

    def __call__(self, *arguments: Tensor) -> Tensors:
        """What `function` gives; the next call overwrites it."""
        shapes = tuple(argument.shape for argument in arguments)
        with torch.cuda.device(arguments[0].device):
            if shapes not in self._recorded:
                return self._first(shapes, arguments)
            graph, inputs, outputs = self._recorded[shapes]
            for own, given in zip(inputs, arguments, strict=True):
                own.copy_(given)
            graph.replay()
        return outputs

    def _first(self, shapes: tuple[torch.Size, ...], arguments: Tensors) -> Tensors:
        """Run the function once, so that libraries load and choose kernels, and record it.

        Recording runs nothing, so the function takes effect once.
        """
        inputs = tuple(argument.clone() for argument in arguments)
        stream = _stream(arguments[0].device)
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            found = self._function(*inputs)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            outputs = self._function(*inputs)
        self._recorded[shapes] = graph, inputs, outputs
        return found
