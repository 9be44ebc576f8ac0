"""The limit: matrix products alone. Arguments: mode, layer sizes as JSON, rows, threads, device.

`forward`: those of one pass through the network. `training`: those of one gradient step.
Tasks: `mm` is torch's, into memory given beforehand; `onednn` its other library, on weights
packed beforehand; `tf32` is `mm` on a GPU, inputs rounded to TF32. Each call makes CALLS passes.
"""

import json
import sys
from itertools import pairwise

import torch
from worker import Contender, serve

from mbmf.method.fast.malloc import keep_freed_memory

CALLS = 8


def best_seconds(contender: Contender) -> float:
    """Seconds of one pass by the faster of the two libraries."""
    return min(contender.seconds(name) for name in ("mm", "onednn")) / CALLS


def main() -> None:
    """Serve the tasks."""
    mode = sys.argv[1]
    sizes, rows, threads = (json.loads(argument) for argument in sys.argv[2:5])
    device = sys.argv[5] if len(sys.argv) > 5 else "cpu"
    torch.set_num_threads(threads)
    keep_freed_memory()
    shapes = [(rows, i, o) for i, o in pairwise(sizes)]
    if mode == "training":
        # Gradients of the weights of each layer, and of the inputs of all but the first.
        shapes += [(i, rows, o) for i, o in pairwise(sizes)]
        shapes += [(rows, o, i) for i, o in list(pairwise(sizes))[1:]]
    left = [torch.randn(m, k, device=device) for m, k, _ in shapes]
    right = [torch.randn(k, n, device=device) for _, k, n in shapes]
    out = [torch.empty(m, n, device=device) for m, _, n in shapes]
    pack, linear = torch.ops.mkldnn._reorder_linear_weight, torch.ops.mkldnn._linear_pointwise
    on_cpu = [(a.cpu(), b.t().contiguous().cpu()) for a, b in zip(left, right, strict=True)]
    packed = [(a, pack(b, len(a))) for a, b in on_cpu]

    def mm() -> None:
        for _ in range(CALLS):
            for a, b, c in zip(left, right, out, strict=True):
                torch.mm(a, b, out=c)
        if device != "cpu":
            torch.cuda.synchronize(device)

    def tf32() -> None:
        torch.backends.cuda.matmul.allow_tf32 = True
        mm()
        torch.backends.cuda.matmul.allow_tf32 = False

    def onednn() -> None:
        for _ in range(CALLS):
            for a, b in packed:
                linear(a, b, None, "none", [], "")

    with torch.inference_mode():
        serve({"mm": mm, "onednn": onednn, "tf32": tf32})


if __name__ == "__main__":
    main()
