"""A GPU: plans for one body and for ten, and a whole run of Algorithm 1."""

import json
import sys
from collections.abc import Callable

import torch
from peers import HERE
from products import CALLS
from rows import Row, Turns, row, single, take_turns
from rows_algorithm import run
from worker import Contender

from mbmf.method.predicted_returns import GPU_CHUNK_ROWS

LAYERS = [500, 500]
SAMPLES, HORIZON = 5000, 20
TURNS = 15
DEVICE = "cuda"


def gpu_rows() -> list[Row]:
    """None where there is no GPU."""
    if not torch.cuda.is_available():
        return []
    return [*_planning_rows(), _algorithm_row()]


def _planning_rows() -> list[Row]:
    layers, sizes = json.dumps(LAYERS), json.dumps([18, *LAYERS, 16])
    products = ["forward", sizes, str(GPU_CHUNK_ROWS), "1", DEVICE]
    with (
        Contender(sys.executable, HERE / "planning_ours.py", layers, "1", DEVICE) as ours,
        Contender(sys.executable, HERE / "products.py", *products) as limit,
    ):
        one, ten = (f"swimmer {SAMPLES} {HORIZON} {bodies}" for bodies in (1, 10))
        passes = 10 * SAMPLES * HORIZON / GPU_CHUNK_ROWS
        # No limit for one body: its products may take no longer than their launch.
        times_of_one = take_turns({"ours": lambda: ours.seconds(one)}, TURNS)
        times_of_ten = take_turns(
            {
                "ours": lambda: ours.seconds(ten),
                "limit": lambda: passes * limit.seconds("tf32") / CALLS,
            },
            TURNS,
        )
    return [
        _planning_row(1, times_of_one, "at most 1 ms", lambda made: made["ours"] <= 1),
        _planning_row(
            10, times_of_ten, "half of the limit", lambda made: made["share_of_limit"] >= 0.5
        ),
    ]


def _planning_row(bodies: int, times: Turns, goal: str, met: Callable[[Row], bool]) -> Row:
    return row(
        f"planning, {SAMPLES} x {HORIZON}, 2 x 500, bodies: {bodies}, GPU",
        "ms",
        times,
        lambda seconds: 1e3 * seconds,
        goal=goal,
        met=met,
        counted=f"plans by {torch.cuda.get_device_name()} in float32, states there and actions "
        "back included",
        limit_name="its matrix products alone, in TF32",
    )


def _algorithm_row() -> Row:
    total, percent = run("swimmer", "", 0, DEVICE)
    return single(
        "Algorithm 1, swimmer, a whole run at paper scale, GPU",
        "s",
        total,
        "at most 30 s",
        total <= 30,
        counted=f"from D_RAND, start-up of the process not included; models and plans on "
        f"{torch.cuda.get_device_name()}, the simulator on one thread",
        percent=percent,
    )
