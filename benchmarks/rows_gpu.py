"""A GPU: plans for one body and for ten, and a whole run of Algorithm 1."""

import json
import sys

import torch
from peers import HERE
from products import CALLS
from rows import Row, row, single, take_turns
from rows_algorithm import run
from worker import Contender

from mbmf.planning import GPU_CHUNK_ROWS

LAYERS = [500, 500]
SAMPLES, HORIZON = 5000, 20
DEVICE = "cuda"


def gpu_rows() -> list[Row]:
    """None where there is no GPU."""
    if not torch.cuda.is_available():
        return []
    return [*_planning_rows(), _algorithm_row()]


def _planning_rows() -> list[Row]:
    goals = {
        1: ("at most 1 ms", lambda made: made["ours"] <= 1),
        10: ("half of the limit", lambda made: made["share_of_limit"] >= 0.5),
    }
    found = []
    for bodies, (goal, met) in goals.items():
        rows = min(bodies * SAMPLES, GPU_CHUNK_ROWS)
        passes = bodies * SAMPLES * HORIZON / rows
        sizes = json.dumps([18, *LAYERS, 16])
        with (
            Contender(
                sys.executable, HERE / "planning_ours.py", json.dumps(LAYERS), "1", DEVICE
            ) as ours,
            Contender(
                sys.executable, HERE / "products.py", "forward", sizes, str(rows), "1", DEVICE
            ) as limit,
        ):
            task = f"swimmer {SAMPLES} {HORIZON} {bodies}"
            calls = {
                "ours": lambda ours=ours, task=task: ours.seconds(task),
                "limit": lambda limit=limit, n=passes: n * limit.seconds("tf32") / CALLS,
            }
            if bodies == 1:
                # So few rows take no longer than the launch of their product.
                del calls["limit"]
            found.append(
                row(
                    f"planning, {SAMPLES} x {HORIZON}, 2 x 500, bodies: {bodies}, GPU",
                    "ms",
                    take_turns(calls, 15),
                    lambda seconds: 1e3 * seconds,
                    goal=goal,
                    met=met,
                    counted=f"plans by {torch.cuda.get_device_name()} in float32, states there "
                    "and actions back included",
                    limit_name="its matrix products alone, in TF32",
                )
            )
    return found


def _algorithm_row() -> Row:
    total, percent = run("", 0, DEVICE)
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
