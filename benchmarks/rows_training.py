"""Training of the dynamics model, per gradient step."""

import json
import sys

from peers import HERE, peer_python
from products import best_seconds
from rows import Row, row, take_turns
from worker import Contender

TRANSITIONS, BATCH_SIZE = 16_384, 512


def training_rows() -> list[Row]:
    """The swimmer's paper settings, with one thread, as a run has, and with two."""
    found = []
    for threads in (1, 2):
        arguments = [str(TRANSITIONS), str(threads)]
        sizes = json.dumps([18, 500, 16])
        products = [HERE / "products.py", "training", sizes, str(BATCH_SIZE), str(threads)]
        steps = TRANSITIONS // BATCH_SIZE
        with (
            Contender(sys.executable, HERE / "training_ours.py", *arguments) as ours,
            Contender(peer_python("mbrl"), HERE / "training_mbrl.py", *arguments) as peer,
            Contender(sys.executable, *products) as limit,
        ):
            times = take_turns(
                {
                    "ours": ours.seconds,
                    "peer": peer.seconds,
                    "limit": lambda limit=limit, steps=steps: steps * best_seconds(limit),
                },
                25,
            )
        found.append(
            row(
                f"dynamics training, batch 512, 1 x 500, {threads} thread{'s' * (threads > 1)}",
                "ms/step",
                times,
                lambda seconds, steps=steps: 1e3 * seconds / steps,
                goal="faster than the peer",
                met=lambda made: made["times_faster"] > 1,
                counted="a gradient step of an epoch of 32: drawing the batch, gradient, Adam",
                peer_name="mbrl-lib 0.2.0, ModelTrainer without evaluation",
                limit_name="the matrix products of network and "
                "gradient alone, by the faster of torch.mm and oneDNN",
            )
        )
    return found
