"""Planning calls: the grid of shapes, and ten bodies at once."""

import itertools
import json
import sys
from contextlib import ExitStack

from peers import HERE, peer_python
from products import best_seconds
from rows import Row, row, take_turns
from worker import Contender

from mbmf.method.predicted_returns import CHUNK_ROWS

LAYERS = ([500], [500, 500])
SAMPLES = (1000, 5000, 15000)
HORIZONS = (5, 20, 40)
# mbrl-lib takes seconds a call with two layers: there one shape stands for all.
PEER_SHAPES_2X500 = [(5000, 20)]
LIMIT_NAME = (
    "its matrix products alone in float32, on the rows of a pass into given memory, by the faster "
    "of torch.mm and oneDNN; screening can be faster"
)
# Time of a plan over that of one in float32 throughout, for one thread.
SHARES_OF_FLOAT32 = {1: 0.6, 2: 0.5}
SCREENED_SHAPE = (5000, 20)


def planning_row(samples: int, horizon: int, layers: int, threads: int = 1) -> str:
    """Name of a row, for a network of so many layers of 500."""
    number = f"{threads} thread{'s' * (threads > 1)}"
    return f"planning, {samples} x {horizon}, {layers} x 500, {number}"


def planning_rows() -> list[Row]:
    """Every K, H, network and number of threads, for the swimmer."""
    found = []
    for layers, threads in itertools.product(LAYERS, (1, 2)):
        arguments = [json.dumps(layers), str(threads)]
        sizes = json.dumps([18, *layers, 16])
        with ExitStack() as stack:
            ours = stack.enter_context(
                Contender(sys.executable, HERE / "planning_ours.py", *arguments)
            )
            peer = stack.enter_context(
                Contender(peer_python("mbrl"), HERE / "planning_mbrl.py", *arguments)
            )
            products = [HERE / "products.py", "forward", sizes, str(CHUNK_ROWS), str(threads)]
            limit = stack.enter_context(Contender(sys.executable, *products))
            for samples, horizon in itertools.product(SAMPLES, HORIZONS):
                found.append(_planning_row(samples, horizon, layers, threads, ours, peer, limit))
    return found


def _planning_row(
    samples: int,
    horizon: int,
    layers: list[int],
    threads: int,
    ours: Contender,
    peer: Contender,
    limit: Contender,
) -> Row:
    task = f"swimmer {samples} {horizon} 1"
    passes = samples * horizon / CHUNK_ROWS
    calls = {
        "ours": lambda: ours.seconds(task),
        "peer": lambda: peer.seconds(task),
        "limit": lambda: passes * best_seconds(limit),
    }
    if len(layers) > 1 and (samples, horizon) not in PEER_SHAPES_2X500:
        del calls["peer"]
    # The shape of the swimmer's paper settings is the one that most runs spend their time in.
    turns = 15 if (samples, horizon, len(layers)) == (5000, 20, 1) else 5
    if (samples, horizon, layers, threads) == (5000, 20, [500], 2):
        goal, met = "at most 22 ms", lambda made: made["ours"] <= 22
    elif len(layers) > 1:
        goal, met = "80 % of the limit", lambda made: made["share_of_limit"] >= 0.8
    elif threads == 1:
        goal, met = "10 x the peer", lambda made: made["times_faster"] >= 10
    else:
        goal, met = "half of the limit", lambda made: made["share_of_limit"] >= 0.5
    return row(
        planning_row(samples, horizon, len(layers), threads),
        "ms",
        take_turns(calls, turns),
        lambda seconds: 1e3 * seconds,
        goal=goal,
        met=met,
        counted="one plan for the swimmer, random numbers and rewards included",
        peer_name="mbrl-lib 0.2.0, ModelEnv.evaluate_action_sequences, sequences given",
        limit_name=LIMIT_NAME,
    )


def screening_rows() -> list[Row]:
    """What screening saves, for the swimmer's paper settings on one thread."""
    found = []
    for layers in LAYERS:
        share = SHARES_OF_FLOAT32[len(layers)]
        task = f"swimmer {SCREENED_SHAPE[0]} {SCREENED_SHAPE[1]} 1"
        with Contender(sys.executable, HERE / "planning_ours.py", json.dumps(layers), "1") as ours:
            times = take_turns(
                {
                    "ours": lambda task=task, ours=ours: ours.seconds(task),
                    "peer": lambda task=task, ours=ours: ours.seconds(f"{task} float32"),
                },
                15,
            )
        found.append(
            row(
                f"planning, screened, {' x '.join(map(str, SCREENED_SHAPE))}, "
                f"{len(layers)} x {layers[0]}, 1 thread",
                "ms",
                times,
                lambda seconds: 1e3 * seconds,
                goal=f"at most {share} of the time in float32",
                met=lambda made, share=share: made["times_faster"] >= 1 / share,
                counted="one plan for the swimmer, the same action either way",
                peer_name="ours, all sequences in float32",
            )
        )
    return found


def bodies_rows() -> list[Row]:
    """The half-cheetah's paper settings: ten bodies in one call, and one after another."""
    found = []
    for threads in (1, 2):
        arguments = [json.dumps([500]), str(threads)]
        products = [
            HERE / "products.py", "forward", json.dumps([30, 500, 24]), "2000", str(threads)
        ]  # fmt: skip
        with (
            Contender(sys.executable, HERE / "planning_ours.py", *arguments) as ours,
            Contender(sys.executable, *products) as limit,
        ):
            task = "half_cheetah 1000 20 10"
            times = take_turns(
                {
                    "ours": lambda task=task, ours=ours: ours.seconds(task),
                    "peer": lambda task=task, ours=ours: ours.seconds(f"{task} alone"),
                    "limit": lambda limit=limit: 10 * 1000 * 20 / 2000 * best_seconds(limit),
                },
                9,
            )
        found.append(
            row(
                f"planning for ten bodies, 1000 x 20, {threads} thread{'s' * (threads > 1)}",
                "ms",
                times,
                lambda seconds: 1e3 * seconds,
                goal="half of the limit",
                met=lambda made: made["share_of_limit"] >= 0.5,
                counted="plans for ten half-cheetahs",
                peer_name="ours, ten calls for one body each",
                limit_name=LIMIT_NAME,
            )
        )
    return found
