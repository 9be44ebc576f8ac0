"""Our CEM and PETS in Algorithm 1, on the swimmer. Arguments: settings of the run as JSON, seed.

Prints a row of JSON for each iteration, with the seconds of an action's plan.
"""

import json
import sys
import time
from typing import Any

import torch

from mbmf.agents import get_agent
from mbmf.method import algorithm_1, random_data
from mbmf.method.algorithm_1 import ModelBasedSettings
from mbmf.method.planners.base import BasePlanner


def main() -> None:
    """One run."""
    torch.set_num_threads(1)
    spec = get_agent("swimmer")
    settings, seed = ModelBasedSettings.model_validate_json(sys.argv[1]), int(sys.argv[2])
    original = BasePlanner.plan
    taken: list[tuple[float, int]] = []

    def plan(self: BasePlanner, states: Any, generator: torch.Generator) -> Any:
        started = time.perf_counter()
        found = original(self, states, generator)
        taken.append((time.perf_counter() - started, len(states)))
        return found

    BasePlanner.plan = plan  # type: ignore[method-assign]
    data = random_data.generate(spec, settings.random_data, seed)
    progress = algorithm_1.start(spec, settings, data, seed, "cpu")
    while progress.iteration < settings.aggregation.iterations:
        taken.clear()
        algorithm_1.iterate(progress, spec, settings, data, seed)
        row = {key: progress.curve[-1][key] for key in ("iteration", "env_steps", "return")}
        seconds, actions = map(sum, zip(*taken, strict=True))
        print(json.dumps(row | {"seconds": seconds / actions}), flush=True)


if __name__ == "__main__":
    main()
