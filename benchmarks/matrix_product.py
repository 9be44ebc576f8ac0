"""The machine's matrix-product rate: one float32 product of 2048 x 2048. Argument: threads."""

import sys

import torch
from worker import serve

SIZE = 2048

if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    matrix = torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    serve(lambda: matrix @ matrix)
