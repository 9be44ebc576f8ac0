"""TRPO of ours: `serve THREADS AGENT`, `split THREADS AGENT` or `learn SEED ITERATIONS LAMBDA`.

`split` tells how an iteration's time divides, in percent. `learn` is the swimmer's.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import torch
from worker import serve

from mbmf.agents import get_agent
from mbmf.base.random_streams import Purpose, torch_stream
from mbmf.method import trpo
from mbmf.method.advantages import LinearBaseline
from mbmf.method.policy import observed_elements
from mbmf.method.trpo import TrpoProgress
from mbmf.steps.policy_files import new_policy
from mbmf.workflow.configuration import load_configuration

CONFIG = Path(__file__).parents[1] / "config"


class Learner:
    """One run at the paper-scale settings of Mf, λ apart."""

    def __init__(
        self, seed: int, threads: int, agent: str = "swimmer", gae_lambda: float = 1.0
    ) -> None:
        torch.set_num_threads(threads)
        own = load_configuration([CONFIG / "agents.yaml", CONFIG / "config.yaml"]).agents[agent]
        self.settings = own.model_free.model_copy(update={"gae_lambda": gae_lambda})
        self.seed = seed
        spec = get_agent(agent)
        self.elements = observed_elements(spec, own.policy)
        generator = torch_stream(seed, Purpose.POLICY)
        policy = new_policy(spec, own.policy, self.settings.initial_std, generator)
        self.progress = TrpoProgress(policy, LinearBaseline(), [])
        self.env = trpo.make_env(spec, self.settings, threads)

    def iterate(self) -> dict[str, float]:
        """One iteration: the steps learned from before it and its return."""
        trpo.iterate(self.progress, self.env, self.elements, self.settings, self.seed)
        row = self.progress.curve[-1]
        return {"env_steps": row["env_steps"], "return": row["return"]}


def split(learner: Learner, iterations: int = 3) -> dict[str, float]:
    """Percent of the time that physics, the rest of sampling, and the update take."""
    seconds: Counter[str] = Counter()

    def timed(owner: object, name: str, part: str) -> None:
        original: Callable[..., object] = getattr(owner, name)

        def wrapper(*arguments: object) -> object:
            started = time.perf_counter()
            try:
                return original(*arguments)
            finally:
                seconds[part] += time.perf_counter() - started

        setattr(owner, name, wrapper)

    learner.iterate()
    timed(learner.env.bodies, "_simulate", "physics")
    timed(trpo, "sample", "sampling")
    timed(trpo, "update", "policy update")
    started = time.perf_counter()
    for _ in range(iterations):
        learner.iterate()
    total = time.perf_counter() - started
    sampling = seconds.pop("sampling")
    seconds["policy, observation and reward"] = sampling - seconds["physics"]
    seconds["advantages and baseline"] = total - sampling - seconds["policy update"]
    return {part: round(100 * value / total) for part, value in seconds.items()}


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(Learner(0, int(sys.argv[2]), sys.argv[3]).iterate)
    elif sys.argv[1] == "split":
        print(json.dumps(split(Learner(0, int(sys.argv[2]), sys.argv[3]))))
    else:
        learner = Learner(int(sys.argv[2]), 1, gae_lambda=float(sys.argv[4]))
        for _ in range(int(sys.argv[3])):
            print(json.dumps(learner.iterate()), flush=True)
