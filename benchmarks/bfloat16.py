"""Whether planning in bfloat16 would pay: its speed, and the returns of whole runs with it.

Arguments: `speed`, or `returns SEEDS` for runs of Algorithm 1 on the swimmer at quick scale,
each seed with float32 and bfloat16. Not a choice of the configuration; docs/performance.md says
what came out.
"""

import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mbmf.agents import get_agent
from mbmf.method import algorithm_1, random_data
from mbmf.method.fast.fused_layers import FusedLayers
from mbmf.method.fast.malloc import keep_freed_memory
from mbmf.method.models import mlp
from mbmf.method.predicted_returns import CHUNK_ROWS
from mbmf.workflow.configuration import load_configuration

CONFIG = Path(__file__).parents[1] / "config"
SWIMMER = get_agent("swimmer")


class BfloatLayers(FusedLayers):
    """The fused layers with products in bfloat16, the state kept and changed in float32."""

    def __init__(self, weights: Sequence[Tensor], biases: Sequence[Tensor], rows: int) -> None:
        halved = ([part.bfloat16() for part in parts] for parts in (weights, biases))
        super().__init__(*halved, rows)

    def __call__(self, inputs: Tensor) -> Tensor:
        """Change of state, float32."""
        return super().__call__(inputs.bfloat16()).float()


LAYERS = {"float32": FusedLayers, "bfloat16": BfloatLayers}


def speed(turns: int = 200) -> None:
    """Milliseconds of the networks on 100,000 rows, in turn: lowest and median."""
    torch.set_num_threads(1)
    keep_freed_memory()
    for layers in ([500], [500, 500]):
        model = mlp.Model(16, 2, layers)
        networks = {}
        for name, kind in LAYERS.items():
            mlp.FusedLayers = kind  # type: ignore[misc]
            networks[name] = model.for_planning(CHUNK_ROWS)
        inputs = torch.randn(CHUNK_ROWS, 18)
        times: dict[str, list[float]] = {name: [] for name in networks}
        with torch.inference_mode():
            for _ in range(turns):
                for name, network in networks.items():
                    started = time.perf_counter()
                    network(inputs)
                    times[name].append(1e3 * (time.perf_counter() - started) * 1e5 / CHUNK_ROWS)
        for name, values in times.items():
            print(layers, name, f"{min(values):.1f} {statistics.median(values):.1f} ms")


def final_returns(seed: int, fused: type[FusedLayers]) -> list[float]:
    """Return of each iteration of a run."""
    mlp.FusedLayers = fused  # type: ignore[misc]
    layers = [CONFIG / f"{name}.yaml" for name in ("agents", "config", "quick")]
    settings = load_configuration(layers).agents["swimmer"].model_based
    data = random_data.generate(SWIMMER, settings.random_data, seed)
    progress = algorithm_1.start(SWIMMER, settings, data, seed)
    for _ in range(settings.aggregation.iterations):
        algorithm_1.iterate(progress, SWIMMER, settings, data, seed)
    return [row["return"] for row in progress.curve]


def returns(seeds: int) -> None:
    """Paired differences of the last iteration's return, with their standard error."""
    torch.set_num_threads(1)
    differences = []
    for seed in range(seeds):
        pair = [final_returns(seed, fused) for fused in LAYERS.values()]
        differences.append(pair[1][-1] - pair[0][-1])
        print(seed, *(np.round(values, 1).tolist() for values in pair), flush=True)
    error = statistics.stdev(differences) / len(differences) ** 0.5
    print(f"bfloat16 - float32: {statistics.mean(differences):.2f} +- {error:.2f}")


if __name__ == "__main__":
    speed() if sys.argv[1] == "speed" else returns(int(sys.argv[2]))
