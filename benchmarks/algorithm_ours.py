"""Where a run of Algorithm 1 spends its time. Arguments: agent, overlay, iterations, device.

The overlay is "" or "quick". One thread, from D_RAND on; prints seconds of each part as JSON.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import torch

from mbmf.agents import get_agent
from mbmf.agents.bodies import Bodies
from mbmf.method import algorithm_1, random_data
from mbmf.method.planners.base import BasePlanner
from mbmf.workflow.configuration import load_configuration

CONFIG = Path(__file__).parents[1] / "config"
SEED = 0


def timed(owner: object, name: str, part: str, seconds: Counter[str]) -> None:
    """Count the time within a function under a part's name."""
    original: Callable[..., object] = getattr(owner, name)

    def wrapper(*arguments: object, **named: object) -> object:
        started = time.perf_counter()
        try:
            return original(*arguments, **named)
        finally:
            seconds[part] += time.perf_counter() - started

    setattr(owner, name, wrapper)


def main() -> None:
    """One run, or as many iterations as are asked for."""
    torch.set_num_threads(1)
    agent, overlay, iterations = sys.argv[1], sys.argv[2], int(sys.argv[3])
    device = sys.argv[4] if len(sys.argv) > 4 else "cpu"
    layers = ["agents", "config", *([overlay] if overlay else [])]
    own = load_configuration([CONFIG / f"{name}.yaml" for name in layers]).agents[agent]
    spec, settings = get_agent(agent), own.model_based
    seconds: Counter[str] = Counter()
    # A GPU's libraries are loaded at the first product.
    torch.ones(1, 1, device=device).mm(torch.ones(1, 1, device=device)).item()
    started = time.perf_counter()
    timed(random_data, "generate", "random data", seconds)
    data = random_data.generate(spec, settings.random_data, SEED)
    timed(BasePlanner, "plan", "planning", seconds)
    timed(Bodies, "step", "physics", seconds)
    timed(algorithm_1, "train", "training", seconds)
    timed(algorithm_1, "_validation", "validation", seconds)
    progress = algorithm_1.start(spec, settings, data, SEED, device)
    for _ in range(iterations or settings.aggregation.iterations):
        algorithm_1.iterate(progress, spec, settings, data, SEED)
    print(json.dumps(seconds | {"total": time.perf_counter() - started}))


if __name__ == "__main__":
    main()
