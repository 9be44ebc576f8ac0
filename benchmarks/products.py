"""The limit: matrix products alone. Arguments: mode, layer sizes as JSON, rows, threads.

`forward`: those of one pass through the network. `training`: those of one gradient step.
Tasks: `mm` is torch's, into memory given beforehand; `onednn` its other library, on weights
packed beforehand. Each call makes CALLS passes.
"""

import json
import sys
from itertools import pairwise

import torch
from worker import Contender, serve

from mbmf.memory import keep_freed_memory

CALLS = 8


def best_seconds(contender: Contender) -> float:
    """Seconds of one pass by the faster of the two libraries."""
    return min(contender.seconds(name) for name in ("mm", "onednn")) / CALLS


def main() -> None:
    """Serve both tasks."""
    mode = sys.argv[1]
    sizes, rows, threads = (json.loads(argument) for argument in sys.argv[2:])
    torch.set_num_threads(threads)
    keep_freed_memory()
    shapes = [(rows, i, o) for i, o in pairwise(sizes)]
    if mode == "training":
        # Gradients of the weights of each layer, and of the inputs of all but the first.
        shapes += [(i, rows, o) for i, o in pairwise(sizes)]
        shapes += [(rows, o, i) for i, o in list(pairwise(sizes))[1:]]
    left = [torch.randn(m, k) for m, k, _ in shapes]
    right = [torch.randn(k, n) for _, k, n in shapes]
    out = [torch.empty(m, n) for m, _, n in shapes]
    pack, linear = torch.ops.mkldnn._reorder_linear_weight, torch.ops.mkldnn._linear_pointwise
    packed = [pack(b.t().contiguous(), len(a)) for a, b in zip(left, right, strict=True)]

    def mm() -> None:
        for _ in range(CALLS):
            for a, b, c in zip(left, right, out, strict=True):
                torch.mm(a, b, out=c)

    def onednn() -> None:
        for _ in range(CALLS):
            for a, b in zip(left, packed, strict=True):
                linear(a, b, None, "none", [], "")

    with torch.inference_mode():
        serve({"mm": mm, "onednn": onednn})


if __name__ == "__main__":
    main()
